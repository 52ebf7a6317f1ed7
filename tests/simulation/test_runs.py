"""Runs are recorded whole or not at all, and the same inputs give the same tables."""

from __future__ import annotations

import shutil

import pytest

from segmentation_pipeline.errors import LakeError, LockedError, UsageError
from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.simulation.record import LOCK, published_rows

OWN = ("run_id", "seconds", "repeats")
"""What differs between two runs of the same."""


def same(one, other) -> bool:
    return one.frames.keys() == other.frames.keys() and all(
        frame.drop(OWN, strict=False).equals(other[name].drop(OWN, strict=False))
        for name, frame in one.frames.items()
    )


def test_the_same_inputs_give_the_same_tables(week, compared):
    again = week.simulate("compared")
    assert same(again, compared)
    assert (
        again["simulation_runs"]["result_hash"].to_list()
        == compared["simulation_runs"]["result_hash"].to_list()
    )


def test_a_run_writes_what_it_returns(simulated):
    made, _, run = simulated
    for name, frame in run.frames.items():
        stored = frame.clear()
        if made.store.exists(name):
            stored = published_rows(made.store, name).filter(run_id=run.run).collect()
        assert sorted(stored.rows(), key=repr) == sorted(frame.rows(), key=repr)


def test_runs_are_numbered_and_kept_apart(simulated):
    made, first, second = simulated
    assert (first.run, second.run) == ("sim-000001", "sim-000002")
    days = made.store.scan("simulation_segment_days").group_by("run_id").len().collect()
    assert dict(days.rows()) == {"sim-000001": 28, "sim-000002": 56}


def test_everything_that_decides_is_recorded(compared):
    baseline, proposed = compared["simulation_runs"].sort("variant").to_dicts()
    assert {one["table"] for one in baseline["inputs"]} == {"contacts", "activities"}
    assert baseline["definitions_hash"] == proposed["definitions_hash"]
    assert baseline["policy_hash"] != proposed["policy_hash"]
    assert (baseline["from_day"].isoformat(), baseline["to_day"].isoformat()) == ("2026-06-01", "2026-06-07")
    assert baseline["time_zone"] == "Europe/Berlin"
    assert "mode: compare" in baseline["declaration"]


def test_a_run_is_repeated_from_its_record(week):
    run = week.simulate("compared")
    week.write("policies/capped.yaml", "policy: capped\n")
    week.segment("promo", None)
    shutil.rmtree(week.root / "segment_definitions" / "simulations")
    week.event("c0", 2, by="welcome")
    week.arrive()
    again = week.repeat(run.run)
    assert same(again, run)
    assert again["simulation_runs"]["repeats"].to_list() == [run.run, run.run]


def test_nothing_repeats_a_run_there_is_not(simulated):
    with pytest.raises(UsageError, match="there is no run `sim-000007`"):
        simulated[0].repeat("sim-000007")


def test_a_run_whose_tables_were_vacuumed_is_not_repeated(week):
    run = week.simulate("replayed")
    gone = week.store.snapshot(["activities"]).files("activities").listed["path"][0]
    week.event("c0", 2, by="welcome")
    week.arrive()
    next((week.root / "lake" / "activities").rglob(gone.rpartition("/")[2])).unlink()
    with pytest.raises(LakeError, match="version 0 of `activities` is gone"):
        week.repeat(run.run)


def test_a_run_whose_definitions_were_dropped_is_not_repeated(week):
    run = week.simulate("replayed")
    shutil.rmtree(week.root / "lake" / "simulation_definitions")
    with pytest.raises(LakeError, match="the definitions of sim-000001 are gone"):
        week.repeat(run.run)


def test_a_run_waits_for_another_that_is_being_written(week):
    with lake_lock(week.root / "lake", "other", name=LOCK), pytest.raises(LockedError, match="other"):
        week.simulate("replayed", wait_seconds=0.0)


def test_others_may_write_the_lake_meanwhile(week):
    with lake_lock(week.root / "lake", "import of contacts"):
        assert week.simulate("replayed").run == "sim-000001"
