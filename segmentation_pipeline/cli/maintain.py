"""`segmentation maintain`: old records archived, small files joined, unread ones deleted."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Annotated

import typer

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

KEEP_DAYS = 30
COLUMNS = ("action", "table", "files", "rows")


def maintain(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what there is to do.")] = False,
    keep_days: Annotated[
        int, typer.Option(min=1, metavar="DAYS", help="How long old versions of tables stay readable.")
    ] = KEEP_DAYS,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Archive old import records, join small files, and delete files that nothing reads any more."""
    from segmentation_pipeline.catalog.reading import load_catalog
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.lake.lock import lake_lock
    from segmentation_pipeline.maintenance.upkeep import Upkeep

    opened = open_project(project, workspace)
    store = store_of(opened)
    catalog = load_catalog(opened.catalog_file, opened.file_name(opened.catalog_file))
    upkeep = Upkeep(store, catalog, now(), opened.retention, dt.timedelta(days=keep_days))
    if dry_run:
        tasks = upkeep.plan()
    else:
        with lake_lock(store.root.folder, "maintenance", WAIT_SECONDS):
            tasks = list(upkeep.maintain())
    if as_json:
        print_json([asdict(task) for task in tasks])
        return
    if tasks:
        print_table([asdict(task) for task in tasks], COLUMNS)
    said = "to do" if dry_run else "done"
    say(f"{len(tasks)} tasks {said}" if tasks else "nothing to do")
