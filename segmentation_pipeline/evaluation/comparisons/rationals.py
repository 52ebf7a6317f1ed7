"""Fractions compared exactly in 128-bit integers: no float, and no product that could leave them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.rules.operators import OPERATORS

if TYPE_CHECKING:
    import decimal

    from segmentation_pipeline.rules.tree import Compare

_LARGEST = 8 * 10**37
"""No numerator is as large; twice as much still fits 128 bits."""


@dataclass(frozen=True, slots=True)
class Rational:
    """``numerator ÷ denominator ÷ 10^digits``, both whole; ``digits`` is at least 0.

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
    cuts = [_cut(Fraction(literal) * 10**value.digits, value) for literal in literals]
    match name:
        case "between":
            return (cuts[0].above | cuts[0].at) & ~cuts[1].above
        case "in" | "equals":
            return pl.any_horizontal([cut.at for cut in cuts])
        case "greater_than":
            return cuts[0].above
        case "greater_than_or_equal":
            return cuts[0].above | cuts[0].at
        case "less_than":
            return ~(cuts[0].above | cuts[0].at)
        case "less_than_or_equal":
            return ~cuts[0].above
    raise NotImplementedError(f"no translation of `{name}` for fractions")


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where a fraction lies of a literal: above it, or right at it."""

    above: pl.Expr
    at: pl.Expr


def _cut(literal: Fraction, value: Rational) -> _Cut:
    """Compare ``numerator`` with ``literal × denominator``, of which only the whole part is computed.

    The product itself may have more than 128 bits. The literal and the denominator are split into
    a multiple of the literal's own denominator and a rest, so that every part has fewer.
    """
    numerator, denominator = value.numerator.cast(pl.Int128), value.denominator.cast(pl.Int128)
    whole, rest = divmod(literal.numerator, literal.denominator)
    most = _LARGEST // max(abs(whole), 1)
    beyond = pl.lit(_LARGEST if whole > 0 else -_LARGEST, dtype=pl.Int128)
    if most == 0:
        return _Cut(numerator > beyond, pl.lit(value=False))
    by = pl.lit(literal.denominator, dtype=pl.Int128)
    part = (denominator % by) * pl.lit(rest, dtype=pl.Int128)
    below = (
        denominator * pl.lit(whole, dtype=pl.Int128)
        + (denominator // by) * pl.lit(rest, dtype=pl.Int128)
        + part // by
    )
    fits = denominator <= pl.lit(most, dtype=pl.Int128)
    below = pl.when(fits).then(below).otherwise(beyond)
    return _Cut(numerator > below, (numerator == below) & (part % by == 0) & fits)
