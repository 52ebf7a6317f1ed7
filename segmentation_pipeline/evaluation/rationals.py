"""Fractions compared exactly: ``n/d > v`` is ``n > v × d`` in 128-bit integers, never a float."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.evaluation.predicates import ordered
from segmentation_pipeline.rules.operators import OPERATORS

if TYPE_CHECKING:
    import decimal

    from segmentation_pipeline.rules.tree import Compare


@dataclass(frozen=True, slots=True)
class Rational:
    """``numerator ÷ denominator ÷ 10^digits``, both whole.

    Null where the denominator is null or 0; it is never negative.
    """

    numerator: pl.Expr
    denominator: pl.Expr
    digits: int

    @property
    def is_null(self) -> pl.Expr:
        return self.numerator.is_null() | self.denominator.is_null() | (self.denominator == 0)


def compare_rational(node: Compare, value: Rational) -> pl.Expr:
    """Return the two-valued comparison of a fraction, with nulls as `predicates.compare` has them."""
    operator = OPERATORS[node.operator]
    name = operator.positive or operator.name
    null = value.is_null
    if name == "is_empty":
        truth = null.fill_null(value=True)
        return truth if operator.positive is None else ~truth
    truth = (_positive(name, node.value, value) & ~null).fill_null(value=False)
    if operator.positive is None:
        return truth
    return ~truth & ~null if node.nulls_excluded else ~truth


def _positive(name: str, wanted: Any, value: Rational) -> pl.Expr:
    literals: tuple[decimal.Decimal, ...] = wanted if isinstance(wanted, tuple) else (wanted,)
    digits = max(_digits(literal) for literal in literals)
    above = 10 ** max(digits - value.digits, 0)
    below = 10 ** max(value.digits - digits, 0)
    left = value.numerator.cast(pl.Int128) * pl.lit(above, dtype=pl.Int128)

    def right(literal: decimal.Decimal) -> pl.Expr:
        units = int(Fraction(literal) * 10**digits) * below
        return pl.lit(units, dtype=pl.Int128) * value.denominator.cast(pl.Int128)

    if name == "between":
        return (left >= right(literals[0])) & (left <= right(literals[1]))
    if name == "in":
        return pl.any_horizontal([left == right(literal) for literal in literals])
    return ordered(name, left, right(literals[0]))


def _digits(literal: decimal.Decimal) -> int:
    exponent = literal.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0
