"""`segmentation status`: how fresh every table and every segment is."""

from __future__ import annotations

from typing import Any

from segmentation_pipeline.cli.import_jobs import last_imports, print_imports, recent_imports
from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_json, print_table, say

TABLES = ("table", "rows", "version", "last_import", "import_status")
SOURCES = ("source", "read_up_to")
SEGMENTS = ("segment", "status", "size", "last_evaluated_at", "cause")
QUEUE = ("provider", "status", "outcome", "contacts", "oldest")
DELIVERIES = ("webhook", "status", "deliveries", "next_attempt", "last_error")


def status(
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Show when tables were last imported and segments last evaluated, and up to where analytics go."""
    import polars as pl

    from segmentation_pipeline.analytics.stale import covered_days
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.enrichment.queue import counts
    from segmentation_pipeline.erasure.pending import read_pending
    from segmentation_pipeline.ingest.origins.origin import source_watermarks
    from segmentation_pipeline.notifications.outbox import Outbox
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.registry import read_registry

    opened = open_project(project, workspace)
    store = store_of(opened)
    snapshot = store.snapshot(read_definitions(opened).catalog.table_names())
    imports, recent = last_imports(store), recent_imports(store)
    tables = [
        {
            "table": name,
            "rows": snapshot.scan(name).select(pl.len()).collect().item(),
            "version": version,
            **imports.get(name, {"last_import": None, "import_status": None}),
        }
        for name, version in snapshot.versions.items()
    ]
    sources = [{"source": name, "read_up_to": mark} for name, mark in source_watermarks(store).items()]
    registry = read_registry(store)
    segments = [
        {column: found["segment_id" if column == "segment" else column] for column in SEGMENTS}
        for found in registry
    ]
    covered = covered_days(store)
    unfinished = read_pending(store)
    queued, deliveries = counts(store), Outbox(store, 0).counts()
    if as_json:
        erasure = None if unfinished is None else unfinished.erasure_id
        found: dict[str, Any] = {
            "tables": tables,
            "imports": recent,
            "segments": segments,
            "unfinished_erasure": erasure,
        }
        days = None if covered is None else dict(zip(("first", "last"), map(str, covered), strict=True))
        found |= {"sources": sources, "enrichment": queued, "webhooks": deliveries, "analytics": days}
        print_json(found)
        return
    if unfinished is not None:
        said = f"unfinished erasure {unfinished.erasure_id}, begun {unfinished.started_at}"
        say(f"[yellow]{said}[/]: `segmentation forget` finishes it\n")
    say("[bold]tables[/]" if tables else "nothing has been imported yet: segmentation import TABLE FILE")
    if tables:
        print_table(tables, TABLES)
    print_imports(recent)
    if sources:
        say("\n[bold]sources[/]")
        print_table(sources, SOURCES)
    say("\n[bold]segments[/]" if segments else "\nno run yet: segmentation run")
    if segments:
        print_table(segments, SEGMENTS)
    if covered is not None:
        say(f"\n[bold]analytics[/] of {covered[0]} to {covered[1]}")
    elif segments:
        say("\nno analytics yet: segmentation analytics")
    if queued:
        say("\n[bold]enrichment[/]")
        print_table(queued, QUEUE)
    if deliveries:
        say("\n[bold]webhooks[/]")
        print_table(deliveries, DELIVERIES)
