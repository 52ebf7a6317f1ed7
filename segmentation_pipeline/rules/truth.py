"""What each operator says about one value: positive operators first, negatives as their complements."""

from __future__ import annotations

import decimal
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.catalog.types import Date, FieldType, ListOf, Number
from segmentation_pipeline.rules.clock import to_date, to_day, to_micros
from segmentation_pipeline.rules.operators import OPERATORS, family
from segmentation_pipeline.rules.regex import regex_search

if TYPE_CHECKING:
    from collections.abc import Callable

    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.tree import Compare

    Span = tuple[Any, Any]

# Unicode's White_Space property; `str.strip()` would also take U+001C to U+001F.
_WHITE_SPACE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


@dataclass(frozen=True, slots=True)
class Scale:
    """Lays values of one type out on a line, where a literal covers a closed span of places.

    A date-only bound covers its whole local day, a number one point. ``floating``: numbers are
    compared as 64-bit floats instead of exactly. ``daily``: instants stand for their local days.
    """

    kind: FieldType
    clock: Clock
    ignore_case: bool = False
    floating: bool = False
    daily: bool = False

    def place(self, value: Any) -> Any:
        """Return where a value (of the type, never null) lies; a list has a tuple of places."""
        kind = self.kind.of if isinstance(self.kind, ListOf) else self.kind
        if isinstance(value, tuple):
            return tuple(self.place(element) for element in value)
        match family(kind):
            case "number":
                return float(value) if self.floating else exact(value)
            case "datetime":
                instant = to_micros(value)
                return self.clock.local_day(instant) if self.daily else instant
            case "date":
                return to_day(value)
            case "boolean":
                return value
            case _:
                return self.text(value)

    def span(self, literal: Any) -> Span:
        """Return the first and last place that a literal of a rule covers."""
        match family(self.kind.of if isinstance(self.kind, ListOf) else self.kind):
            case "datetime":
                start, end = self.clock.extent(literal)
                return start, end - 1
            case "date":
                start, end = self.clock.days(literal)
                return start, end - 1
            case _:
                place = self.place(literal)
                return place, place

    def text(self, value: str) -> str:
        composed = unicodedata.normalize("NFC", value)
        return composed.lower() if self.ignore_case else composed


def exact(value: float | decimal.Decimal | Fraction) -> Fraction:
    """Return a number exactly; a float stands for the shortest decimal that reads as it."""
    return Fraction(decimal.Decimal(repr(value))) if isinstance(value, float) else Fraction(value)


def satisfies(compare: Compare, value: Any, scale: Scale) -> bool:
    """Return whether ``value`` (normal, or None) meets the literals, window or pattern of ``compare``."""
    if OPERATORS[compare.operator].takes == "nothing":
        return _signed(compare, value is None, lambda name: _UNARY[name](value))
    if isinstance(scale.kind, ListOf):
        return _signed(
            compare, value is None, lambda name: _list(name, scale.place(value), compare.value, scale)
        )
    return _signed(compare, value is None, lambda name: _scalar(name, value, compare.value, scale))


def satisfies_field(compare: Compare, value: Any, other: Any, kind: FieldType, scale: Scale) -> bool:
    """Return whether ``value`` stands in the relation of ``compare`` to ``other``, of type ``kind``."""
    daily = isinstance(scale.kind, Date) or isinstance(kind, Date)
    floating = scale.floating or _element(kind) == Number()
    mine = Scale(scale.kind, scale.clock, compare.ignore_case, floating, daily)
    theirs = Scale(kind, scale.clock, compare.ignore_case, floating, daily)

    def positive(name: str) -> bool:
        here, there = mine.place(value), theirs.place(other)
        if isinstance(here, tuple):
            return set(here) == set(there)
        return _ORDERED[name](here, (there, there))

    return _signed(compare, value is None or other is None, positive)


def _signed(compare: Compare, null: bool, positive: Callable[[str], bool]) -> bool:
    operator = OPERATORS[compare.operator]
    name = operator.positive or operator.name
    truth = positive(name) if not null or name == "is_empty" else False
    if operator.positive is None:
        return truth
    return not truth and not (null and compare.nulls_excluded)


def _scalar(name: str, value: Any, wanted: Any, scale: Scale) -> bool:
    if name == "within":
        return _within(value, wanted, scale)
    if name == "anniversary":
        day = value if isinstance(scale.kind, Date) else to_date(scale.clock.local_day(to_micros(value)))
        return (day.month, day.day) in scale.clock.anniversary_days(wanted)
    if name == "matches":
        return regex_search(wanted, ignore_case=scale.ignore_case)(value)
    place = scale.place(value)
    if name in _PARTS:
        return any(_PARTS[name](place, scale.text(literal)) for literal in several(wanted))
    if name == "in":
        return any(_covers(place, scale.span(literal)) for literal in wanted)
    if name == "between":
        return bool(scale.span(wanted[0])[0] <= place <= scale.span(wanted[1])[1])
    return _ORDERED[name](place, scale.span(wanted))


def _list(name: str, places: tuple[Any, ...], wanted: Any, scale: Scale) -> bool:
    if name == "in":
        return any(_list("equals", places, literals, scale) for literals in wanted)
    spans = [scale.span(literal) for literal in several(wanted)]
    found = [any(_covers(place, span) for place in places) for span in spans]
    if name == "equals":
        return all(found) and all(any(_covers(place, span) for span in spans) for place in places)
    return all(found) if name == "has_all" else any(found)


def _within(value: Any, window: Any, scale: Scale) -> bool:
    low, high = scale.clock.day_span(window) if isinstance(scale.kind, Date) else scale.clock.span(window)
    place = scale.place(value)
    return (low is None or low <= place) and (high is None or place < high)


def several(wanted: Any) -> tuple[Any, ...]:
    """Return the literals of an operator that takes one or many."""
    return wanted if isinstance(wanted, tuple) else (wanted,)


def _covers(place: Any, span: Span) -> bool:
    return bool(span[0] <= place <= span[1])


def _element(kind: FieldType) -> FieldType:
    return kind.of if isinstance(kind, ListOf) else kind


def is_blank(text: str) -> bool:
    """Return whether a text is empty, or nothing but white space."""
    return not text.strip(_WHITE_SPACE)


def _empty(value: Any) -> bool:
    return is_blank(value) if isinstance(value, str) else value is None or value == ()


_UNARY: dict[str, Callable[[Any], bool]] = {
    "is_empty": _empty,
    "is_true": lambda value: value is True,
    "is_false": lambda value: value is False,
}
_PARTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}
_ORDERED: dict[str, Callable[[Any, Span], bool]] = {
    "equals": _covers,
    "on": _covers,
    "less_than": lambda place, span: bool(place < span[0]),
    "before": lambda place, span: bool(place < span[0]),
    "less_than_or_equal": lambda place, span: bool(place <= span[1]),
    "on_or_before": lambda place, span: bool(place <= span[1]),
    "greater_than": lambda place, span: bool(place > span[1]),
    "after": lambda place, span: bool(place > span[1]),
    "greater_than_or_equal": lambda place, span: bool(place >= span[0]),
    "on_or_after": lambda place, span: bool(place >= span[0]),
}
