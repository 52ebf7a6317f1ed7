"""Masks of days from runs of days, one a row: ``first`` to before ``after``.

Rows stand by position, and for each position in the order of time, so that ``first`` and ``after``
never fall within one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.simulation.day_masks.bits import united

if TYPE_CHECKING:
    from segmentation_pipeline.simulation.day_masks.bits import Array, Words
    from segmentation_pipeline.simulation.day_masks.days import Days


def at_least(count: int, positions: Array, runs: tuple[Array, Array], days: Days, size: int) -> Words:
    """Return the days that at least ``count`` rows of a position cover.

    As runs begin and end in order, these are the days that some ``count`` neighbours all cover: from the
    last one's first to the first one's last.
    """
    first, after = runs
    if count > len(positions):
        return np.zeros((days.words, size), dtype=np.uint64)
    last = len(positions) - count + 1
    starts, stops = first[count - 1 :], after[:last]
    chosen = starts < stops
    if count > 1:
        chosen &= positions[count - 1 :] == positions[:last]
    return united(between(starts[chosen], stops[chosen], days), positions[:last][chosen], size)


def between(first: Array, after: Array, days: Days) -> Words:
    """Return the masks of runs of days, shape (words, rows); a run that ends before it begins is empty."""
    return days.until[:, after] & ~days.until[:, first]


def latest(positions: Array, first: Array, after: Array, days: Days) -> tuple[Array, Array]:
    """Return the runs on which each row is the last of its position that counts."""
    following = np.full(len(positions), len(days), dtype=first.dtype)
    same = positions[1:] == positions[:-1]
    following[:-1][same] = first[1:][same]
    return first, np.minimum(after, following)


def earliest(positions: Array, first: Array, after: Array) -> tuple[Array, Array]:
    """Return the runs on which each row is the first of its position that counts."""
    previous = np.zeros(len(positions), dtype=after.dtype)
    same = positions[1:] == positions[:-1]
    previous[1:][same] = after[:-1][same]
    return np.maximum(first, previous), after
