"""Masks of days and of ranks, against the plain loops they stand for."""

from __future__ import annotations

import numpy as np
import pytest

from segmentation_pipeline.simulation.day_masks.bits import by_day, day_before, packed, prefixes, united
from segmentation_pipeline.simulation.day_masks.runs import at_least


def unpacked(words, days):
    return np.array(
        [(words[day // 64] >> np.uint64(day % 64)) & np.uint64(1) for day in range(days)], dtype=bool
    )


@pytest.mark.parametrize(
    ("rows", "days", "width"), [(1, 1, 1), (3, 90, 7), (64, 64, 5), (65, 130, 1500), (50, 63, 0)]
)
def test_days_of_rows_become_rows_of_days(rows, days, width):
    truths = np.random.default_rng(rows).random((rows, days, width)) < 0.4
    turned = by_day([packed(mine) for mine in truths], days)
    assert turned.shape == (days, -(-rows // 64), width)
    for day in range(days):
        assert (unpacked(turned[day], rows) == truths[:, day]).all()


def test_no_rows_are_no_bits():
    assert by_day([], 3).shape == (3, 1, 0)


def test_a_prefix_is_the_first_days():
    words = prefixes(70)
    assert [unpacked(words[:, [k]], 70).sum() for k in (0, 1, 64, 70)] == [0, 1, 64, 70]


def test_the_day_before_crosses_words():
    truths = np.random.default_rng(3).random((90, 20)) < 0.5
    moved = unpacked(day_before(packed(truths)), 90)
    assert not moved[0].any()
    assert (moved[1:] == truths[:-1]).all()


def test_the_masks_of_a_position_are_united():
    words = np.array([[1, 2, 4, 8]], dtype=np.uint64)
    assert united(words, np.array([0, 2, 2, 3]), 5).tolist() == [[1, 0, 6, 8, 0]]
    assert united(words[:, :0], np.zeros(0, dtype=np.int64), 2).tolist() == [[0, 0]]


@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_days_that_so_many_runs_cover(count):
    class Ten:
        until = prefixes(10)
        words = 1

        def __len__(self):
            return 10

    dice = np.random.default_rng(count)
    positions = np.sort(dice.integers(0, 6, 40))
    first, after = (np.zeros(40, dtype=np.int64) for _ in range(2))
    for position in range(6):
        mine = positions == position
        first[mine], after[mine] = (np.sort(dice.integers(0, 11, mine.sum())) for _ in range(2))
    found = unpacked(at_least(count, positions, (first, after), Ten(), 6), 10)
    for position in range(6):
        for day in range(10):
            covering = (positions == position) & (first <= day) & (day < after)
            assert found[day, position] == (covering.sum() >= count)
