"""Jobs and their schedules. All schedules start switched off: one click in the UI turns one on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import dagster as dg

from segmentation_pipeline.components.conflict_assets import GROUP as CONFLICTS
from segmentation_pipeline.components.index_tables import GROUP as FEATURES
from segmentation_pipeline.components.lake import POOL, LakeResource, told_plainly
from segmentation_pipeline.components.segment_specs import GROUP as SEGMENTS
from segmentation_pipeline.components.source_tables import GROUP as INGESTION
from segmentation_pipeline.errors import SegmentationError
from segmentation_pipeline.ingest.records import IMPORT_JOBS, IMPORT_RECORDS
from segmentation_pipeline.lake.maintenance import compact
from segmentation_pipeline.segments.tables import DEFINITION_VERSIONS, MEMBERS, MEMBERSHIPS, TRANSITIONS
from segmentation_pipeline.workspace import find_workspace

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation_pipeline.components.blueprint import Blueprint
    from segmentation_pipeline.workspace import Workspace

RECALCULATE = "recalculate_segments"
NIGHTLY = "nightly"
MAINTENANCE = "weekly_maintenance"
CRONS = {RECALCULATE: "*/30 * * * *", NIGHTLY: "0 2 * * *", MAINTENANCE: "0 4 * * 0"}
# Tables that grow by small files; those that are rewritten whole need no compaction.
_GROWING = (MEMBERSHIPS, MEMBERS, TRANSITIONS, DEFINITION_VERSIONS, IMPORT_JOBS, IMPORT_RECORDS)


def build_automation(blueprint: Blueprint, project: Path, workspace_id: str | None) -> dg.Definitions:
    """Return the jobs, and a schedule each in the workspace's time zone."""
    workspace = blueprint.workspace
    groups = dg.AssetSelection.groups
    external = [table for table in blueprint.tables if table not in blueprint.fed]
    # Checks of external tables are in no group's selection.
    contracts = dg.AssetSelection.checks_for_assets(*external) if external else groups(INGESTION)
    jobs = [
        dg.define_asset_job(
            RECALCULATE,
            groups(FEATURES, SEGMENTS),
            description="Evaluate all segments on what has been imported, and publish.",
            tags=_tags(workspace),
        ),
        dg.define_asset_job(
            NIGHTLY,
            groups(INGESTION, FEATURES, SEGMENTS, CONFLICTS) | contracts,
            description="Import every source, check the contracts, evaluate all segments, publish, and look "
            "for conflicts.",
            tags=_tags(workspace),
        ),
        _maintenance(),
    ]
    schedules = [_schedule(job, workspace.time_zone, project, workspace_id) for job in jobs]
    return dg.Definitions(jobs=jobs, schedules=schedules)


def _schedule(job: Any, zone: str, project: Path, workspace_id: str | None) -> dg.ScheduleDefinition:
    @dg.schedule(
        job=job,
        name=f"{job.name}_schedule",
        cron_schedule=CRONS[job.name],
        execution_timezone=zone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
    )
    def tick() -> dg.RunRequest | dg.SkipReason:
        try:
            refusal = find_workspace(project, workspace_id, env=os.environ).refusal
        except SegmentationError as error:
            refusal = str(error)
        return dg.RunRequest() if refusal is None else dg.SkipReason(refusal)

    return tick


def _maintenance() -> dg.JobDefinition:
    @dg.op(pool=POOL, description="Joins the small files of tables that grow by a few rows at a time.")
    def compact_tables(lake: LakeResource) -> None:
        context = dg.OpExecutionContext.get()
        with told_plainly():
            workspace, store = lake.open()
            with lake.lock(workspace, "compaction"):
                for table in _GROWING:
                    if store.exists(table.name):
                        context.log.info("%s: version %s", table.name, compact(store, table.name))

    @dg.job(name=MAINTENANCE, description="Compact the tables of the lake that grow by small files.")
    def weekly_maintenance() -> None:
        compact_tables()

    return weekly_maintenance


def _tags(workspace: Workspace) -> dict[str, str]:
    """Return the limit of a run, where the workspace sets one; Dagster ends a run that takes longer."""
    if workspace.run_timeout is None:
        return {}
    return {"dagster/max_runtime": str(int(workspace.run_timeout.total_seconds()))}
