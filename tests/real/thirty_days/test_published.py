"""Who was published when, and why they came and went, as DuckDB finds it from the files."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections import Counter

import polars as pl
import pytest

from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.members import published_members

pytestmark = [
    pytest.mark.integration,
    pytest.mark.real,
    pytest.mark.skipif(
        "SEGMENTATION_REAL_DATA" not in os.environ, reason="SEGMENTATION_REAL_DATA is not set"
    ),
]
EDITED, PINNED, ARRIVES = 10, 15, 20


@pytest.fixture(scope="module")
def moves(simulated):
    """The transitions as (run, segment, contact, entered, reason)."""
    rows = simulated.keyed("segment_transitions").with_columns(
        pl.col("run_id").str.strip_prefix("run-").cast(pl.Int32), pl.col("change") == "entered"
    )
    return rows.select("run_id", "segment_id", "contact", "change", "reason").sort(pl.all()).rows()


@pytest.fixture(scope="module")
def evening(calendar):
    """The evening run of a day by its number."""
    return {run.arrived: run for run in calendar.runs if run.as_of.hour == 21}


@pytest.fixture(scope="module")
def members(database, names, calendar):
    """The members by run and segment, by DuckDB."""
    found = {(run.number, name): set() for run in calendar.runs for name in names}
    for run, segment, contact in database.sql("from published").fetchall():
        found[run, segment].add(contact)
    return found


def reasons(moves, run, segment):
    return Counter((entered, reason) for number, name, _, entered, reason in moves
                   if (number, name) == (run.number, segment))


def test_there_are_thirty_days_and_runs_between_them(calendar):
    assert (len(calendar.runs), len({run.arrived for run in calendar.runs})) == (39, 30)
    assert sum(len(files) for files in calendar.files.values()) == 30


def test_every_run_publishes_every_segment_fresh(simulated, names):
    said = {(each.segment, each.status) for run in simulated.runs.values() for each in run.segments}
    assert said == {(name, "fresh") for name in names}
    assert all(run.published for run in simulated.runs.values())


def test_transitions_and_their_reasons_are_those_of_duckdb(moves, database):
    wanted = database.sql("select run, segment, contact, entered, reason from move order by all").fetchall()
    assert moves == wanted
    found = Counter(reason for *_, reason in moves)
    assert found == 0
