"""Half-open intervals of integers as Polars expressions: microseconds for instants, days for dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

    Span = tuple[int | None, int | None]

_FEW = 16


def inside(point: pl.Expr, span: Span) -> pl.Expr:
    """Return whether an integer lies in an interval; an open end takes every value but null."""
    low, high = span
    if low is None:
        return point < high if high is not None else point.is_not_null()
    return point >= low if high is None else (point >= low) & (point < high)


def inside_any(point: pl.Expr, spans: Iterable[tuple[int, int]]) -> pl.Expr:
    """Return whether an integer lies in one of the intervals; a long list costs a binary search a row."""
    joined = merged(spans)
    if len(joined) <= _FEW:
        return pl.any_horizontal([inside(point, span) for span in joined])
    starts = pl.lit(pl.Series([start for start, _ in joined], dtype=pl.Int64))
    ends = pl.lit(pl.Series([end for _, end in joined], dtype=pl.Int64))
    before = starts.search_sorted(point, side="right").cast(pl.Int64) - 1
    return (before >= 0) & (point < ends.gather(before.clip(0)))


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the same points as intervals that neither touch nor overlap, in order.

    >>> merged([(5, 7), (0, 2), (2, 3)])
    [(0, 3), (5, 7)]
    """
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
