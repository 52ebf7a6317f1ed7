"""Averages compared exactly: ``avg > v`` is ``sum > v × count`` in 128-bit integers."""

from __future__ import annotations

import decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.catalog.types import Decimal, Number
from segmentation_pipeline.evaluation.predicates import ordered
from segmentation_pipeline.rules.operators import OPERATORS

if TYPE_CHECKING:
    from segmentation_pipeline.rules.tree import Compare, Measure


def compare_average(node: Compare, measure: Measure, total: pl.Expr, count: pl.Expr) -> pl.Expr:
    """Return the two-valued comparison of an average; null without rows, as `predicates.compare`.

    ``total`` is the sum in minor units of the field (whole millionths for a ``number``), Int128.
    """
    operator = OPERATORS[node.operator]
    name = operator.positive or operator.name
    null = count.is_null() | (count == 0)
    truth = null if name == "is_empty" else _positive(name, node.value, _scale(measure), total, count)
    truth = truth.fill_null(value=False)
    if name != "is_empty":
        truth = truth & ~null
    if operator.positive is None:
        return truth
    return ~truth & ~null if node.nulls_excluded else ~truth


def _positive(name: str, value: Any, scale: int, total: pl.Expr, count: pl.Expr) -> pl.Expr:
    literals: tuple[decimal.Decimal, ...] = value if isinstance(value, tuple) else (value,)
    digits = max(_digits(literal) for literal in literals)
    left = total * pl.lit(10 ** max(digits - scale, 0), dtype=pl.Int128)

    def right(literal: decimal.Decimal) -> pl.Expr:
        units = int(literal.scaleb(digits)) * 10 ** max(scale - digits, 0)
        return pl.lit(units, dtype=pl.Int128) * count.cast(pl.Int128)

    if name == "between":
        return (left >= right(literals[0])) & (left <= right(literals[1]))
    if name == "in":
        return pl.any_horizontal([left == right(literal) for literal in literals])
    return ordered(name, left, right(literals[0]))


def _scale(measure: Measure) -> int:
    """Return the digits after the point of the field an average is over."""
    assert measure.of is not None
    match measure.of.type:
        case Decimal(scale):
            return scale
        case Number():
            return 6
        case _:
            return 0


def _digits(literal: decimal.Decimal) -> int:
    exponent = literal.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0
