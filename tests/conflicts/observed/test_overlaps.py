"""What two segments share."""

from __future__ import annotations

from segmentation_pipeline.conflicts.observed.bits import row_of
from segmentation_pipeline.conflicts.observed.overlaps import find_overlaps
from segmentation_pipeline.errors import Position
from segmentation_pipeline.rules.segment import Segment
from segmentation_pipeline.rules.tree import Everyone


def segment(name: str, object_name: str = "contact") -> Segment:
    return Segment(name, name, "dynamic", object_name, "UTC", name, Position("", 1, 1), Everyone())


def test_every_pair_once_with_its_shares():
    bits = {"b": row_of([1, 2, 3, 4]), "a": row_of([3, 4, 100]), "c": row_of([3, 4])}
    found = find_overlaps([segment(name) for name in bits], bits)
    assert [(one.pair, one.size_a, one.size_b, one.overlap) for one in found] == [
        (("a", "b"), 3, 4, 2),
        (("a", "c"), 3, 2, 2),
        (("b", "c"), 4, 2, 2),
    ]
    assert [(one.jaccard, one.share_of_a, one.share_of_b) for one in found] == [
        (2 / 5, 2 / 3, 2 / 4),
        (2 / 3, 2 / 3, 1),
        (1 / 2, 1 / 2, 1),
    ]


def test_shares_of_nothing_are_null():
    (one,) = find_overlaps([segment("a"), segment("b")], {"a": row_of([]), "b": row_of([])})
    assert (one.overlap, one.jaccard, one.share_of_a, one.share_of_b) == (0, None, None, None)


def test_only_one_kind_of_object_is_compared_and_only_what_was_seen():
    kinds = [segment("a"), segment("b", "company"), segment("c"), segment("unseen")]
    found = find_overlaps(kinds, {"a": row_of([1]), "b": row_of([1]), "c": row_of([1])})
    assert [one.pair for one in found] == [("a", "c")]
