"""`segmentation import`: files into a table of the catalog."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from segmentation_pipeline.cli.import_progress import import_progress
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
from segmentation_pipeline.cli.output import print_json, print_table, say
from segmentation_pipeline.cli.source_imports import import_inbox, import_sources
from segmentation_pipeline.errors import SegmentationError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.ingest.mapping import SourceMapping
    from segmentation_pipeline.ingest.tally import ImportJob
    from segmentation_pipeline.workspace import Workspace

KEYS = ("job", "table", "status", "read", "landed", "unchanged", "rejected", "orphaned", "batches", "seconds")
NOTHING_LANDED = 3
WOULD_REJECT = 1


def import_files(
    table: Annotated[
        str | None, typer.Argument(metavar="[TABLE]", help="The table of the catalog.", show_default=False)
    ] = None,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE…", help="Parquet, JSON lines or CSV; default: the table's sources."),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Which source column becomes which field.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="NAME", help="One source of sources.yaml instead of a table's.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every source of sources.yaml.")] = False,
    inbox: Annotated[
        bool, typer.Option("--inbox", help="The files of the inbox that are new or changed.")
    ] = False,
    preview: Annotated[
        int | None,
        typer.Option(min=1, metavar="ROWS", help="Write nothing; show the first rows as they would land."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; say how many rows would land or fail, and why.")
    ] = False,
    resume: Annotated[
        str | None, typer.Option(metavar="JOB", help="Go on with an import that was interrupted.")
    ] = None,
    batch_rows: Annotated[int | None, typer.Option(min=1, help="Rows a batch, each one commit.")] = None,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Import files: validate, load in batches, and record what was rejected and why."""
    if [table is not None, source is not None, every, inbox].count(True) != 1:
        raise UsageError(
            "name what to import: a TABLE, --source NAME, --all or --inbox, and only one of them"
        )
    opened = open_project(project, workspace)
    trying = dry_run or preview is not None
    if not files and (trying or resume is not None or mapping is not None):
        raise UsageError("--preview, --dry-run, --resume and --mapping need a FILE", where=table)
    if trying and resume is not None:
        raise UsageError("an import is either tried (--preview, --dry-run) or resumed (--resume)")
    if table is not None and files and trying:
        _try(opened, table, files, mapping, batch_rows, preview, as_json)
        return
    failure: SegmentationError | None = None
    if table is not None and files:
        jobs = [_import(opened, table, files, mapping, batch_rows, resume)]
    else:
        jobs, failure = _gathered(import_inbox(opened) if inbox else import_sources(opened, table, source))
    if jobs:
        index_imported(opened)
    if as_json:
        rows = [row(job) for job in jobs]
        print_json(rows[0] if files else rows)
    elif jobs:
        print_jobs(jobs)
    elif failure is None:
        say("nothing is new in the inbox")
    if failure is not None:
        raise failure
    if any(job.status == "failed" for job in jobs):
        raise typer.Exit(NOTHING_LANDED)


def _gathered(jobs: Iterator[ImportJob]) -> tuple[list[ImportJob], SegmentationError | None]:
    """Return the jobs that ended, and what kept others from it."""
    found: list[ImportJob] = []
    try:
        for job in jobs:
            found.append(job)  # noqa: PERF402 — those before an error count
    except SegmentationError as error:
        return found, error
    return found, None


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
    with lake_lock(store.root.folder, "index of what was imported", WAIT_SECONDS):
        open_index(store, catalog, store.snapshot(input_tables(catalog)))


def row(job: ImportJob) -> dict[str, Any]:
    return {key: getattr(job, key) for key in KEYS}


def print_jobs(jobs: list[ImportJob]) -> None:
    """Print a line a job, then the first rejected rows with their reasons."""
    print_table([row(job) for job in jobs], KEYS)
    for job in jobs:
        if job.attempts > 1:
            say(f"[dim]{job.job} went on where it was interrupted (attempt {job.attempts})[/]")
        if job.unmapped:
            say(f"[dim]{job.job}: not mapped, left out: {escape(', '.join(job.unmapped))}[/]")
        for name, dialect in job.dialects:
            for line in dialect:
                if not line.is_plain():
                    say(f"[dim]{escape(name)}: {escape(str(line))}[/]")
        for note in job.notes:
            say(f"[yellow]{job.job}[/]: {escape(note)}")
        for reject in job.rejects[:5]:
            say(f"[yellow]rejected[/] {escape(str(reject))}")
        if job.rejected > 5:
            say(f"[dim]… {job.rejected - 5} more: table import_records, job {job.job}[/]")


def _import(
    workspace: Workspace,
    table: str,
    files: list[Path],
    mapping: Path | None,
    batch_rows: int | None,
    resume: str | None,
) -> ImportJob:
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.ingest.job import import_files as load

    catalog, declared = _declared(workspace, mapping)
    with import_progress(table) as progress:
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
            progress=progress,
            resume=resume,
        )


def _try(
    workspace: Workspace,
    table: str,
    files: list[Path],
    mapping: Path | None,
    batch_rows: int | None,
    rows: int | None,
    as_json: bool,
) -> None:
    from segmentation_pipeline.cli.import_preview import preview_json, print_preview
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.ingest.jobs.preview import preview_import

    catalog, declared = _declared(workspace, mapping)
    with import_progress(table) as progress:
        found = preview_import(
            store_of(workspace),
            catalog,
            table,
            files,
            declared,
            time_zone=workspace.time_zone,
            now=now,
            rows=rows or 0,
            batch_rows=batch_rows,
            progress=progress,
        )
    if as_json:
        print_json(preview_json(found, rows is not None))
    else:
        print_preview(found, rows is not None)
    if not found.is_accepted:
        raise typer.Exit(WOULD_REJECT)


def _declared(workspace: Workspace, mapping: Path | None) -> tuple[Catalog, SourceMapping | None]:
    from segmentation_pipeline.catalog.reading import load_catalog
    from segmentation_pipeline.ingest.mapping_file import load_mapping

    catalog = load_catalog(workspace.catalog_file, workspace.file_name(workspace.catalog_file))
    return catalog, load_mapping(mapping, catalog) if mapping is not None else None
