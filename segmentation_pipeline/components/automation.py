"""Jobs and their schedules. All schedules start switched off: one click in the UI turns one on."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING, Any

import dagster as dg

from segmentation_pipeline.analytics.days import day_of
from segmentation_pipeline.assignment.tables import TABLES
from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.components.analytics_assets import GROUP as ANALYTICS
from segmentation_pipeline.components.assignment_assets import has_contacts
from segmentation_pipeline.components.conflict_assets import GROUP as CONFLICTS
from segmentation_pipeline.components.index_tables import GROUP as FEATURES
from segmentation_pipeline.components.lake import POOL, LakeResource, told_plainly
from segmentation_pipeline.components.partners import CRONS as PARTNERS
from segmentation_pipeline.components.partners import build_partners, partner_jobs
from segmentation_pipeline.components.segment_specs import GROUP as SEGMENTS
from segmentation_pipeline.components.source_tables import GROUP as INGESTION
from segmentation_pipeline.errors import SegmentationError
from segmentation_pipeline.maintenance.upkeep import Upkeep
from segmentation_pipeline.workspace import find_workspace

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation_pipeline.components.blueprint import Blueprint
    from segmentation_pipeline.workspace import Workspace

RECALCULATE = "recalculate_segments"
NIGHTLY = "nightly"
MAINTENANCE = "weekly_maintenance"
CRONS = {RECALCULATE: "*/30 * * * *", NIGHTLY: "0 2 * * *", MAINTENANCE: "0 4 * * 0"}


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
            groups(FEATURES, SEGMENTS) - dg.AssetSelection.checks_for_assets(*blueprint.derived),
            description="Evaluate all segments on what has been imported, and publish.",
            tags=_tags(workspace),
        ),
        dg.define_asset_job(
            NIGHTLY,
            groups(INGESTION, FEATURES, SEGMENTS, ANALYTICS, CONFLICTS) | contracts | _assignments(blueprint),
            description="Import every source, check the contracts, evaluate all segments, publish, compute "
            "the analytics of the day and of days that changed, look for conflicts, and decide who is "
            "contacted today.",
            tags=_tags(workspace),
        ),
        _maintenance(),
        *partner_jobs(build_partners(blueprint)),
    ]
    schedules = [_schedule(job, workspace.time_zone, project, workspace_id) for job in jobs]
    return dg.Definitions(jobs=jobs, schedules=schedules)


def _assignments(blueprint: Blueprint) -> dg.AssetSelection:
    """Return the night's decisions; a simulation is no part of the night."""
    tables = [table.name for table in TABLES] if has_contacts(blueprint) else []
    return dg.AssetSelection.assets(*tables)


def _schedule(job: Any, zone: str, project: Path, workspace_id: str | None) -> dg.ScheduleDefinition:
    @dg.schedule(
        job=job,
        name=f"{job.name}_schedule",
        cron_schedule={**CRONS, **PARTNERS}[job.name],
        execution_timezone=zone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        try:
            workspace = find_workspace(project, workspace_id, env=os.environ)
        except SegmentationError as error:
            return dg.SkipReason(str(error))
        if workspace.refusal is not None:
            return dg.SkipReason(workspace.refusal)
        if job.name != NIGHTLY:
            return dg.RunRequest()
        # The analytics have a partition a day; the days that ended since the last night are stale, and
        # are computed with it.
        instant = workspace.as_of or context.scheduled_execution_time
        return dg.RunRequest(partition_key=day_of(instant, workspace.time_zone).isoformat())

    return tick


def _maintenance() -> dg.JobDefinition:
    @dg.op(pool=POOL, description="Archives old import records, joins small files, deletes unread ones.")
    def maintain_tables(lake: LakeResource) -> None:
        context = dg.OpExecutionContext.get()
        with told_plainly():
            workspace, store = lake.open()
            catalog = load_catalog(workspace.catalog_file, workspace.file_name(workspace.catalog_file))
            upkeep = Upkeep(store, catalog, dt.datetime.now(dt.UTC), workspace.retention)
            with lake.lock(workspace, "maintenance"):
                for task in upkeep.maintain():
                    context.log.info(
                        "%s %s: %s files, %s rows", task.action, task.table, task.files, task.rows
                    )

    @dg.job(name=MAINTENANCE, description="Keep the lake quick and small, as `segmentation maintain` does.")
    def weekly_maintenance() -> None:
        maintain_tables()

    return weekly_maintenance


def _tags(workspace: Workspace) -> dict[str, str]:
    """Return the limit of a run, where the workspace sets one; Dagster ends a run that takes longer."""
    if workspace.run_timeout is None:
        return {}
    return {"dagster/max_runtime": str(int(workspace.run_timeout.total_seconds()))}
