"""A code location serves one workspace of a project: its files, its lake, its schedules."""

from __future__ import annotations

import dagster as dg
import pytest

from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.lake.store import DeltaStore

TWO = """
[workspaces.ours]
as_of = 2026-06-30T00:00:00Z
[workspaces.theirs]
definitions = "theirs/definitions"
lake = "theirs/lake"
status = "blocked"
"""


@pytest.fixture
def two(team):
    """A project with two workspaces, of which the second is blocked and has other segments."""
    team.write("segmentation.toml", TWO)
    source = team.project / "segment_definitions"
    team.write("theirs/definitions/catalog.yaml", (source / "catalog.yaml").read_text(encoding="utf-8"))
    french = "segment: french\nwhere: {field: country, operator: equals, value: fr}\n"
    team.write("theirs/definitions/segments/french.yaml", french)
    return team


def segments(definitions: dg.Definitions) -> set[str]:
    keys = definitions.resolve_asset_graph().get_all_asset_keys()
    return {key.path[-1] for key in keys if key.path[0] == "segment"}


def test_it_shows_the_segments_of_its_own_workspace(two):
    assert segments(two.definitions(workspace="ours")) == {"germans", "buyers", "german_buyers"}
    assert segments(two.definitions(workspace="theirs")) == {"french"}


def test_it_writes_its_own_lake_alone(two):
    defs = two.definitions(workspace="ours", wait_seconds=5)
    job = defs.resolve_job_def("nightly")
    done = job.execute_in_process(instance=two.instance, partition_key="2026-06-30")
    assert done.success
    assert DeltaStore(two.project / "data" / "lake").exists("segment_members")
    assert not (two.project / "theirs" / "lake").exists()


@pytest.mark.parametrize(
    ("workspace", "skips"), [("ours", None), ("theirs", "workspace `theirs` is blocked")]
)
def test_the_schedules_of_a_blocked_one_skip_with_the_reason_and_the_others_run(two, workspace, skips):
    defs = two.definitions(workspace=workspace)
    names = [schedule.name for schedule in defs.schedules or []]
    assert "nightly_schedule" in names
    for name in names:
        schedule = defs.resolve_schedule_def(name)
        repository = defs.get_repository_def()
        with dg.build_schedule_context(instance=two.instance, repository_def=repository) as context:
            ticked = schedule.evaluate_tick(context)
        assert ticked.skip_message == skips
        assert len(ticked.run_requests or ()) == (1 if skips is None else 0)


def test_a_step_of_a_blocked_one_fails_with_the_reason(two):
    defs = two.definitions(workspace="theirs")
    done = defs.resolve_job_def("recalculate_segments").execute_in_process(
        instance=two.instance, raise_on_error=False
    )
    assert not done.success
    assert "workspace `theirs` is blocked" in str([event.message for event in done.all_events]) + str(
        [event.event_specific_data for event in done.all_events if event.is_step_failure]
    )


def test_which_one_must_be_said_where_there_are_several(two, monkeypatch):
    with pytest.raises(UsageError, match="no workspace `default`"):
        two.definitions()
    monkeypatch.setenv("SEGMENTATION_WORKSPACE", "theirs")
    assert segments(two.definitions()) == {"french"}
