"""A job in a process of its own: what it reports, what an engine's failure says, what it costs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

import segmentation_pipeline
from benchmarks.data.dataset import AS_OF
from benchmarks.data.segments import write_definitions
from benchmarks.job import EngineError, Job, Report, engine_module, engine_names, start
from benchmarks.measure import Usage, measured
from benchmarks.needed import needed
from benchmarks.peer import Tally
from segmentation_pipeline.rules.clock import DAY, Clock, to_micros

JOB = Job("naive", "run", "", 0, 0, 1, "2026-11-01T00:00:00+00:00", "", "")


def report(**tallies: tuple[int, int]) -> Report:
    return Report(Usage(1, 1, 1), {name: Tally(*tally) for name, tally in tallies.items()})


def test_the_end_of_what_a_failing_engine_said_is_kept(tmp_path):
    with pytest.raises(EngineError, match=r"(?s)naive, run:.*0 definitions are there, not 1"):
        start(dataclasses.replace(JOB, folder=str(tmp_path), workspace=str(tmp_path), output=str(tmp_path)))


def test_equal_members_have_equal_hashes_in_any_order():
    one = report(a=(1, 2), b=(3, 4))
    assert one.hash == report(b=(3, 4), a=(1, 2)).hash
    assert one.hash != report(a=(1, 2), b=(3, 5)).hash
    assert one.memberships == 4


def test_work_is_measured():
    held, usage = measured(lambda: bytearray(50_000_000).count(1) + sum(range(3_000_000)))
    assert held > 0
    assert usage.wall_s > 0
    assert usage.cpu_s > 0.005
    assert usage.peak_mb > 50


def test_engines_are_found_by_name():
    assert engine_names()[0] == "segmentation"
    assert {"naive", "naive_index", "limit", "duckdb"} <= set(engine_names())
    assert engine_module("duckdb") != "benchmarks.peers.duckdb"
    with pytest.raises(ValueError, match="no engine"):
        engine_module("../naive")


def test_the_package_knows_nothing_of_its_benchmarks():
    package = Path(segmentation_pipeline.__file__).parent
    assert not [path for path in package.rglob("*.py") if "benchmarks" in path.read_text(encoding="utf-8")]


def test_needed_is_the_widest_of_what_conditions_read(tmp_path):
    definitions = write_definitions(tmp_path / "d", 40)
    clock = Clock(to_micros(AS_OF), "UTC")
    found = needed(definitions, clock)
    assert found.contact <= set(definitions.catalog.objects["contact"].fields)
    assert found.activities.keys() <= set(definitions.catalog.events["activities"].types)
    assert any(reach.since is None for reach in found.activities.values())
    bounded = [reach.since for reach in found.activities.values() if reach.since is not None]
    assert all(clock.as_of - since < 366 * DAY for since in bounded)
