"""Where each object stands among a population, by exact values."""

from __future__ import annotations

import datetime as dt
import decimal
from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.catalog.types import FieldType, ListOf
from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.rules.clock import to_day, to_micros
from segmentation_pipeline.rules.occurrences import quantised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from segmentation_pipeline.rules.tree import Rank

    Values = Mapping[str, Fraction]

_FINEST = 10**12
_END = Fraction(10**25)


@dataclass(frozen=True, slots=True)
class Standings:
    """The rank of every ranked key as its form says, its position in the order, and how many are ranked."""

    ranks: Mapping[str, int | Fraction]
    positions: Mapping[str, int]

    @property
    def ranked(self) -> int:
        return len(self.positions)


def rankable(value: Any, kind: FieldType) -> Fraction | None:
    """Return the value an operand is ranked by; None where it is null.

    Averages, medians and ratios (Fractions) are rounded down to whole 10⁻¹², those beyond 10²⁵ stand
    together there; a `number` to 10⁻⁶, half to even; a date counts in days, a datetime in microseconds.
    """
    if isinstance(value, Fraction):
        return max(-_END, min(Fraction(value * _FINEST // 1, _FINEST), _END))
    known = quantised(value, kind)
    match known:
        case None:
            return None
        case dt.datetime():
            return Fraction(to_micros(known))
        case dt.date():
            return Fraction(to_day(known))
        case int() | decimal.Decimal() if not isinstance(known, bool) and not isinstance(kind, ListOf):
            return Fraction(known)
    raise UsageError(f"a value of type {kind} has no rank")


def stand(rank: Rank, values: Values) -> Standings:
    """Return where every key stands; ``values`` are those of the ranked objects alone."""
    descending = rank.order == "descending"
    positions = _positions(values, descending=descending)
    match rank.form, rank.method, rank.buckets:
        case "position", _, _:
            return Standings(positions, positions)
        case "percentile", _, _:
            percent = {key: Fraction(100 * position, len(values)) for key, position in positions.items()}
            return Standings(percent, positions)
        case "ntile", "rank", int(buckets):
            return Standings(_ntiles(values, buckets, descending=descending), positions)
        case "ntile", "quantile", int(buckets):
            return Standings(_quantiles(values, buckets, descending=descending), positions)
    raise UsageError(f"a rank as {rank.form} by method {rank.method} in {rank.buckets} buckets")


def _positions(values: Values, *, descending: bool) -> dict[str, int]:
    """Return 1 + how many stand strictly before."""
    first: dict[Fraction, int] = {}
    for position, value in enumerate(sorted(values.values(), reverse=descending), start=1):
        first.setdefault(value, position)
    return {key: first[value] for key, value in values.items()}


def _ntiles(values: Values, buckets: int, *, descending: bool) -> dict[str, int]:
    """Return SQL's NTILE over (value in order, key ascending): the first buckets take one more."""
    # Sorting is stable in both directions, so ties stay in the order of their keys.
    ordered = sorted(sorted(values), key=lambda key: values[key], reverse=descending)
    size, larger = divmod(len(ordered), buckets)
    found: dict[str, int] = {}
    for bucket in range(1, buckets + 1):
        count = size + 1 if bucket <= larger else size
        found |= dict.fromkeys(ordered[len(found) : len(found) + count], bucket)
    return found


def _quantiles(values: Values, buckets: int, *, descending: bool) -> dict[str, int]:
    """Return buckets between distinct quantiles of the ascending values, each closed on the right."""
    ascending = sorted(values.values())
    if not ascending:
        return {}
    edges = sorted({_quantile(ascending, Fraction(number, buckets)) for number in range(buckets + 1)})
    found = {key: max(bisect_left(edges, value), 1) for key, value in values.items()}
    last = max(len(edges) - 1, 1)
    return {key: last + 1 - bucket for key, bucket in found.items()} if descending else found


def _quantile(ascending: Sequence[Fraction], share: Fraction) -> Fraction:
    """Return the linearly interpolated quantile: place ``(n − 1) × share`` among the values."""
    place = (len(ascending) - 1) * share
    below = place.numerator // place.denominator
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + (ascending[above] - ascending[below]) * (place - below)
