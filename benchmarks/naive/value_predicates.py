"""A comparison as one Polars expression over the value itself, written as one would by hand.

Independent of the project's own translation, so that tests may hold one against the other.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.catalog.types import Decimal
from segmentation_pipeline.rules.operators import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.tree import Compare

    Span = tuple[int | None, int | None]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def compare(node: Compare, column: pl.Expr, clock: Clock, *, zoned: bool) -> pl.Expr:
    """Return the two-valued expression of a comparison; ``zoned`` columns of instants say they are UTC."""
    operator = OPERATORS[node.operator]
    positive = predicate(node, operator.positive or operator.name, column, clock, zoned=zoned)
    truth = positive.fill_null(value=False)
    return truth if operator.positive is None else ~truth


def predicate(node: Compare, operator: str, column: pl.Expr, clock: Clock, *, zoned: bool) -> pl.Expr:
    """Return a positive predicate, null where the column is."""
    value: Any = node.value
    match operator:
        case "is_empty":
            return column.is_null()
        case "is_true":
            return column
        case "in":
            return column.is_in(list(value)) if len(value) > 1 else column == value[0]
        case "contains" | "starts_with" | "ends_with":
            return _text(operator, value, column.str.to_lowercase() if node.ignore_case else column)
        case "has_any":
            return pl.any_horizontal([column.list.contains(one) for one in value])
        case "has_all":
            return pl.all_horizontal([column.list.contains(one) for one in value])
        case "within":
            return inside(column, clock.span(value), zoned=zoned)
        case "before":
            return inside(column, (None, clock.extent(value)[0]), zoned=zoned)
        case "between":
            return (column >= _literal(node, value[0])) & (column <= _literal(node, value[1]))
        case "equals":
            return column == _literal(node, value)
        case "greater_than_or_equal":
            return column >= _literal(node, value)
        case "less_than":
            return column < _literal(node, value)
    raise NotImplementedError(f"no translation of `{operator}` for the benchmark")


def inside(column: pl.Expr, span: Span, *, zoned: bool) -> pl.Expr:
    """Return whether instants lie in a half-open interval of µs."""
    low, high = (None if end is None else instant(end, zoned=zoned) for end in span)
    parts = [] if low is None else [column >= low]
    parts += [] if high is None else [column < high]
    return pl.all_horizontal(parts) if len(parts) > 1 else parts[0]


def instant(micros: int, *, zoned: bool) -> dt.datetime:
    moment = _EPOCH + dt.timedelta(microseconds=micros)
    return moment if zoned else moment.replace(tzinfo=None)


def _literal(node: Compare, value: Any) -> pl.Expr:
    kind = node.operand.type
    return pl.lit(value, dtype=pl.Decimal(38, kind.scale)) if isinstance(kind, Decimal) else pl.lit(value)


def _text(operator: str, value: str | Iterable[str], column: pl.Expr) -> pl.Expr:
    tests: dict[str, Callable[[str], pl.Expr]] = {
        "contains": lambda part: column.str.contains(part.lower(), literal=True),
        "starts_with": lambda part: column.str.starts_with(part.lower()),
        "ends_with": lambda part: column.str.ends_with(part.lower()),
    }
    parts = [value] if isinstance(value, str) else value
    return pl.any_horizontal([tests[operator](part) for part in parts])
