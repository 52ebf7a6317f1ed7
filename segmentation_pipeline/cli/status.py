"""`segmentation status`: how fresh every table and every segment is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from segmentation_pipeline.lake.store import DeltaStore

TABLES = ("table", "rows", "version", "last_import", "import_status")
SEGMENTS = ("segment", "status", "size", "last_evaluated_at", "cause")


def status(
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Show when every table was last imported, and every segment last evaluated."""
    import polars as pl

    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.registry import read_registry

    opened = open_project(project, workspace)
    store = store_of(opened)
    snapshot = store.snapshot(read_definitions(opened).catalog.table_names())
    imports = last_imports(store)
    tables = [
        {
            "table": name,
            "rows": snapshot.scan(name).select(pl.len()).collect().item(),
            "version": version,
            **imports.get(name, {"last_import": None, "import_status": None}),
        }
        for name, version in snapshot.versions.items()
    ]
    registry = read_registry(store)
    segments = [
        {column: found["segment_id" if column == "segment" else column] for column in SEGMENTS}
        for found in registry
    ]
    if as_json:
        print_json({"tables": tables, "segments": segments})
        return
    say("[bold]tables[/]" if tables else "nothing has been imported yet: segmentation import TABLE FILE")
    if tables:
        print_table(tables, TABLES)
    say("\n[bold]segments[/]" if segments else "\nno run yet: segmentation run")
    if segments:
        print_table(segments, SEGMENTS)


def last_imports(store: DeltaStore) -> dict[str, dict[str, Any]]:
    """Return, by table, when its last import ended and how."""
    from segmentation_pipeline.ingest.records import IMPORT_JOBS

    if not store.exists(IMPORT_JOBS.name):
        return {}
    jobs = store.scan(IMPORT_JOBS.name).sort("job").group_by("table", maintain_order=True).last().collect()
    return {
        job["table"]: {"last_import": job["finished_at"], "import_status": job["status"]}
        for job in jobs.iter_rows(named=True)
    }
