"""Why every object came or went, decided by evaluating."""

from __future__ import annotations

import datetime as dt
import random
from itertools import pairwise

import pytest

from segmentation_pipeline.evaluation.evaluate import evaluate
from segmentation_pipeline.segments.basis import read_definitions

ADULTS = "where: {field: age, operator: greater_than_or_equal, value: %d}"
FRESH = "where: {event: opened, within: last %d hours}"
DEFINITION, DATA, TIME = "definition changed", "data changed", "time passed"


def last_reasons(project, segment: str) -> dict[str, tuple[str, str | None]]:
    """Return change and reason by contact of the last run's transitions."""
    rows = project.rows("segment_transitions", "run_id", "segment_id", "object_index", "change", "reason")
    keys = {index: key for key, index in project.rows("contacts", "contact_id", "object_index")}
    last = max(row[0] for row in rows)
    return {keys[row[2]]: row[3:] for row in rows if row[:2] == (last, segment)}


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        ({"rule": 35}, {"b": ("exited", DEFINITION)}),
        ({"age": 50}, {"a": ("entered", DATA)}),
        ({"rule": 35, "hours": 1}, {"b": ("exited", DEFINITION)}),
        ({"age": 50, "hours": 1}, {"a": ("entered", DATA)}),
        ({"rule": 35, "age": 50}, {"a": ("entered", DATA), "b": ("exited", DEFINITION)}),
        ({"rule": 35, "age": 50, "hours": 1}, {"a": ("entered", DATA), "b": ("exited", DEFINITION)}),
        ({"rule": 25, "age": 27}, {"a": ("entered", DEFINITION)}),
    ],
)
def test_rule_data_and_time_are_told_apart(published, moved, expected):
    published.run()
    if "rule" in moved:
        published.segment("adults", ADULTS % moved["rule"])
    if "age" in moved:
        published.contacts(a=moved["age"], b=30, c=40)
    published.later(hours=moved.get("hours", 0))
    published.run()
    assert last_reasons(published, "adults") == expected


def test_a_night_has_both_who_aged_out_and_who_came(project):
    project.segment("fresh", FRESH % 24)
    project.events(("a", "opened", project.now - dt.timedelta(hours=20)))
    project.run()
    project.later(hours=10)
    project.events(
        ("a", "opened", project.now - dt.timedelta(hours=30)),
        ("b", "opened", project.now - dt.timedelta(hours=1)),
    )
    project.run()
    assert last_reasons(project, "fresh") == {"a": ("exited", TIME), "b": ("entered", DATA)}


def test_what_embeds_has_the_reason_of_what_it_embeds(published):
    published.segment("adults", ADULTS % 35)
    published.contacts(a=50, b=30, c=40)
    published.later(hours=1)
    published.run()
    assert last_reasons(published, "others") == {"a": ("exited", DATA), "b": ("entered", DEFINITION)}


def test_a_pin_is_its_own_reason_and_its_end_is_time(published):
    pins = "pins: [{key: a, put: in, reason: guest, until: 2026-03-02}]"
    published.segment("adults", f"{ADULTS % 30}\n{pins}")
    published.run()
    assert last_reasons(published, "adults") == {"a": ("entered", "pin")}
    published.later(days=3)
    published.contacts(a=20, b=10, c=40)
    published.run()
    assert last_reasons(published, "adults") == {"a": ("exited", TIME), "b": ("exited", DATA)}


def test_a_pin_taken_out_of_the_definition_is_a_changed_definition(published):
    published.segment("adults", f"{ADULTS % 30}\npins: [{{key: a, put: in, reason: guest}}]")
    published.run()
    published.segment("adults", ADULTS % 30)
    published.later(hours=1)
    published.run()
    assert last_reasons(published, "adults") == {"a": ("exited", DEFINITION)}


