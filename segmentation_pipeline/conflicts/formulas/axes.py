"""Values of ordered types as whole numbers on an axis, and what a comparison covers of it.

Integers and decimals lie at their units, floats in the order of their bits, days and instants as
`clock` counts them. On a dense axis (averages, ratios) a literal lies at an even place and all that
is strictly between two neighbours at an odd one. Spans are half-open; None is an open end.
"""

from __future__ import annotations

import datetime as dt
import decimal
import struct
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.catalog.types import Date, Datetime, Decimal, FieldType, Number
from segmentation_pipeline.rules.clock import DAY, to_date, to_day
from segmentation_pipeline.rules.truth import exact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.rules.clock import Clock

    Span = tuple[int | None, int | None]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_INT64 = 2**63
_SIGN = _INT64 - 1
_FIRST, _AFTER = to_day(dt.date.min), to_day(dt.date.max) + 1
# Instants keep a day of margin on both sides, so that each has a local day in every zone.


@dataclass(frozen=True, slots=True)
class Axis:
    """The axis of a type; ``bounds`` are its first place and the one after its last."""

    kind: FieldType
    dense: bool = False
    least: float | None = None
    most: float | None = None

    def bounds(self) -> tuple[int, int]:
        """Return the first place a value can have, and the one after the last."""
        match self.kind:
            case Date():
                return _FIRST, _AFTER
            case Datetime():
                return (_FIRST + 1) * DAY, (_AFTER - 1) * DAY
            case Number():
                infinite = float("inf")
                low = self.place(-infinite if self.least is None else self.least)
                return low, self.place(infinite if self.most is None else self.most) + 1
        if isinstance(self.kind, Decimal):
            limit = 10**38 * (2 if self.dense else 1)
            low, high = -limit + 1, limit
        else:
            low, high = -_INT64, _INT64
        if self.least is not None:
            low = max(low, -((-self._scaled(self.least)) // 1))
        if self.most is not None:
            high = min(high, self._scaled(self.most) // 1 + 1)
        return int(low), int(high)

    def place(self, number: Any) -> int:
        """Return where a number lies that is one of the type."""
        if isinstance(self.kind, Number):
            bits: int = struct.unpack("<q", struct.pack("<d", number))[0]
            return bits if bits >= 0 else -(bits & _SIGN)
        return int(self._scaled(number))

    def _scaled(self, number: Any) -> Any:
        scale = self.kind.scale if isinstance(self.kind, Decimal) else 0
        return exact(number) * 10**scale * (2 if self.dense else 1)

    def extent(self, literal: Any, clock: Clock) -> tuple[int, int]:
        """Return the places that a literal covers: a day on an axis of instants is all of it."""
        match self.kind:
            case Date():
                return clock.days(literal)
            case Datetime():
                return clock.extent(literal)
        place = self.place(literal)
        return place, place + 1

    def spans(self, operator: str, value: Any, clock: Clock) -> tuple[Span, ...]:
        """Return what a positive operator covers, in order and apart from each other."""
        if operator == "within":
            window = clock.day_span if isinstance(self.kind, Date) else clock.span
            return merged([window(value)])
        if operator == "in":
            return merged(self.extent(literal, clock) for literal in value)
        if operator == "between":
            return merged([(self.extent(value[0], clock)[0], self.extent(value[1], clock)[1])])
        start, end = self.extent(value, clock)
        match operator:
            case "equals" | "on":
                return ((start, end),)
            case "less_than" | "before":
                return ((None, start),)
            case "less_than_or_equal" | "on_or_before":
                return ((None, end),)
            case "greater_than" | "after":
                return ((end, None),)
            case "greater_than_or_equal" | "on_or_after":
                return ((start, None),)
        raise NotImplementedError(f"no span of the operator `{operator}`")

    def value(self, place: int) -> Any:
        """Return the value of the type at a place; of a dense axis it has none."""
        match self.kind:
            case Date():
                return to_date(place)
            case Datetime():
                return _EPOCH + dt.timedelta(microseconds=place)
            case Number():
                bits = place if place >= 0 else -place
                number: float = struct.unpack("<d", struct.pack("<q", bits))[0]
                return number if place >= 0 else -number
            case Decimal(scale):
                with decimal.localcontext(prec=60):
                    return decimal.Decimal(place).scaleb(-scale)
        return place

    def plain(self, low: int | None, high: int | None, near: int) -> int:
        """Return the plainest place of a span that is not empty: 0 or a round number, a moment near."""
        first, after = self.bounds()
        low = first if low is None else max(low, first)
        high = after if high is None else min(high, after)
        for place in self._plain_ones(low, high, near):
            if low <= place < high:
                return place
        raise ValueError(f"no place from {low} up to {high}")

    def _plain_ones(self, low: int, high: int, near: int) -> Iterable[int]:
        if isinstance(self.kind, (Date, Datetime)):
            step = 1 if isinstance(self.kind, Date) else DAY // 24
            yield near
            edges = (low // step * step + step, high // step * step - step)
            # Of a span that ended long ago, its end: what is nearest to now is easiest to picture.
            yield from edges if near < low else reversed(edges)
        else:
            yield self.place(0)
            if isinstance(self.kind, Number):
                for edge, sign in ((low, 1), (high, -1)):
                    if abs(number := self.value(edge)) < 2**53:
                        yield self.place(float(int(number) + sign))
        yield low
        yield high - 1


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans in order, without empty ones, and joined where they touch.

    >>> merged([(5, 6), (1, 3), (3, 4), (7, 7)])
    ((1, 4), (5, 6))
    """
    low, high = float("-inf"), float("inf")
    ordered = sorted((low if a is None else a, high if b is None else b) for a, b in spans)
    found: list[list[float]] = []
    for start, end in ordered:
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    return tuple((None if a == low else int(a), None if b == high else int(b)) for a, b in found)


@cache
def year_days() -> dict[tuple[int, int], int]:
    """Return the places of the 366 (month, day) pairs of a year."""
    first = dt.date(2024, 1, 1)
    days = (first + dt.timedelta(days=number) for number in range(366))
    return {(day.month, day.day): number for number, day in enumerate(days)}


def day_of_year(day: int) -> int:
    """Return the place of a calendar day among the 366 of a year."""
    date = to_date(day)
    return year_days()[date.month, date.day]
