"""How far a query has been read: the largest value of one of its columns, kept as text with its kind."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from segmentation_pipeline.errors import ImportFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["instant", "local", "day", "integer", "number", "text"]
_Value = dt.datetime | dt.date | int | Decimal | str
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Watermark:
    """One value and what it is: ``instant`` is in UTC, ``local`` a time without a zone."""

    kind: Kind
    value: _Value

    def __str__(self) -> str:
        text = self.value.isoformat() if isinstance(self.value, dt.date) else str(self.value)
        return f"{self.kind} {text}"

    @classmethod
    def parse(cls, text: str) -> Watermark:
        """Return what ``str`` wrote."""
        kind, _, value = text.partition(" ")
        match kind:
            case "instant" | "local":
                return cls(kind, dt.datetime.fromisoformat(value))
            case "day":
                return cls("day", dt.date.fromisoformat(value))
            case "integer":
                return cls("integer", int(value))
            case "number":
                return cls("number", Decimal(value))
            case _:
                return cls("text", value)

    def earlier(self, overlap: dt.timedelta) -> Watermark:
        """Return it moved back by ``overlap``; raise `ImportFailed` for what is no time."""
        if not overlap:
            return self
        if not isinstance(self.value, dt.date):
            raise ImportFailed(f"`overlap` needs a watermark that is a time, and this one is a {self.kind}")
        return Watermark(self.kind, self.value - overlap)

    def below(self) -> Watermark:
        """Return the next smaller value where there is one, so that `>` leaves out no equal value."""
        match self.value:
            case dt.datetime():
                return Watermark(self.kind, self.value - _MICROSECOND)
            case dt.date():
                return Watermark(self.kind, self.value - dt.timedelta(days=1))
            case int():
                return Watermark(self.kind, self.value - 1)
            case _:
                return self


def highest(column: str, values: Iterable[object], now: dt.datetime) -> Watermark | None:
    """Return the watermark of some values; None without one.

    An instant later than ``now`` counts as ``now``: one row dated far ahead must not hide all that come.

    Raises:
        ImportFailed: values are of several kinds, or of one that has no order.
    """
    marks = [_mark(column, value) for value in values if value is not None]
    if not marks:
        return None
    kinds = sorted({mark.kind for mark in marks})
    if len(kinds) > 1:
        raise ImportFailed(f"the watermark `{column}` has values of several kinds: {', '.join(kinds)}")
    top = Watermark(marks[0].kind, max(mark.value for mark in marks))
    limit = {"instant": now, "local": now.replace(tzinfo=None) + dt.timedelta(days=1)}.get(top.kind)
    return Watermark(top.kind, min(top.value, limit)) if limit is not None else top


def later(one: Watermark | None, other: Watermark | None) -> Watermark | None:
    """Return the larger of two of one kind."""
    if one is None or other is None:
        return one or other
    if one.kind != other.kind:
        raise ImportFailed(f"the watermark has values of several kinds: {one.kind}, {other.kind}")
    return max(one, other, key=lambda mark: mark.value)


def _mark(column: str, value: object) -> Watermark:
    match value:
        case bool():
            pass
        case dt.datetime() if value.tzinfo is not None:
            return Watermark("instant", value.astimezone(dt.UTC))
        case dt.datetime():
            return Watermark("local", value)
        case dt.date():
            return Watermark("day", value)
        case int():
            return Watermark("integer", value)
        case float() | Decimal() if math.isfinite(value):
            return Watermark("number", Decimal(str(value)))
        case str():
            return Watermark("text", value)
    raise ImportFailed(
        f"`{column}` cannot be a watermark: it holds {value!r}",
        hint="take a time, a number or a text that grows",
    )