def test_a_segment_left_out_for_a_while_is_compared_with_its_own_last_run(published):
    published.contacts(a=50, b=30, c=40)
    published.later(hours=1)
    published.run(select=["others"])
    published.segment("adults", ADULTS % 35)
    published.later(hours=1)
    published.run(select=["adults"])
    assert last_reasons(published, "adults") == {"a": ("entered", DATA), "b": ("exited", DEFINITION)}


def test_a_rule_over_history_alone_is_decided_too(project):
    """What a run published is data of the next; the segment it is asked of need not be evaluated for it."""
    project.segment("fresh", FRESH % 24)
    project.segment("lapsed", "where: {segment: fresh, left: last 2 days}")
    project.events(("a", "opened", project.now))
    project.run()
    for _ in range(2):
        project.later(hours=30)
        project.run()
    assert last_reasons(project, "lapsed") == {"a": ("entered", DATA)}
    project.later(days=2)
    project.run()
    assert last_reasons(project, "lapsed") == {"a": ("exited", TIME)}


def test_where_the_old_data_is_gone_there_is_no_reason(published):
    published.contacts(a=50, b=30, c=40)
    published.segment("adults", ADULTS % 35)
    for table in ("contacts", "contacts_index", "profile_index_contact"):
        for file in (published.root / "lake" / table).glob("**/*.parquet"):
            live = {path.split("/")[-1] for path in published.store.open(table).file_uris()}
            if file.name not in live:
                file.unlink()
    for part in (published.root / "lake").glob("*profile*"):
        for file in part.glob("**/*.parquet"):
            file.unlink()
    published.run()
    assert set(last_reasons(published, "adults").values()) == {("entered", None), ("exited", None)}


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.integration) for seed in range(1, 6))]
)
def test_random_nights_agree_with_evaluating_kept_copies(project, seed):
    """Each step evaluated over copies of tables and definitions kept in memory, without any version."""
    draws = random.Random(seed)
    tables = ("contacts", "activities")
    names = ("adults", "fresh", "both")
    project.segment("adults", ADULTS % 30)
    project.segment("fresh", FRESH % 24)
    project.segment("both", "where: {all: [{segment: adults}, {segment: fresh}]}")
    happened: list[tuple[str, str, dt.datetime]] = [("a", "opened", project.now)]
    project.events(*happened)
    copies = []
    for night in range(6):
        if night:
            if draws.random() < 0.6:
                project.contacts(**{key: draws.randrange(20, 45) for key in "abcdef"})
            for _ in range(draws.randrange(3)):
                back = dt.timedelta(hours=draws.randrange(48))
                happened.append((draws.choice("abcdef"), "opened", project.now - back))
            project.events(*happened)
            if draws.random() < 0.5:
                project.segment("adults", ADULTS % draws.choice([25, 30, 35]))
            if draws.random() < 0.3:
                project.segment("fresh", FRESH % draws.choice([12, 24, 48]))
            project.later(hours=draws.choice([0, 6, 24]))
        project.run()
        frames = {name: project.store.scan(name).collect() for name in tables}
        copies.append((read_definitions(project.workspace), frames, project.now))
    expected = set()
    for number, (before, after) in enumerate(pairwise(copies), start=2):
        (rule, data, _), (_, new_data, now) = before, after
        steps = [
            evaluate(*before),
            evaluate(rule, data, now),
            evaluate(rule, new_data, now),
            evaluate(*after),
        ]
        for name in names:
            told: dict[int, str] = {}
            sides = [set(step.members[name]) for step in steps]
            for reason, (one, other) in zip((TIME, DATA, DEFINITION), pairwise(sides), strict=True):
                told |= dict.fromkeys(one ^ other, reason)
            moved = sides[0] ^ sides[-1]
            expected |= {(f"run-{number:06d}", name, index, told[index]) for index in moved}
    rows = project.rows("segment_transitions", "run_id", "segment_id", "object_index", "reason")
    assert {row for row in rows if row[0] > "run-000001"} == expected
    assert len(expected) >= 3
