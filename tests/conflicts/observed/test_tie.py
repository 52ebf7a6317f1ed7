"""Proofs held against members: what contradicts, and who is left out."""

from __future__ import annotations

import pytest

from segmentation_pipeline.conflicts.model import Relation
from segmentation_pipeline.conflicts.observed.bits import row_of
from segmentation_pipeline.conflicts.observed.overlaps import Overlap
from segmentation_pipeline.conflicts.observed.tie import check_tie

NOBODY = row_of([])


def tie(relation: str, a: set[int], b: set[int], unruled=None):
    bits = {"a": row_of(list(a)), "b": row_of(list(b))}
    counted = {("a", "b"): Overlap("a", "b", len(a), len(b), len(a & b))}
    proved = [Relation("a", "b", relation, "any_day")]
    return check_tie(proved, counted, bits, {"a": NOBODY, "b": NOBODY} if unruled is None else unruled)


@pytest.mark.parametrize(
    ("relation", "a", "b"),
    [
        ("disjoint", {1, 2}, {3}),
        ("a_implies_b", {1, 2}, {1, 2, 3}),
        ("b_implies_a", {1, 2, 3}, {1}),
        ("equivalent", {1, 2}, {1, 2}),
        ("disjoint", set(), set()),
    ],
)
def test_members_that_are_as_proved(relation, a, b):
    found = tie(relation, a, b)
    assert (found.checked, found.contradictions) == (1, ())


@pytest.mark.parametrize(
    ("relation", "a", "b", "message", "objects", "example"),
    [
        ("disjoint", {1, 2, 9}, {2, 9}, "members of `a` are also in `b`", 2, 2),
        ("a_implies_b", {1, 70}, {1}, "members of `a` are not in `b`", 1, 70),
        ("b_implies_a", {1}, {1, 4, 5}, "members of `b` are not in `a`", 2, 4),
        ("equivalent", {1}, {1, 4}, "members of `b` are not in `a`", 1, 4),
    ],
)
def test_members_that_contradict_a_proof_are_named(relation, a, b, message, objects, example):
    (wrong,) = tie(relation, a, b).contradictions
    assert (wrong.message, wrong.objects, wrong.example) == (message, objects, example)


@pytest.mark.parametrize("relation", ["overlap", "possible_unverified", "unknown"])
def test_what_demands_nothing_is_not_checked(relation):
    assert tie(relation, {1}, {2}).checked == 0


def test_whom_no_rule_decides_contradicts_nothing():
    pinned = {"a": row_of([2]), "b": row_of([9])}
    assert tie("disjoint", {1, 2, 9}, {2, 9}, pinned).contradictions == ()
    (wrong,) = tie("disjoint", {1, 2, 9}, {2, 9}, {"a": row_of([2]), "b": NOBODY}).contradictions
    assert (wrong.objects, wrong.example) == (1, 9)


def test_a_segment_that_does_not_count_is_not_checked():
    assert tie("disjoint", {1}, {1}, {"a": NOBODY}).checked == 0
