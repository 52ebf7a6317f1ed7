"""The stored index as queries read it: text predicates become codes, tags bits, money minor units."""

from __future__ import annotations

import decimal
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import polars as pl

from benchmarks.engines.naive import column_of
from benchmarks.naive.value_predicates import compare, inside, instant, predicate
from segmentation_pipeline.index.coding import WORD, Bits, Coded, Codes, Units
from segmentation_pipeline.rules.operators import OPERATORS

if TYPE_CHECKING:
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.tree import Compare


@dataclass(frozen=True, slots=True)
class CodedLayout:
    """A `Layout` over coded rows; a column without a coding is compared by value."""

    stored_contacts: Coded
    stored_activities: Coded
    clock: Clock

    @property
    def contacts(self) -> pl.LazyFrame:
        return self.stored_contacts.rows

    @property
    def activities(self) -> pl.LazyFrame:
        return self.stored_activities.rows

    def contact(self, node: Compare) -> pl.Expr:
        return self._compare(node, self.stored_contacts)

    def activity(self, node: Compare) -> pl.Expr:
        return self._compare(node, self.stored_activities)

    def has_type(self, types: tuple[str, ...]) -> pl.Expr:
        coding = self.stored_activities.codings.get("activity_type")
        column = pl.col("activity_type")
        if isinstance(coding, Codes):
            return among(column, codes_of(coding, coding.values.is_in(list(types))))
        return column.is_in(list(types))

    def happened(self, low: int | None, high: int) -> pl.Expr:
        return inside(pl.col("occurred_at"), (low, high), zoned=True)

    def at(self, micros: int) -> pl.Expr:
        return pl.lit(instant(micros, zoned=True))

    def amount(self, node: Compare) -> pl.Expr:
        coding = self.stored_activities.codings.get("revenue")
        if isinstance(coding, Units):
            return pl.lit(minor_units(node.value, coding.scale))
        return pl.lit(node.value)

    def _compare(self, node: Compare, stored: Coded) -> pl.Expr:
        name = column_of(node)
        column, operator = pl.col(name), OPERATORS[node.operator]
        match stored.codings.get(name):
            case Codes() as coding if operator.positive == "is_empty" or operator.name == "is_empty":
                truth = column == 0
            case Codes() as coding:
                asked = predicate(
                    node, operator.positive or operator.name, pl.col("value"), self.clock, zoned=True
                )
                holds = pl.select(coding.values.alias("value")).select(asked).to_series()
                truth = among(column, codes_of(coding, holds))
            case Bits() as coding:
                truth = has_bits(node, operator.positive or operator.name, coding, coding.columns(name))
            case Units(scale):
                truth = in_units(node, operator.name, column, scale)
            case None:
                return compare(node, column, self.clock, zoned=True)
        return truth if operator.positive is None else ~truth


def codes_of(coding: Codes, holds: pl.Series) -> list[int]:
    """Return the codes of the dictionary's values for which a predicate holds."""
    return [int(place) + 1 for place in holds.fill_null(value=False).arg_true()]


def among(column: pl.Expr, codes: list[int]) -> pl.Expr:
    """Return the cheapest test that a column, never null, holds one of ascending codes."""
    if not codes:
        return pl.lit(value=False) & (column == 0)
    if len(codes) == 1:
        return column == codes[0]
    if codes[-1] - codes[0] == len(codes) - 1:
        return (column >= codes[0]) & (column <= codes[-1])
    return column.is_in(codes)


def has_bits(node: Compare, operator: str, coding: Bits, columns: tuple[str, ...]) -> pl.Expr:
    """Return whether bit sets hold any, or all, of the values asked for."""
    value: Any = node.value
    places = [coding.values.index_of(one) for one in value]
    known = [place for place in places if place is not None]
    masks = {
        word: reduce(or_, (1 << p % WORD for p in known if p // WORD == word), 0)
        for word in range(coding.words)
    }
    tests = [(pl.col(columns[word]).fill_null(0) & mask, mask) for word, mask in masks.items() if mask]
    match operator:
        case "has_any":
            return pl.any_horizontal([found != 0 for found, _ in tests]) if tests else pl.lit(value=False)
        case "has_all":
            if len(known) < len(places):
                return pl.lit(value=False) & pl.col(columns[0]).is_null()
            return pl.all_horizontal([found == mask for found, mask in tests])
    raise NotImplementedError(f"no translation of `{operator}` for tags")


def in_units(node: Compare, operator: str, column: pl.Expr, scale: int) -> pl.Expr:
    """Return a comparison of minor units."""
    value: Any = node.value
    match operator:
        case "between":
            low, high = (minor_units(end, scale) for end in value)
            truth = (column >= low) & (column <= high)
        case "greater_than_or_equal":
            truth = column >= minor_units(value, scale)
        case "less_than":
            truth = column < minor_units(value, scale)
        case _:
            raise NotImplementedError(f"no translation of `{operator}` for money")
    return truth.fill_null(value=False)


def minor_units(value: Any, scale: int) -> int:
    """Return an amount of at most ``scale`` digits as a whole number of its smallest unit."""
    return int(decimal.Decimal(value).scaleb(scale))
