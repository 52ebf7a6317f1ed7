"""Counts, sums and recency of events in time order: every event is touched once, whatever the windows.

The edges of all windows cut the rows into slices. Totals grow from the newest slice to the oldest, so
that a window is the total where it begins less the total where it ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Array = np.ndarray[Any, np.dtype[Any]]
    Span = tuple[int | None, int | None]
    Slice = tuple[int, int]

NEVER = np.iinfo(np.int64).min
"""Stands for no event where the latest is sought."""
NEVER_YET = np.iinfo(np.int64).max
"""Stands for no event where the earliest is sought."""
EXACT = float(2**52)
"""Sums of whole numbers below it are exact in 64-bit floats, in any order."""


def slices(times: Array, spans: Iterable[Span]) -> dict[Span, Slice]:
    """Return which rows, ordered by time, lie in each half-open window."""
    found = {}
    for low, high in spans:
        first = 0 if low is None else int(np.searchsorted(times, low))
        after = len(times) if high is None else int(np.searchsorted(times, high))
        found[low, high] = (first, max(first, after))
    return found


def totals(
    positions: Array, wanted: Iterable[Slice], size: int, weights: Array | None = None
) -> Iterator[tuple[Slice, Array]]:
    """Yield the count (or the sum of ``weights``) of each slice's rows, by position.

    Arrays may be shared with what follows: they are not to be changed.
    """
    begins: dict[int, list[int]] = {}
    for first, after in set(wanted):
        begins.setdefault(first, []).append(after)
    ends = {after for afters in begins.values() for after in afters}
    newest = newer = max(ends, default=0)
    total: Array | None = None
    at_end: dict[int, Array] = {}
    for edge in sorted({*begins, *ends}, reverse=True):
        part = slice(edge, newer)
        counted = np.bincount(positions[part], None if weights is None else weights[part], size)
        if total is not None:
            counted += total  # in place: at this size fresh memory costs more than the sum
        total = counted
        newer = edge
        if edge in ends and edge < newest:
            at_end[edge] = total
        for after in begins.get(edge, ()):
            yield (edge, after), total - at_end[after] if after in at_end else total


def latest(positions: Array, times: Array, size: int) -> Array:
    """Return the time of each position's last row, `NEVER` without one; rows are in time order."""
    found = np.full(size, NEVER)
    found[positions] = times
    return found


def earliest(positions: Array, times: Array, size: int) -> Array:
    """Return the time of each position's first row, `NEVER_YET` without one; rows are in time order."""
    found = np.full(size, NEVER_YET)
    found[positions[::-1]] = times[::-1]
    return found
