"""`segmentation import`: files into a table of the catalog."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from segmentation_pipeline.cli.options import (
    HERE,
    WAIT_SECONDS,
    AsJson,
    Debug,
    Project,
    WorkspaceId,
    now,
    open_project,
)
from segmentation_pipeline.cli.output import print_json, print_table, progress_bar, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.ingest.tally import ImportJob
    from segmentation_pipeline.workspace import Workspace

KEYS = ("job", "table", "status", "read", "landed", "unchanged", "rejected", "orphaned", "batches", "seconds")
NOTHING_LANDED = 3


def import_files(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The table of the catalog.")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE…", help="Parquet, JSON lines or CSV; default: the table's sources."),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Which source column becomes which field.")
    ] = None,
    batch_rows: Annotated[int | None, typer.Option(min=1, help="Rows a batch, each one commit.")] = None,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Import files: validate, load in batches, and record what was rejected and why."""
    opened = open_project(project, workspace)
    jobs = (
        list(import_sources(opened, table))
        if not files
        else [_import(opened, table, files, mapping, batch_rows)]
    )
    index_imported(opened)
    if as_json:
        rows = [row(job) for job in jobs]
        print_json(rows[0] if files else rows)
    else:
        print_jobs(jobs)
    if any(job.status == "failed" for job in jobs):
        raise typer.Exit(NOTHING_LANDED)


def import_sources(workspace: Workspace, table: str | None = None) -> Iterator[ImportJob]:
    """Import the sources of ``sources.yaml``, those of one table or all, and yield each job as it ends."""
    from segmentation_pipeline.catalog.reading import load_catalog
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.errors import UsageError
    from segmentation_pipeline.ingest.sources import import_source, load_sources

    catalog = load_catalog(workspace.catalog_file, workspace.file_name(workspace.catalog_file))
    sources = load_sources(workspace.sources_file, catalog, workspace.file_name(workspace.sources_file))
    chosen = [source for source in sources.values() if table in (None, source.table)]
    if not chosen:
        asked = f"table `{table}`" if table else "this project"
        raise UsageError(
            f"{asked} has no source", where=str(workspace.sources_file), hint="name a file to import"
        )
    for source in chosen:
        with progress_bar() as progress:
            yield import_source(
                store_of(workspace),
                catalog,
                source,
                project=workspace.project,
                definitions=workspace.definitions,
                time_zone=workspace.time_zone,
                now=now,
                wait_seconds=WAIT_SECONDS,
                progress=_moving(progress, source.name),
            )


def index_imported(workspace: Workspace) -> None:
    """Bring the index up to date with what was imported, so that the next run finds it so.

    What a kill leaves undone here, the run does itself; what cannot be read, it tells.
    """
    from segmentation_pipeline.catalog.reading import load_catalog
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.index.stored import input_tables, open_index
    from segmentation_pipeline.lake.lock import lake_lock

    store, file = store_of(workspace), workspace.catalog_file
    catalog = load_catalog(file, workspace.file_name(file))
    with lake_lock(Path(store.root.text), "index of what was imported", WAIT_SECONDS):
        open_index(store, catalog, store.snapshot(input_tables(catalog)))


def row(job: ImportJob) -> dict[str, Any]:
    return {key: getattr(job, key) for key in KEYS}


def print_jobs(jobs: list[ImportJob]) -> None:
    """Print a line a job, then the first rejected rows with their reasons."""
    print_table([row(job) for job in jobs], KEYS)
    for job in jobs:
        if job.unmapped:
            say(f"[dim]{job.job}: not mapped, left out: {escape(', '.join(job.unmapped))}[/]")
        for reject in job.rejects[:5]:
            say(f"[yellow]rejected[/] {escape(str(reject))}")
        if job.rejected > 5:
            say(f"[dim]… {job.rejected - 5} more: table import_records, job {job.job}[/]")


def _import(
    workspace: Workspace, table: str, files: list[Path], mapping: Path | None, batch_rows: int | None
) -> ImportJob:
    from segmentation_pipeline.catalog.reading import load_catalog
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.ingest.job import import_files as load
    from segmentation_pipeline.ingest.mapping_file import load_mapping

    catalog = load_catalog(workspace.catalog_file, workspace.file_name(workspace.catalog_file))
    declared = load_mapping(mapping, catalog) if mapping is not None else None
    with progress_bar() as progress:
        return load(
            store_of(workspace),
            catalog,
            table,
            files,
            declared,
            time_zone=workspace.time_zone,
            now=now,
            batch_rows=batch_rows,
            wait_seconds=WAIT_SECONDS,
            progress=_moving(progress, table),
        )


def _moving(progress: Any, name: str) -> Any:
    """Turn the import's progress (rows, share of the files) into that of a bar."""
    if progress is None:
        return None

    def move(rows: int, share: float) -> None:
        progress(f"{name}: {rows:,} rows", int(share * 100), 100)

    return move
