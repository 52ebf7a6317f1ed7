"""Averages compared exactly: the quotient's whole part first, then its remainder, in 128-bit integers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.catalog import types
from segmentation_pipeline.rules.operators import OPERATORS

if TYPE_CHECKING:
    from segmentation_pipeline.rules.tree import Compare, Measure

_EXACT = Context(prec=100)


def compare_average(node: Compare, measure: Measure, total: pl.Expr, count: pl.Expr) -> pl.Expr:
    """Return the two-valued comparison of an average; null without rows, as `predicates.compare`.

    ``total`` is the sum in minor units of the field (whole millionths for a ``number``), Int128.
    """
    operator = OPERATORS[node.operator]
    name = operator.positive or operator.name
    null = count.is_null() | (count == 0)
    quotient = Quotient(total, count.cast(pl.Int128), _scale(measure))
    truth = null if name == "is_empty" else _positive(name, node.value, quotient) & ~null
    truth = truth.fill_null(value=False)
    if operator.positive is None:
        return truth
    return ~truth & ~null if node.nulls_excluded else ~truth


@dataclass(frozen=True, slots=True)
class Quotient:
    """``total / count`` in units of 10⁻ˢᶜᵃˡᵉ; no product of it with a literal could leave 128 bits."""

    total: pl.Expr
    count: pl.Expr
    scale: int

    def against(self, literal: Decimal) -> tuple[pl.Expr, pl.Expr]:
        """Return whether the quotient is greater than a literal, and whether it equals it."""
        digits = max(-_exponent(literal) - self.scale, 0)
        units = int(_EXACT.scaleb(literal, self.scale + digits))
        whole, part = divmod(units, 10**digits)
        mine = self.total // self.count
        rest = (self.total - mine * self.count) * _int128(10**digits)
        same, bound = mine == _int128(whole), _int128(part) * self.count
        return (mine > _int128(whole)) | (same & (rest > bound)), same & (rest == bound)


def _positive(name: str, value: Any, quotient: Quotient) -> pl.Expr:
    if name == "in":
        return pl.any_horizontal([quotient.against(literal)[1] for literal in value])
    if name == "between":
        return ~_less(quotient, value[0]) & ~quotient.against(value[1])[0]
    greater, equal = quotient.against(value)
    match name:
        case "equals":
            return equal
        case "greater_than":
            return greater
        case "greater_than_or_equal":
            return greater | equal
        case "less_than":
            return ~greater & ~equal
        case "less_than_or_equal":
            return ~greater
    raise NotImplementedError(f"no translation of `{name}` for averages")


def _less(quotient: Quotient, literal: Decimal) -> pl.Expr:
    greater, equal = quotient.against(literal)
    return ~greater & ~equal


def _int128(value: int) -> pl.Expr:
    return pl.lit(value, dtype=pl.Int128)


def _scale(measure: Measure) -> int:
    """Return the digits after the point of the field an average is over."""
    assert measure.of is not None
    match measure.of.type:
        case types.Decimal(scale):
            return scale
        case types.Number():
            return 6
        case _:
            return 0


def _exponent(literal: Decimal) -> int:
    exponent = literal.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
