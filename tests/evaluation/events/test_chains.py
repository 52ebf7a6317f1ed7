"""Sequences where events stand at the same instant: their ids decide, and are read only then."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.index.build import build_index, encode_index
from segmentation_pipeline.rules.tree import Sequence, Step

AS_OF = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
HOUR = 3_600_000_000
OPEN, CLICK, NO_CLICK = Step(("open",)), Step(("click",)), Step(("click",), negated=True)


@pytest.fixture(params=["plain", "coded"])
def holds(kit, request):
    """Return whether the one contact has a chain, of events given as ``(id, kind, hour)``."""

    def judged(node, *events):
        frames = kit.empty_frames()
        contact = pl.DataFrame({"object_index": [0], "contact_id": ["a"]})
        rows = [(name, "a", kind, AS_OF - dt.timedelta(hours=9 - hour)) for name, kind, hour in events]
        columns = ["activity_id", "contact_id", "kind", "at"]
        typed = {"at": pl.Datetime("us", "UTC")}
        given = {
            "contacts": contact,
            "activities": pl.DataFrame(rows, columns, schema_overrides=typed, orient="row"),
        }
        for name, frame in given.items():
            frames[name] = frame.match_to_schema(frames[name].schema, missing_columns="insert")
        index = build_index(kit.catalog, {name: frame.lazy() for name, frame in frames.items()})
        index = index if request.param == "plain" else encode_index(index)
        return evaluate_index(kit.of(kit.one("s", node)), index, AS_OF).masks["s"].to_list() == [True]

    return judged


def chained(*steps, **more):
    return Sequence("activities", steps, **more)


def test_the_greater_id_comes_later_at_the_same_instant(holds):
    node = chained(OPEN, CLICK)
    assert holds(node, ("1", "open", 0), ("2", "click", 0))
    assert not holds(node, ("2", "open", 0), ("1", "click", 0))


def test_ids_compare_as_text(holds):
    assert not holds(chained(OPEN, CLICK), ("9", "open", 0), ("10", "click", 0))


def test_one_event_serves_one_step(holds):
    assert not holds(chained(OPEN, OPEN), ("1", "open", 0))
    assert holds(chained(OPEN, OPEN), ("1", "open", 0), ("2", "open", 0))


def test_a_forbidden_event_between_by_its_id_alone(holds):
    node = chained(OPEN, NO_CLICK, OPEN)
    assert not holds(node, ("1", "open", 0), ("2", "click", 0), ("3", "open", 0))
    assert holds(node, ("1", "open", 0), ("2", "open", 0), ("3", "click", 0))


def test_a_gap_and_a_span_include_their_ends(holds):
    events = (("1", "open", 0), ("2", "click", 2), ("3", "open", 4))
    steps = (OPEN, CLICK, OPEN)
    assert holds(chained(*steps, gap=2 * HOUR, span=4 * HOUR), *events)
    assert not holds(chained(*steps, gap=2 * HOUR - 1), *events)
    assert not holds(chained(*steps, span=4 * HOUR - 1), *events)


def test_forbidden_events_around_a_chain_count_within_the_gap(holds):
    before = chained(NO_CLICK, OPEN, OPEN, gap=2 * HOUR)
    after = chained(OPEN, OPEN, NO_CLICK, gap=2 * HOUR)
    opens = (("4", "open", 3), ("5", "open", 4))
    assert not holds(before, ("1", "click", 1), *opens)
    assert holds(before, ("1", "click", 0), *opens)
    assert not holds(after, ("6", "click", 6), *opens)
    assert holds(after, ("6", "click", 7), *opens)


def test_a_later_start_may_be_the_one_that_fits(holds):
    node = chained(OPEN, CLICK, gap=HOUR)
    assert holds(node, ("1", "open", 0), ("2", "open", 5), ("3", "click", 6))
