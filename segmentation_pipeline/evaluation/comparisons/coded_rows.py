"""Conditions on coded columns: what a rule says of text is asked of the dictionary, once a value.

The meaning stays where it is, in `predicates.compare`: it judges the dictionary's values, and the
true ones become a comparison of small integers.
"""

from __future__ import annotations

import decimal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from segmentation_pipeline.catalog.types import Integer
from segmentation_pipeline.evaluation.comparisons.elements import Words
from segmentation_pipeline.evaluation.comparisons.predicates import compare
from segmentation_pipeline.index.coding import Bits, Codes, Units
from segmentation_pipeline.rules.tree import Compare, Field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.evaluation.to_polars import LeafNode
    from segmentation_pipeline.index.coding import Coding
    from segmentation_pipeline.rules.clock import Clock

_FEW = 24
"""So many codes are searched faster than looked up."""
_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class CodedRows:
    """The columns of stored rows, named as the fields of their own object or event source."""

    clock: Clock
    codings: Mapping[str, Coding]

    def leaf(self, node: LeafNode) -> pl.Expr:
        if not isinstance(node, Compare) or not isinstance(node.operand, Field):
            raise NotImplementedError(f"{type(node).__name__} is computed before it is combined")
        name = node.operand.name
        if isinstance(node.value, Field):
            return compare(node, self.value(name), self.clock, self.value(node.value.name))
        match self.codings.get(name):
            case Codes(values):
                return is_among(pl.col(name), self._truths(node, values))
            case Bits(values) as bits:
                return compare(node, Words(bits.columns(name), values), self.clock)
            case Units(scale) if (whole := in_minor_units(node, scale)) is not None:
                return compare(whole, pl.col(name), self.clock)
            case _:
                return compare(node, self.value(name), self.clock)

    def segment(self, name: str) -> pl.Expr:
        raise NotImplementedError(f"segment `{name}` is no column of a row")

    def value(self, name: str) -> pl.Expr:
        """Return a column as rules see it."""
        coding = self.codings.get(name)
        return pl.col(name) if coding is None else coding.decode(name)

    def _truths(self, node: Compare, values: pl.Series) -> pl.Series:
        """Judge null and every value of a dictionary: by code."""
        known = pl.concat([pl.Series([None], dtype=pl.String), values.rename("")]).alias("value")
        return known.to_frame().select(compare(node, pl.col("value"), self.clock)).to_series()


def is_among(code: pl.Expr, truths: pl.Series) -> pl.Expr:
    """Return whether a code is a true one, in the cheapest way; codes are 0 … ``len(truths)`` − 1."""
    if truths.sum() * 2 > len(truths):
        return ~_is_one_of(code, ~truths)
    return _is_one_of(code, truths)


def _is_one_of(code: pl.Expr, truths: pl.Series) -> pl.Expr:
    wanted = np.flatnonzero(truths.to_numpy()).tolist()
    if not wanted:
        return code < 0
    first, last = wanted[0], wanted[-1]
    if first == last:
        return code == first
    if len(wanted) == last - first + 1:
        return (code >= first) & (code <= last)
    if len(wanted) <= _FEW:
        return pl.any_horizontal([code == one for one in wanted])
    return pl.lit(truths).gather(code)


def in_minor_units(node: Compare, digits: int) -> Compare | None:
    """Return a comparison of decimals as one of integers; None where a literal is not whole in units.

    >>> in_minor_units(Compare(Field(("spent",), Integer()), "equals", decimal.Decimal("1.5")), 2).value
    150
    """
    if node.operator in ("is_empty", "is_not_empty"):
        return replace(node, operand=replace(node.operand, type=Integer()))
    literals = node.value if isinstance(node.value, tuple) else (node.value,)
    scaled = tuple(whole for literal in literals if (whole := _units(literal, digits)) is not None)
    if len(scaled) < len(literals):
        return None
    value = scaled if isinstance(node.value, tuple) else scaled[0]
    return replace(node, operand=replace(node.operand, type=Integer()), value=value)


def _units(literal: Any, digits: int) -> int | None:
    units = decimal.Decimal(literal).scaleb(digits, decimal.Context(prec=60))
    whole = int(units)
    return whole if whole == units and -_INT64 <= whole < _INT64 else None
