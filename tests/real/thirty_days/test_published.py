"""Who was published when, and why they came and went, as DuckDB finds it from the files."""

from __future__ import annotations

import json
import os
from collections import Counter

import polars as pl
import pytest

from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.former import former_run
from segmentation_pipeline.segments.members import published_members
from segmentation_pipeline.segments.publish import publish

pytestmark = [
    pytest.mark.integration,
    pytest.mark.real,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        "SEGMENTATION_REAL_DATA" not in os.environ, reason="SEGMENTATION_REAL_DATA is not set"
    ),
]
EDITED, PINNED, LATE = 10, 15, 20


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
    return {run.arrived: run for run in calendar.runs if run.is_evening}


@pytest.fixture(scope="module")
def members(database, names, calendar):
    """The members by run and segment, by DuckDB."""
    found = {(run.number, name): set() for run in calendar.runs for name in names}
    for run, segment, contact in database.sql("from published").fetchall():
        found[run, segment].add(contact)
    return found


def moved(moves, run, segment):
    """Return (entered, reason) by contact."""
    mine = (row[2:] for row in moves if row[:2] == (run.number, segment))
    return {contact: (entered, reason) for contact, entered, reason in mine}


def test_there_are_thirty_days_and_runs_between_them(calendar):
    assert (len(calendar.runs), len({run.arrived for run in calendar.runs})) == (39, 30)
    assert sum(len(files) for files in calendar.files.values()) == 30


def test_every_run_publishes_every_segment_fresh(simulated, names):
    said = {(each.segment, each.status) for run in simulated.runs.values() for each in run.segments}
    assert said == {(name, "fresh") for name in names}
    assert all(run.published for run in simulated.runs.values())


def test_every_run_counts_the_members_of_duckdb(simulated, members):
    found = {
        (number, each.segment): each.size for number, run in simulated.runs.items() for each in run.segments
    }
    assert found == {key: len(held) for key, held in members.items()}


def test_transitions_and_their_reasons_are_those_of_duckdb(moves, database):
    wanted = database.sql("select run, segment, contact, entered, reason from move order by all").fetchall()
    assert moves == wanted
    assert Counter(reason for *_, reason in moves) == {
        "time passed": 5585,
        "data changed": 5299,
        "definition changed": 581,
        "pin": 3,
    }


def test_where_nothing_arrived_time_passed(moves, calendar):
    """What an earlier run published is data, too: `returned` asks for it."""
    quiet = {run.number for run in calendar.runs if not run.is_evening}
    found = {(segment, reason) for run, segment, _, _, reason in moves if run in quiet}
    assert {reason for segment, reason in found if segment != "returned"} == {"time passed"}
    assert len(found) > 5


def test_an_edited_definition_is_the_reason_for_those_whom_the_new_rule_turned(moves, evening, database):
    """The old rule over the same data at the same instant disagrees about exactly these."""
    run = evening[EDITED]
    for segment in ("big_spenders", "core"):
        old, new = (
            {
                row[0]
                for row in database.execute(
                    "select contact from step where run = ? and step = ? and segment = ?",
                    [run.number, step, segment],
                ).fetchall()
            }
            for step in ("data", "definition")
        )
        found = moved(moves, run, segment)
        told = {contact for contact, (_, reason) in found.items() if reason == "definition changed"}
        assert told == (old ^ new) & found.keys()
        assert {entered for contact, (entered, _) in found.items() if contact in told} == {True, False}
        assert "data changed" in {reason for _, reason in found.values()}


def test_a_pin_is_the_reason_for_whom_it_names(moves, evening):
    found = moved(moves, evening[PINNED], "regulars")
    told = {contact: entered for contact, (entered, reason) in found.items() if reason == "pin"}
    assert told == {"14985": True, "12748": False}
    embedding = moved(moves, evening[PINNED], "core")
    assert embedding["14985"] == (True, "definition changed")


def test_a_pin_waits_for_its_contact(moves, evening):
    assert moved(moves, evening[22], "regulars").get("12413") is None
    assert moved(moves, evening[23], "regulars")["12413"] == (True, "pin")


def test_a_late_file_is_the_reason_for_whom_it_turned(moves, evening, database, members, names):
    """Without that file, DuckDB finds these on the other side on the evening it came."""
    run = evening[LATE]
    database.execute("set variable as_of = $at", {"at": run.as_of})
    database.execute("set variable run = $n", {"n": run.number})
    database.execute("set variable arrived = $n", {"n": run.arrived})
    count = 0
    database.execute("begin")
    database.execute("delete from source where happened::date = '2010-12-09'")
    for name in names:
        without = {row[0] for row in database.sql(f"select contact from {name}").fetchall()}
        found = moved(moves, run, name)
        turned = (without ^ members[run.number, name]) & found.keys()
        count += len(turned)
        assert {found[contact][1] for contact in turned} <= {"data changed"}
    database.execute("rollback")
    assert count == 109


def test_members_of_every_past_instant_are_those_of_duckdb(simulated, calendar, members, names):
    project = simulated.project
    rules = read_definitions(project.workspace)
    for run in calendar.runs[::3]:
        for name in names:
            found = published_members(project.store, rules.catalog, rules.segments[name], run.at)
            keys = found.frame.select("contact_id").collect().to_series()
            assert sorted(keys) == sorted(members[run.number, name]), (run, name)


def test_the_command_lists_the_members_of_a_past_instant(simulated, evening, members, capsys):
    from segmentation_pipeline.cli.main import main

    folder = str(simulated.project.workspace.project)
    run = evening[PINNED]
    with pytest.raises(SystemExit) as ended:
        main(["members", "core", "--as-of", run.at.isoformat(), "--project", folder, "--json"])
    assert ended.value.code == 0
    listed = [row["contact_id"] for row in json.loads(capsys.readouterr().out)]
    assert listed == sorted(members[run.number, "core"])


def test_a_past_run_evaluated_again_finds_what_it_published(simulated, calendar, members, names):
    """At its own instant, with the versions of the tables and the definitions that it pinned."""
    project = simulated.project
    now, folder = read_definitions(project.workspace), project.workspace.definitions
    keys = dict(project.rows("contacts").select("object_index", "contact_id").iter_rows())
    for run in calendar.runs[::3]:
        former = former_run(project.store, now, f"run-{run.number:06d}", folder)
        masks = former.evaluate(names).masks
        for name in names:
            found = {keys[number] for number in masks[name].arg_true()}
            assert found == members[run.number, name], (run, name)


def test_evaluating_everything_again_moves_nobody(simulated, calendar, members, names):
    """Last, for it is one run more."""
    last = calendar.runs[-1]
    run = publish(simulated.project.workspace, now=lambda: last.at, full=True)
    found = {each.segment: (each.evaluated, each.size, each.entered, each.exited) for each in run.segments}
    assert found == {name: (True, len(members[last.number, name]), 0, 0) for name in names}
