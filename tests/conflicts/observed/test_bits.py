"""Rows of bits beside plain sets."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segmentation_pipeline.conflicts.observed.bits import (
    both,
    count,
    count_pairs,
    either,
    first_of_both,
    indexes_of,
    row_of,
    without,
)

SETS = st.sets(st.integers(0, 700), max_size=40)


def members(row) -> set[int]:
    return set(indexes_of(row).tolist())


@given(SETS)
def test_a_row_keeps_its_objects_in_any_order(ids):
    row = row_of(sorted(ids, reverse=True))
    assert indexes_of(row).tolist() == sorted(ids)
    assert count(row) == len(ids)


@given(SETS, SETS)
def test_rows_of_different_length_combine_as_sets(one, other):
    left, right = row_of(list(one)), row_of(list(other))
    assert members(both(left, right)) == one & other
    assert members(either(left, right)) == one | other
    assert members(without(left, right)) == one - other


@given(SETS, SETS, SETS)
def test_the_first_of_both_is_the_smallest_that_is_not_left_out(one, other, out):
    expected = min(one & other - out, default=None)
    assert first_of_both(row_of(list(one)), row_of(list(other)), row_of(list(out))) == expected


def test_the_first_of_both_is_found_far_behind():
    far = 64 * 5000 + 7
    assert first_of_both(row_of([1, far]), row_of([2, far, far + 1]), row_of([])) == far


@given(st.lists(SETS, max_size=6))
def test_pairs_are_counted_as_sets_share(sets):
    counted = count_pairs([row_of(list(ids)) for ids in sets])
    assert counted.tolist() == [[len(one & other) for other in sets] for one in sets]


def test_pairs_are_counted_over_several_blocks():
    random = np.random.default_rng(7)
    flags = random.random((5, 300_000)) < [[0.5], [0.01], [0.9], [0.0], [1.0]]
    counted = count_pairs([row_of(np.flatnonzero(row)) for row in flags])
    assert counted.tolist() == (flags.astype(np.int64) @ flags.T.astype(np.int64)).tolist()
