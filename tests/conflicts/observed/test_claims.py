"""Who is claimed twice, and who wins: rank is priority descending, then segment id."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.conflicts.observed.bits import row_of
from segmentation_pipeline.conflicts.observed.claims import find_contests
from segmentation_pipeline.errors import Position
from segmentation_pipeline.rules.delivery import Delivery
from segmentation_pipeline.rules.segment import Segment
from segmentation_pipeline.rules.tree import Everyone

DAY = dt.date(2026, 6, 30)
NOWHERE = Position("", 1, 1)


def segment(name: str, object_name: str = "contact", **delivery: object) -> Segment:
    block = Delivery(**delivery) if delivery else None
    return Segment(name, name, "dynamic", object_name, "UTC", name, NOWHERE, Everyone(), delivery=block)


def claims(segments, members, day=DAY, kind="contact"):
    """Return, by scope, the rows of the claims."""
    bits = {name: row_of(ids) for name, ids in members.items()}
    return {
        str(contest.scope): [row for frame in contest.claims() for row in frame.iter_rows()]
        for contest in find_contests(segments, bits, day, kind)
    }


def test_the_higher_priority_wins_and_says_so():
    low, high = segment("a", channel="email", priority=1), segment("b", channel="email", priority=2)
    assert claims([low, high], {"a": [1, 2], "b": [2, 3]}) == {
        "channel:email": [(2, ["b", "a"], "b", "a", "priority")]
    }


def test_of_equal_priority_the_smaller_id_wins_by_tie_break():
    both = [segment("b", channel="email", priority=5), segment("a", channel="email", priority=5)]
    assert claims(both, {"a": [7], "b": [7]})["channel:email"] == [(7, ["a", "b"], "a", "b", "tie_break")]


def test_only_winner_and_runner_up_decide():
    three = [
        segment("a", channel="sms", priority=9),
        segment("b", channel="sms"),
        segment("c", channel="sms"),
    ]
    found = claims(three, {"a": [0], "b": [0, 1], "c": [0, 1]})
    assert found["channel:sms"] == [
        (0, ["a", "b", "c"], "a", "b", "priority"),
        (1, ["b", "c"], "b", "c", "tie_break"),
    ]


def test_who_loses_in_a_group_claims_no_channel():
    holder = segment("holder", channel="phone", priority=9, exclusivity_group="life")
    loser = segment("loser", channel="email", priority=5, exclusivity_group="life")
    letter = segment("letter", channel="email", priority=1)
    found = claims([holder, loser, letter], {"holder": [1], "loser": [1, 2], "letter": [1, 2]})
    assert found == {
        "group:life": [(1, ["holder", "loser"], "holder", "loser", "priority")],
        "channel:email": [(2, ["loser", "letter"], "loser", "letter", "priority")],
    }


@pytest.mark.parametrize(
    "delivery",
    [{"starts": "2026-07-01"}, {"ends": "2026-06-29"}],
    ids=["not yet", "no more"],
)
def test_a_segment_claims_from_its_first_to_its_last_day(delivery):
    other = segment("b", channel="email")
    out = segment("a", channel="email", **delivery)
    assert claims([out, other], {"a": [1], "b": [1]}) == {}
    last = segment("a", channel="email", starts="2026-06-30", ends="2026-06-30")
    assert len(claims([last, other], {"a": [1], "b": [1]})["channel:email"]) == 1


def test_objects_of_another_kind_do_not_compete():
    contact, company = segment("a", channel="email"), segment("b", "company", channel="email")
    assert claims([contact, company], {"a": [1], "b": [1]}) == {}


def test_a_segment_without_delivery_claims_nothing():
    assert claims([segment("a"), segment("b", channel="email")], {"a": [1], "b": [1]}) == {}


def test_more_segments_than_one_word_holds():
    many = [segment(f"s{n:03}", channel="email", priority=-n) for n in range(130)]
    found = claims(many, {f"s{n:03}": [0, 1000 + n] if n % 2 else [0] for n in range(130)})
    ((index, names, winner, runner_up, decided_by),) = found["channel:email"]
    assert (index, winner, runner_up, decided_by) == (0, "s000", "s001", "priority")
    assert names == [f"s{n:03}" for n in range(130)]
