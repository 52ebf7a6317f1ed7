"""One comparison as a Polars expression over the column of its operand.

Each function answers for one family of types and gives a positive predicate that may be null where
the operand is; `compare` alone decides what null means. Bounds are half-open integers: microseconds
for ``datetime``, days for ``date``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import polars as pl

from segmentation_pipeline.catalog.contracts import polars_type
from segmentation_pipeline.catalog.types import Date, Datetime, Decimal, FieldType, Integer, ListOf, Number
from segmentation_pipeline.rules.operators import OPERATORS, family

if TYPE_CHECKING:
    from collections.abc import Callable

    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.moments import Moment
    from segmentation_pipeline.rules.tree import Compare, Field
    from segmentation_pipeline.rules.windows import Window

    Span = tuple[int | None, int | None]

_ORDER: dict[str, str] = {
    "before": "less_than",
    "after": "greater_than",
    "on_or_before": "less_than_or_equal",
    "on_or_after": "greater_than_or_equal",
    "on": "equals",
}
_BLANK = r"^\p{White_Space}*$"


def compare(node: Compare, column: pl.Expr, clock: Clock, other: pl.Expr | None = None) -> pl.Expr:
    """Return the two-valued expression of a comparison.

    Null makes a positive operator false; a negative one is its exact complement, so null satisfies
    it unless the rule excludes nulls. ``other`` is the column of the field compared with, if any.
    """
    operator = OPERATORS[node.operator]
    name = operator.positive or operator.name
    if other is not None:
        positive = against_field(name, column, node, other, clock)
        null = column.is_null() | other.is_null()
    else:
        positive = predicate(name, node.operand.type, column, node.value, node.ignore_case, clock)
        null = column.is_null()
    truth = positive.fill_null(value=False)
    if operator.positive is None:
        return truth
    return ~truth & ~null if node.nulls_excluded else ~truth


def predicate(
    name: str, kind: FieldType, column: pl.Expr, value: Any, ignore_case: bool, clock: Clock
) -> pl.Expr:
    """Return a positive predicate; null where the column is, except for ``is_empty``."""
    if name == "is_empty":
        return is_empty(kind, column)
    match family(kind):
        case "text" | "enum":
            return text(name, column, value, ignore_case)
        case "number":
            return number(name, kind, column, value)
        case "boolean":
            return column == (value if name == "equals" else name == "is_true") if name != "in" else column.is_in(value)
        case "list":
            return elements(name, cast("ListOf", kind), column, value, ignore_case, clock)
        case _:
            return time(name, kind, column, value, clock)


def is_empty(kind: FieldType, column: pl.Expr) -> pl.Expr:
    """True for null, for text of white space only, for a list without elements."""
    match family(kind):
        case "text" | "enum":
            return column.is_null() | column.str.contains(_BLANK)
        case "list":
            return column.is_null() | (column.list.drop_nulls().list.len() == 0)
        case _:
            return column.is_null()


def text(name: str, column: pl.Expr, value: Any, ignore_case: bool) -> pl.Expr:
    """Compare text in NFC; where case is ignored, both sides in lower case."""
    if name == "matches":
        return column.str.contains(f"(?i){value}" if ignore_case else value, literal=False, strict=True)
    fold: Callable[[str], str] = str.lower if ignore_case else str
    subject = column.str.to_lowercase() if ignore_case else column
    match name:
        case "equals":
            return subject == fold(value)
        case "in":
            return subject.is_in([fold(literal) for literal in value])
        case "contains":
            return _any(value, lambda part: subject.str.contains(fold(part), literal=True))
        case "starts_with":
            return _any(value, lambda part: subject.str.starts_with(fold(part)))
        case "ends_with":
            return _any(value, lambda part: subject.str.ends_with(fold(part)))
    raise NotImplementedError(f"no translation of `{name}` for text")


def number(name: str, kind: FieldType, column: pl.Expr, value: Any) -> pl.Expr:
    """Compare integers and decimals exactly, ``number`` as 64-bit floats."""

    def literal(one: Any) -> pl.Expr:
        return pl.lit(one, dtype=polars_type(kind))

    match name:
        case "in":
            return column.is_in(pl.Series(value, dtype=polars_type(kind)).implode())
        case "between":
            return column.is_between(literal(value[0]), literal(value[1]))
        case _:
            return ordered(name, column, literal(value))


def ordered(name: str, left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """Return ``left <operator> right`` for values that are single points."""
    match _ORDER.get(name, name):
        case "equals":
            return left == right
        case "greater_than":
            return left > right
        case "greater_than_or_equal":
            return left >= right
        case "less_than":
            return left < right
        case "less_than_or_equal":
            return left <= right
    raise NotImplementedError(f"no translation of `{name}` for ordered values")


def time(name: str, kind: FieldType, column: pl.Expr, value: Any, clock: Clock) -> pl.Expr:
    """Compare with moments and windows: a date-only bound on a ``datetime`` is its whole local day."""
    daily = isinstance(kind, Date)
    point = column.to_physical().cast(pl.Int64)
    extent: Callable[[Moment], tuple[int, int]] = clock.days if daily else clock.extent
    match _ORDER.get(name, name):
        case "within":
            span = clock.day_span if daily else clock.span
            return inside(point, span(cast("Window", value)))
        case "anniversary":
            return _anniversary(local_date(column, kind, clock), value, clock)
        case "in":
            return pl.any_horizontal([inside(point, extent(moment)) for moment in value])
        case "between":
            return inside(point, (extent(value[0])[0], extent(value[1])[1]))
        case "equals":
            return inside(point, extent(value))
        case "greater_than":
            return point >= extent(value)[1]
        case "greater_than_or_equal":
            return point >= extent(value)[0]
        case "less_than":
            return point < extent(value)[0]
        case "less_than_or_equal":
            return point < extent(value)[1]
    raise NotImplementedError(f"no translation of `{name}` for dates")


def inside(point: pl.Expr, span: Span) -> pl.Expr:
    """Return whether an integer lies in a half-open span; an open end takes every value but null."""
    low, high = span
    if low is None:
        return point < high if high is not None else point.is_not_null()
    return point >= low if high is None else (point >= low) & (point < high)


def elements(name: str, kind: ListOf, column: pl.Expr, value: Any, ignore_case: bool, clock: Clock) -> pl.Expr:
    """Compare the elements of a list; null elements are ignored."""
    if name == "in":
        return pl.any_horizontal([elements("equals", kind, column, one, ignore_case, clock) for one in value])
    wanted = value if isinstance(value, tuple) else (value,)

    def is_one_of(literals: tuple[Any, ...]) -> pl.Expr:
        found = predicate("in", kind.of, pl.element(), literals, ignore_case, clock)
        return found.fill_null(value=False)

    present = column.list.drop_nulls()
    has_each = [present.list.eval(is_one_of((literal,))).list.any() for literal in wanted]
    match name:
        case "has_any" | "contains":
            return present.list.eval(is_one_of(wanted)).list.any()
        case "has_all":
            return pl.all_horizontal(has_each)
        case "equals":
            return pl.all_horizontal([*has_each, present.list.eval(is_one_of(wanted)).list.all()])
    raise NotImplementedError(f"no translation of `{name}` for lists")


def against_field(name: str, column: pl.Expr, node: Compare, other: pl.Expr, clock: Clock) -> pl.Expr:
    """Compare two columns of one row: a date with an instant by the instant's local day."""
    mine, theirs = node.operand.type, cast("Field", node.value).type
    match family(mine):
        case "number":
            shared = _common_number(mine, theirs)
            return ordered(name, column.cast(shared), other.cast(shared))
        case "date" | "datetime" if mine != theirs:
            return ordered(name, local_date(column, mine, clock), local_date(other, theirs, clock))
        case "text" | "enum" if node.ignore_case:
            return ordered(name, column.str.to_lowercase(), other.str.to_lowercase())
        case _:
            return ordered(name, column, other)


def local_date(column: pl.Expr, kind: FieldType, clock: Clock) -> pl.Expr:
    """Return the calendar day of a column: of an instant, its local day."""
    return column.dt.convert_time_zone(clock.zone).dt.date() if isinstance(kind, Datetime) else column


def _common_number(mine: FieldType, theirs: FieldType) -> pl.DataType:
    if isinstance(mine, Number) or isinstance(theirs, Number):
        return pl.Float64()
    if isinstance(mine, Integer) and isinstance(theirs, Integer):
        return pl.Int64()
    scales = [kind.scale for kind in (mine, theirs) if isinstance(kind, Decimal)]
    return pl.Decimal(38, max(scales))


def _anniversary(day: pl.Expr, value: Any, clock: Clock) -> pl.Expr:
    wanted = [month * 100 + number for month, number in sorted(clock.anniversary_days(value))]
    return (day.dt.month().cast(pl.Int32) * 100 + day.dt.day().cast(pl.Int32)).is_in(wanted)


def _any(value: Any, one: Callable[[str], pl.Expr]) -> pl.Expr:
    parts = value if isinstance(value, tuple) else (value,)
    return pl.any_horizontal([one(part) for part in parts])
