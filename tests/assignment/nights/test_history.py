"""What was decided and what was sent, matched one to one; against a plain walk over the rows."""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo
from collections import Counter
from dataclasses import replace

import polars as pl
import pytest

from segmentation_pipeline.assignment.history import contact_history_before, history_inputs
from segmentation_pipeline.assignment.tables import ASSIGNMENTS
from segmentation_pipeline.lake.tables import catalog_table

ZONE = "Europe/Berlin"
FIRST, LAST = dt.date(2026, 3, 27), dt.date(2026, 4, 2)  # the clock moves on the 29th


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}:00Z")


def won(day: dt.date, contact: int, segment: str, channel: str, decision: str = "won") -> dict[str, object]:
    return {
        "day": day,
        "object_index": contact,
        "segment_id": segment,
        "channel": channel,
        "decision": decision,
    }


def sent(number: int, key: str, kind: str, at: dt.datetime, segment: str | None) -> dict[str, object]:
    return {
        "activity_id": f"e{number}",
        "contact_id": key,
        "activity_type": kind,
        "occurred_at": at,
        "segment_id": segment,
    }


@pytest.fixture
def history(tables):
    def read(first=FIRST, last=LAST, **options) -> list[tuple]:
        pinned = tables.store.snapshot(history_inputs(tables.catalog))
        found = contact_history_before(pinned, tables.catalog, first, last, zone=ZONE, **options)
        return sorted(found.rows(), key=repr)

    tables.rows("contacts", [{"contact_id": key} for key in "abcd"])
    return read


def test_without_any_there_is_none(history):
    assert history() == []


@pytest.mark.parametrize(
    ("wins", "sends", "found"),
    [
        ([], [("email", None)], [("email", None)]),
        ([("x", "email")], [], [("email", "x")]),
        ([("x", "email")], [("email", None)], [("email", "x")]),
        ([("x", "email")], [("email", "x")], [("email", "x")]),
        ([("x", "email")], [("email", None)] * 2, [("email", None), ("email", "x")]),
        ([("x", "email")], [("email", "x")] * 2, [("email", "x")] * 2),
        # one of another segment was not decided, and the one without a segment is then the decided one
        ([("x", "email")], [("email", "y"), ("email", None)], [("email", "x"), ("email", "y")]),
        # another channel explains nothing
        ([("x", "email")], [("sms", None)], [("email", "x"), ("sms", None)]),
        (
            [("x", "email"), ("y", "email")],
            [("email", "y"), ("email", None)],
            [("email", "x"), ("email", "y")],
        ),
    ],
)
def test_of_one_day_each_decision_explains_one_send(tables, history, wins, sends, found):
    tables.put(ASSIGNMENTS, [won(FIRST, 0, *one) for one in wins])
    rows = [
        sent(number, "a", f"{channel}_sent", utc("2026-03-27T10:00"), segment)
        for number, (channel, segment) in enumerate(sends)
    ]
    tables.rows("activities", rows)
    assert history() == sorted(((FIRST, 0, *one) for one in found), key=repr)


def test_only_wins_and_types_that_are_contacts_count(tables, history):
    tables.put(ASSIGNMENTS, [won(FIRST, 0, "x", "email", "outranked")])
    tables.rows("activities", [sent(1, "a", "purchase", utc("2026-03-27T10:00"), None)])
    assert history() == []


def test_days_are_local(tables, history):
    times = (
        "2026-03-26T22:59",
        "2026-03-26T23:00",
        "2026-03-29T22:00",
        "2026-04-02T21:59",
        "2026-04-02T22:00",
    )
    rows = [sent(number, "a", "email_sent", utc(text), None) for number, text in enumerate(times)]
    tables.rows("activities", rows)
    assert [day for day, *_ in history()] == [FIRST, dt.date(2026, 3, 30), LAST]


