"""Jobs and schedules: when they run, in which zone, and that a closed workspace is left alone."""

from __future__ import annotations

import dagster as dg
import pytest

from segmentation_pipeline.segments.tables import TRANSITIONS


def schedules(defs: dg.Definitions) -> dict[str, dg.ScheduleDefinition]:
    return {schedule.name: schedule for schedule in defs.schedules or []}


def test_schedules_in_the_workspaces_zone_all_switched_off(team):
    found = schedules(team.definitions())
    assert {name: s.cron_schedule for name, s in found.items()} == {
        "recalculate_segments_schedule": "*/30 * * * *",
        "nightly_schedule": "0 2 * * *",
        "weekly_maintenance_schedule": "0 4 * * 0",
    }
    assert {s.execution_timezone for s in found.values()} == {"Europe/Berlin"}
    assert {s.default_status for s in found.values()} == {dg.DefaultScheduleStatus.STOPPED}


def test_a_tick_asks_for_a_run(team):
    defs = team.definitions()
    schedule = schedules(defs)["nightly_schedule"]
    with dg.build_schedule_context(repository_def=defs.get_repository_def()) as context:
        ticked = schedule.evaluate_tick(context)
    assert [request.partition_key for request in ticked.run_requests] == ["2026-06-30"]


@pytest.mark.parametrize("status", ["blocked", "dormant", "cancelled"])
def test_a_tick_of_a_closed_workspace_is_skipped_with_the_reason(team, status):
    schedule = schedules(team.definitions())["recalculate_segments_schedule"]
    settings = team.project / "segmentation.toml"
    settings.write_text(settings.read_text() + f'status = "{status}"\n')
    with dg.build_schedule_context() as context:
        ticked = schedule.evaluate_tick(context)
    assert not ticked.run_requests
    assert ticked.skip_message == f"workspace `default` is {status}"


def test_a_closed_workspace_still_loads(team):
    settings = team.project / "segmentation.toml"
    settings.write_text(settings.read_text() + 'status = "blocked"\n')
    assert team.definitions().resolve_job_def("nightly")


def test_a_limit_of_time_ends_a_run(team):
    settings = team.project / "segmentation.toml"
    settings.write_text(settings.read_text() + 'run_timeout = "2 hours"\n')
    assert team.definitions().resolve_job_def("nightly").tags["dagster/max_runtime"] == "7200"


def test_every_step_that_writes_is_in_the_pool_of_the_lake(team):
    defs = team.definitions()
    pools = {
        node.name: node.definition.pools
        for job in ("nightly", "weekly_maintenance")
        for node in defs.resolve_job_def(job).nodes
    }
    writers = {
        "contacts",
        "activities",
        "index_tables",
        "evaluate_segments",
        "follow_memberships",
        "compute_days",
        "roll_up_days",
        "find_conflicts",
        "assign_contacts",
        "maintain_tables",
    }
    assert {name for name, pool in pools.items() if pool == {"lake"}} == writers


def test_maintenance_compacts_and_the_next_run_goes_on(published):
    published.segment("germans", "where: {field: country, operator: equals, value: fr}")
    published.run('key:"segment/germans"')
    before = len(published.store.open(TRANSITIONS.name).file_uris())
    rows = published.store.scan(TRANSITIONS.name).collect().height
    assert published.run(job="weekly_maintenance").success
    assert len(published.store.open(TRANSITIONS.name).file_uris()) < before
    assert published.store.scan(TRANSITIONS.name).collect().height == rows
    assert published.run(job="recalculate_segments").success
