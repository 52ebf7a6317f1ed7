"""Group `analytics`: what members did, by day; and the rollups of the days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from segmentation_pipeline.analytics.days import day_of
from segmentation_pipeline.analytics.history import read_history
from segmentation_pipeline.analytics.tables import DAILY, FLAPPING_MEMBERS, ROLLUPS
from segmentation_pipeline.analytics.update import update_days, update_rollups
from segmentation_pipeline.components.followers import has_private_keys
from segmentation_pipeline.components.lake import POOL, LakeResource, told_plainly
from segmentation_pipeline.components.metadata import table_metadata
from segmentation_pipeline.components.segment_assets import MEMBERSHIPS_KEY
from segmentation_pipeline.errors import SegmentationError
from segmentation_pipeline.lake.opening import open_lake
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.tables import TRANSITIONS

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.lake.tables import Table
    from segmentation_pipeline.workspace import Workspace

GROUP = "analytics"
BACK_DAYS = 365
"""How many days before the first run may be computed, with memberships evaluated again."""


def build_analytics(workspace: Workspace) -> list[dg.AssetsDefinition]:
    """Return the tables by day, a partition a local day of the workspace's zone, and the rollups."""
    return [_days(daily_partitions(workspace)), _rollups()]


def daily_partitions(workspace: Workspace) -> dg.DailyPartitionsDefinition:
    """Return the local days that may be computed, as known when the code location is loaded."""
    first = _first_day(workspace) - dt.timedelta(days=BACK_DAYS)
    return dg.DailyPartitionsDefinition(
        start_date=first.isoformat(), timezone=workspace.time_zone, end_offset=1
    )


def _first_day(workspace: Workspace) -> dt.date:
    today = day_of(workspace.as_of or dt.datetime.now(dt.UTC), workspace.time_zone)
    try:
        history = read_history(open_lake(workspace), workspace.time_zone)
    except SegmentationError:
        # A lake that cannot be read fails the steps that read it, not the loading of the definitions.
        return today
    return today if history is None or history.first_day is None else history.first_day


def _days(partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="compute_days",
        specs=[_spec(table, [MEMBERSHIPS_KEY, TRANSITIONS.name]) for table in DAILY],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=POOL,
    )
    def compute_days(lake: LakeResource) -> Iterator[dg.MaterializeResult[Any]]:
        context = dg.AssetExecutionContext.get()
        asked = [dt.date.fromisoformat(key) for key in context.partition_keys]
        with told_plainly():
            workspace, store = lake.open()
            definitions = read_definitions(workspace)
            with lake.lock(workspace, "analytics"):
                done = update_days(store, definitions, workspace.time_zone, days=asked)
        days = sorted({*done.published, *done.recomputed})
        context.log.info(
            "computed %d days, %d of them because data came late", len(days), len({*days} - {*asked})
        )
        for table in DAILY:
            yield _result(store, table, definitions.catalog, {"days": [str(day) for day in days]})

    return compute_days


def _rollups() -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="roll_up_days",
        specs=[_spec(table, [table.name for table in DAILY]) for table in ROLLUPS],
        pool=POOL,
    )
    def roll_up_days(lake: LakeResource) -> Iterator[dg.MaterializeResult[Any]]:
        with told_plainly():
            workspace, store = lake.open()
            definitions = read_definitions(workspace)
            with lake.lock(workspace, "analytics"):
                update_rollups(store, definitions, workspace.time_zone)
        for table in ROLLUPS:
            yield _result(store, table, definitions.catalog, {})

    return roll_up_days


def _spec(table: Table, deps: list[Any]) -> dg.AssetSpec:
    return dg.AssetSpec(
        table.name, deps=deps, group_name=GROUP, description=table.comment, kinds={"deltalake"}
    )


def _result(
    store: DeltaStore, table: Table, catalog: Catalog, more: dict[str, Any]
) -> dg.MaterializeResult[Any]:
    private = {"object_key"} if table is FLAPPING_MEMBERS and has_private_keys(catalog) else set()
    facts = table_metadata(store, table.name, comments=table.column_comments, private=private)
    version = dg.DataVersion(str(facts.get("version", "none")))
    return dg.MaterializeResult(asset_key=table.name, metadata={**facts, **more}, data_version=version)
