"""One comparison as a Polars expression over the column of its operand.

Each function answers for one family of types and gives a positive predicate that may be null where
the operand is; `compare` alone decides what null means. Bounds are half-open integers: microseconds
for ``datetime``, days for ``date``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import polars as pl

from segmentation_pipeline.catalog.contracts import polars_type
from segmentation_pipeline.catalog.types import Date, Datetime, Decimal, FieldType, Integer, ListOf, Number
from segmentation_pipeline.evaluation.comparisons.elements import Lists
from segmentation_pipeline.evaluation.comparisons.intervals import inside, inside_any
from segmentation_pipeline.rules.operators import OPERATORS, family

if TYPE_CHECKING:
    from collections.abc import Callable

    from segmentation_pipeline.evaluation.comparisons.elements import Elements
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.moments import Moment
    from segmentation_pipeline.rules.tree import Compare, Field
    from segmentation_pipeline.rules.windows import Window

_ORDER: dict[str, str] = {
    "before": "less_than",
    "after": "greater_than",
    "on_or_before": "less_than_or_equal",
    "on_or_after": "greater_than_or_equal",
    "on": "equals",
}
_BLANK = r"^\p{White_Space}*$"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a comparison asks of its operand: the positive operator, its value, and how to read both."""

    operator: str
    value: Any
    ignore_case: bool
    clock: Clock


def compare(node: Compare, column: pl.Expr | Elements, clock: Clock, other: pl.Expr | None = None) -> pl.Expr:
    """Return the two-valued expression of a comparison.

    Null makes a positive operator false; a negative one is its exact complement, so null satisfies
    it unless the rule excludes nulls. ``other`` is the column of the field compared with, if any.
    """
    operator = OPERATORS[node.operator]
    asked = Asked(operator.positive or operator.name, node.value, node.ignore_case, clock)
    if not isinstance(column, pl.Expr):
        positive = list_predicate(asked, cast("ListOf", node.operand.type), column)
        null = column.is_null()
    elif other is not None:
        positive = against_field(asked, node.operand.type, column, other)
        null = column.is_null() | other.is_null()
    else:
        positive = predicate(asked, node.operand.type, column)
        null = column.is_null()
    truth = positive.fill_null(value=False)
    if operator.positive is None:
        return truth
    return ~truth & ~null if node.nulls_excluded else ~truth


def predicate(asked: Asked, kind: FieldType, column: pl.Expr) -> pl.Expr:
    """Return a positive predicate; null where the column is, except for ``is_empty``."""
    if asked.operator == "is_empty" and not isinstance(kind, ListOf):
        return is_empty(kind, column)
    match family(kind):
        case "text" | "enum":
            return text(asked, column)
        case "number":
            return number(asked, kind, column)
        case "boolean":
            return boolean(asked, column)
        case "list":
            return list_predicate(asked, cast("ListOf", kind), Lists(column))
        case _:
            return time(asked, kind, column)


def is_empty(kind: FieldType, column: pl.Expr) -> pl.Expr:
    """True for null, and for text of white space only."""
    blank = column.str.contains(_BLANK) if family(kind) in ("text", "enum") else pl.lit(value=False)
    return column.is_null() | blank


def list_predicate(asked: Asked, kind: ListOf, held: Elements) -> pl.Expr:
    """Return a positive predicate of lists; null where there is none, except for ``is_empty``."""
    if asked.operator == "is_empty":
        return held.is_null() | held.is_empty()
    return elements(asked, kind, held)


def text(asked: Asked, column: pl.Expr) -> pl.Expr:
    """Compare text in NFC; where case is ignored, both sides in lower case."""
    value = asked.value
    if asked.operator == "matches":
        pattern = f"(?i){value}" if asked.ignore_case else value
        return column.str.contains(pattern, literal=False, strict=True)
    fold: Callable[[str], str] = str.lower if asked.ignore_case else str
    subject = column.str.to_lowercase() if asked.ignore_case else column
    match asked.operator:
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
    raise NotImplementedError(f"no translation of `{asked.operator}` for text")


def number(asked: Asked, kind: FieldType, column: pl.Expr) -> pl.Expr:
    """Compare integers and decimals exactly, ``number`` as 64-bit floats."""
    dtype, value = polars_type(kind), asked.value
    match asked.operator:
        case "in":
            return column.is_in(pl.Series(value, dtype=dtype).implode())
        case "between":
            return column.is_between(pl.lit(value[0], dtype=dtype), pl.lit(value[1], dtype=dtype))
        case _:
            return ordered(asked.operator, column, pl.lit(value, dtype=dtype))


def boolean(asked: Asked, column: pl.Expr) -> pl.Expr:
    match asked.operator:
        case "in":
            return column.is_in(list(asked.value))
        case "equals":
            return column.eq(bool(asked.value))
        case "is_true":
            return column
        case "is_false":
            return ~column
    raise NotImplementedError(f"no translation of `{asked.operator}` for booleans")


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


def time(asked: Asked, kind: FieldType, column: pl.Expr) -> pl.Expr:
    """Compare with moments and windows: a date-only bound on a ``datetime`` is its whole local day."""
    daily, clock, value = isinstance(kind, Date), asked.clock, asked.value
    point = column.to_physical().cast(pl.Int64)
    extent: Callable[[Moment], tuple[int, int]] = clock.days if daily else clock.extent
    match _ORDER.get(asked.operator, asked.operator):
        case "within":
            span = clock.day_span if daily else clock.span
            return inside(point, span(cast("Window", value)))
        case "anniversary":
            return _anniversary(local_date(column, kind, clock), value, clock)
        case "in":
            return inside_any(point, map(extent, value))
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
    raise NotImplementedError(f"no translation of `{asked.operator}` for dates")


def elements(asked: Asked, kind: ListOf, held: Elements) -> pl.Expr:
    """Compare the elements of a list; null elements are ignored."""
    if asked.operator == "in":
        each = (replace(asked, operator="equals", value=one) for one in asked.value)
        return pl.any_horizontal([elements(one, kind, held) for one in each])
    wanted = asked.value if isinstance(asked.value, tuple) else (asked.value,)

    def among(*literals: Any) -> Callable[[pl.Expr], pl.Expr]:
        one = replace(asked, operator="in", value=literals)
        return lambda element: predicate(one, kind.of, element).fill_null(value=False)

    match asked.operator:
        case "has_any" | "contains":
            return held.any(among(*wanted))
        case "has_all":
            return pl.all_horizontal([held.any(among(literal)) for literal in wanted])
        case "equals":
            has_each = [held.any(among(literal)) for literal in wanted]
            return pl.all_horizontal([*has_each, held.all(among(*wanted))])
    raise NotImplementedError(f"no translation of `{asked.operator}` for lists")


def against_field(asked: Asked, mine: FieldType, column: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Compare two columns of one row: a date with an instant by the instant's local day."""
    theirs, name = cast("Field", asked.value).type, asked.operator
    match family(mine):
        case "number":
            shared = _common_number(mine, theirs)
            return ordered(name, column.cast(shared), other.cast(shared))
        case "date" | "datetime" if mine != theirs:
            return ordered(
                name, local_date(column, mine, asked.clock), local_date(other, theirs, asked.clock)
            )
        case "text" | "enum" if asked.ignore_case:
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
