"""What a rank orders by, in whole units: exact, so that ties are ties."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.types import Number
from segmentation_pipeline.evaluation.comparisons.thresholds import rational, whole
from segmentation_pipeline.evaluation.events.measures import millionths
from segmentation_pipeline.rules.tree import Field, Measure, Operand, Ratio, Response

if TYPE_CHECKING:
    from segmentation_pipeline.evaluation.comparisons.thresholds import Columns

_DIGITS = 12
"""An average, a median or a ratio is rounded down to so many digits after the point."""
_END = 10**37
"""Those of more digits before it, 25, stand together at the end."""


@singledispatch
def in_units(operand: Operand, columns: Columns) -> pl.Expr:
    """Return an operand's value as Int128 in units in which it is whole; null where it is null."""
    raise NotImplementedError(f"no rank by {type(operand).__name__}")


@in_units.register(Field)
def _(operand: Field, _columns: Columns) -> pl.Expr:
    column = pl.col(operand.name)
    return millionths(column) if isinstance(operand.type, Number) else column.to_physical().cast(pl.Int128)


@in_units.register(Measure)
def _(operand: Measure, columns: Columns) -> pl.Expr:
    return _fraction(operand, columns) if operand.measure in ("avg", "median") else whole(operand, columns)


@in_units.register(Response)
def _(operand: Response, columns: Columns) -> pl.Expr:
    return columns.value(operand).cast(pl.Int128)


@in_units.register(Ratio)
def _(operand: Ratio, columns: Columns) -> pl.Expr:
    return _fraction(operand, columns)


def _fraction(operand: Measure | Ratio, columns: Columns) -> pl.Expr:
    value = rational(operand, columns)
    numerator, denominator = value.numerator.cast(pl.Int128), value.denominator.cast(pl.Int128)
    if value.digits > _DIGITS:
        below = pl.lit(10 ** (value.digits - _DIGITS), dtype=pl.Int128)
        return pl.when(~value.is_null).then(numerator // denominator // below)
    above = pl.lit(10 ** (_DIGITS - value.digits), dtype=pl.Int128)
    whole, rest = numerator // denominator, numerator % denominator
    end = pl.lit(_END, dtype=pl.Int128)
    most = end // above
    units = whole * above + rest * above // denominator
    bounded = pl.when(whole >= most).then(end).when(whole < -most).then(-end).otherwise(units)
    return pl.when(~value.is_null).then(bounded)