def test_those_of_merged_contacts_are_their_primaries(tables, history):
    merge = {"action": "merge", "merged_at": utc("2026-03-01T00:00")}
    tables.rows(
        "contact_merges",
        [
            {"merge_id": "1", "merged_id": "b", "primary_id": "c", **merge},
            {"merge_id": "2", "merged_id": "c", "primary_id": "a", **merge},
            {"merge_id": "3", "merged_id": "never came", "primary_id": "d", **merge},
        ],
    )
    tables.put(ASSIGNMENTS, [won(FIRST, 1, "x", "email"), won(FIRST, 2, "x", "email")])
    at = utc("2026-03-27T10:00")
    keys = ("a", "b", "c", "b", "never came", "unknown")
    tables.rows("activities", [sent(n, key, "email_sent", at, None) for n, key in enumerate(keys)])
    assert history() == sorted(
        [(FIRST, 0, "email", "x")] * 2 + [(FIRST, 0, "email", None)] * 2 + [(FIRST, 3, "email", None)],
        key=repr,
    )


def test_of_some_segments(tables, history):
    tables.put(ASSIGNMENTS, [won(FIRST, 0, "x", "email"), won(FIRST, 0, "y", "email")])
    tables.rows("activities", [sent(1, "b", "sms_sent", utc("2026-03-27T10:00"), "y")])
    assert history(segments=["y"]) == [(FIRST, 0, "email", "y"), (FIRST, 1, "sms", "y")]


def test_sends_need_not_be_able_to_name_a_segment(tables, history):
    tables.put(ASSIGNMENTS, [won(FIRST, 0, "x", "email")])
    columns = catalog_table(tables.catalog, "activities")
    bare = replace(columns, schema=pl.Schema({k: v for k, v in columns.schema.items() if k != "segment_id"}))
    row = sent(1, "b", "sms_sent", utc("2026-03-27T10:00"), None) | {"month": "2026-03"}
    del row["segment_id"]
    tables.put(bare, [row])
    assert history() == [(FIRST, 0, "email", "x"), (FIRST, 1, "sms", None)]
    assert history(segments=["x"]) == [(FIRST, 0, "email", "x")]


def walked(wins: list[dict], sends: list[dict]) -> list[tuple]:
    """Match one to one, send by send: those that name their segment first."""
    berlin = zoneinfo.ZoneInfo(ZONE)
    found = [(one["day"], one["object_index"], one["channel"], one["segment_id"]) for one in wins]
    open_wins = Counter(found)
    for one in sorted(sends, key=lambda row: row["segment_id"] is None):
        day, channel = (
            one["occurred_at"].astimezone(berlin).date(),
            one["activity_type"].removesuffix("_sent"),
        )
        place = day, "abcd".index(one["contact_id"]), channel
        fitting = [
            win for win, left in open_wins.items()
            if left and win[:3] == place and one["segment_id"] in (None, win[3])
        ]  # fmt: skip
        if fitting:
            open_wins[fitting[0]] -= 1
        else:
            found.append((*place, one["segment_id"]))
    return sorted((row for row in found if FIRST <= row[0] <= LAST), key=repr)


@pytest.mark.parametrize("seed", range(5))
def test_random_histories(tables, history, seed):
    draw = random.Random(seed)
    segments = ("x", "y", "z")
    wins = {
        (day, contact, segment): draw.choice(("email", "sms"))
        for day in (FIRST + dt.timedelta(days=number) for number in range(-1, 8))
        for contact in range(4)
        for segment in segments
        if draw.random() < 0.4
    }
    rows = [won(*key, channel) for key, channel in wins.items()]
    sends = [
        sent(
            number,
            draw.choice("abcd"),
            draw.choice(("email_sent", "sms_sent")),
            utc("2026-03-26T10:00") + dt.timedelta(hours=draw.randrange(190)),
            draw.choice((None, None, *segments)),
        )
        for number in range(150)
    ]
    tables.put(ASSIGNMENTS, rows)
    tables.rows("activities", sends)
    assert history() == walked(rows, sends)
