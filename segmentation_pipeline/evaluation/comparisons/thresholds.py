"""Comparisons of computed operands: measures, ratios, responses and ranks."""

from __future__ import annotations

from fractions import Fraction
from functools import singledispatch
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.types import Decimal, Integer, Number
from segmentation_pipeline.evaluation.comparisons.coded_rows import in_minor_units
from segmentation_pipeline.evaluation.comparisons.predicates import compare
from segmentation_pipeline.evaluation.comparisons.rationals import Rational, compare_rational
from segmentation_pipeline.evaluation.events.features import Feature
from segmentation_pipeline.evaluation.plan import Ranking
from segmentation_pipeline.evaluation.rankings import POPULATION
from segmentation_pipeline.rules.tree import Compare, Measure, Operand, Rank, Ratio, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.rules.clock import Clock

ZERO_WITHOUT_ROWS = ("count", "sum", "count_distinct", "active_days", "active_periods", "longest_streak")


@singledispatch
def threshold(operand: Operand, node: Compare, columns: Columns, clock: Clock) -> pl.Expr:
    """Return the two-valued comparison of a computed operand."""
    raise NotImplementedError(f"no threshold of {type(operand).__name__}")


class Columns:
    """Where the features and ranks of a bucket stand."""

    def __init__(self, features: Mapping[Feature, str], ranks: Mapping[Ranking, str], zone: str) -> None:
        self.features, self.ranks, self.zone = features, ranks, zone

    def feature(self, operand: Measure | Response) -> str:
        return self.features[Feature(operand, self.zone)]

    def rank(self, operand: Rank) -> str:
        return self.ranks[Ranking(operand, self.zone)]

    def value(self, operand: Measure | Response) -> pl.Expr:
        """Return a feature; counts and sums are 0 for objects without rows, the rest null."""
        column = pl.col(self.feature(operand))
        if isinstance(operand, Measure) and operand.measure in ZERO_WITHOUT_ROWS:
            return column.fill_null(0)
        return column


@threshold.register(Measure)
def _(operand: Measure, node: Compare, columns: Columns, clock: Clock) -> pl.Expr:
    if operand.measure in ("avg", "median"):
        return compare_rational(node, rational(operand, columns))
    if operand.measure == "sum":
        return _compare_sum(node, columns.value(operand), minor_digits(operand), clock)
    return compare(node, columns.value(operand), clock)


def _compare_sum(node: Compare, units: pl.Expr, digits: int, clock: Clock) -> pl.Expr:
    """Compare a sum in minor units with literals in the same; as a fraction where one is finer."""
    whole = in_minor_units(node, digits) if not isinstance(node.value, tuple) else None
    if whole is not None:
        return compare(whole, units, clock)
    return compare_rational(node, Rational(units, pl.lit(1, dtype=pl.Int64), digits))


@threshold.register(Response)
def _(operand: Response, node: Compare, columns: Columns, clock: Clock) -> pl.Expr:
    return compare(node, columns.value(operand), clock)


@threshold.register(Ratio)
def _(operand: Ratio, node: Compare, columns: Columns, _clock: Clock) -> pl.Expr:
    return compare_rational(node, rational(operand, columns))


@threshold.register(Rank)
def _(operand: Rank, node: Compare, columns: Columns, clock: Clock) -> pl.Expr:
    column = pl.col(columns.rank(operand))
    if operand.form != "percentile":
        return compare(node, column, clock)
    return compare_rational(node, Rational(column, pl.col(f"{columns.rank(operand)}:{POPULATION}"), 0))


def rational(operand: Measure | Ratio, columns: Columns) -> Rational:
    """Return an average, a median or a ratio as an exact fraction; null where it has no denominator."""
    if isinstance(operand, Measure):
        name = columns.feature(operand)
        return Rational(pl.col(name), pl.col(f"{name}:count"), minor_digits(operand))
    above, below = whole(operand.numerator, columns), whole(operand.denominator, columns)
    digits = minor_digits(operand.denominator)
    least = int(Fraction(operand.minimum) * 10**digits)
    enough = (below != 0) & (below >= pl.lit(least, dtype=pl.Int128))
    excess = minor_digits(operand.numerator) - digits
    above = above * pl.lit(10 ** max(-excess, 0), dtype=pl.Int128)
    return Rational(above, pl.when(enough).then(below), max(excess, 0))


def whole(operand: Measure, columns: Columns) -> pl.Expr:
    """Return a measure's value in the unit in which it is whole, Int128."""
    return columns.value(operand).to_physical().cast(pl.Int128)


def minor_digits(operand: Measure) -> int:
    """Return the digits after the point in which a measure's total is whole."""
    kind = operand.of.type if operand.of is not None else Integer()
    match kind:
        case Decimal(scale):
            return scale
        case Number():
            return 6
        case _:
            return 0
