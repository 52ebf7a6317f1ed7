"""The group `analytics`: a partition a day, backfilled in one run, and the rollups."""

from __future__ import annotations

import dagster as dg
import pytest

from segmentation_pipeline.analytics.tables import DAILY, TABLES

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration


@pytest.fixture
def counted(published):
    """The published project with the meanings of conversion and revenue, and a night behind it."""
    catalog = published.project / "segment_definitions" / "catalog.yaml"
    catalog.write_text(
        catalog.read_text() + "meanings: {conversion: [purchase], revenue: purchase.revenue}\n"
    )
    assert published.run(job="nightly").success
    return published


def rows(team, *columns: str) -> list[tuple]:
    return sorted(team.store.scan("segment_analytics").select(columns).collect().rows())


def test_the_night_computes_the_day(counted):
    assert {str(day) for _, day in rows(counted, "segment_id", "date")} == {"2026-06-30"}


def test_days_before_the_first_run_are_backfilled_in_one_run(counted):
    defs = counted.definitions()
    days = dg.AssetSelection.assets(*(table.name for table in DAILY))
    job = dg.define_asset_job("days", days)
    ran = (
        dg.Definitions.merge(defs, dg.Definitions(jobs=[job]))
        .resolve_job_def("days")
        .execute_in_process(
            instance=counted.instance,
            tags={
                "dagster/asset_partition_range_start": "2026-06-10",
                "dagster/asset_partition_range_end": "2026-06-12",
            },
        )
    )
    assert ran.success
    found = {str(day) for _, day in rows(counted, "segment_id", "date")}
    assert found == {"2026-06-10", "2026-06-11", "2026-06-12", "2026-06-30"}
    partitions = counted.instance.get_materialized_partitions(dg.AssetKey("segment_analytics"))
    assert partitions == {"2026-06-10", "2026-06-11", "2026-06-12", "2026-06-30"}


def test_every_table_says_what_it_holds(counted):
    for table in TABLES:
        event = counted.instance.get_latest_materialization_event(dg.AssetKey(table.name))
        metadata = event.asset_materialization.metadata
        assert metadata["dagster/row_count"].value == counted.store.scan(table.name).collect().height


def test_partitions_are_local_days_of_the_workspace(counted):
    graph = counted.definitions().resolve_asset_graph()
    node = graph.get(dg.AssetKey("segment_analytics"))
    assert node.partitions_def.timezone == "Europe/Berlin"
    assert node.backfill_policy == dg.BackfillPolicy.single_run()
