"""Rules as Polars expressions: one small function a node of the tree.

`compile_condition` turns a condition into a two-valued expression over the columns that a `Frame`
names: the leaf masks of a bucket for a segment, the columns of a row for a leaf itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING, Protocol

import polars as pl

from segmentation_pipeline.evaluation.comparisons.predicates import compare
from segmentation_pipeline.rules.tree import (
    All,
    Any,
    AtLeast,
    Compare,
    Condition,
    Everyone,
    Field,
    InSegment,
    Not,
    On,
    Sequence,
)

if TYPE_CHECKING:
    from segmentation_pipeline.rules.clock import Clock


LeafNode = Compare | Sequence | On | InSegment


class Frame(Protocol):
    """What a condition is compiled against."""

    def leaf(self, node: LeafNode) -> pl.Expr: ...
    def segment(self, name: str) -> pl.Expr: ...


@dataclass(frozen=True, slots=True)
class Rows:
    """The columns of rows, named as the paths of their fields."""

    clock: Clock

    def leaf(self, node: LeafNode) -> pl.Expr:
        if not isinstance(node, Compare) or not isinstance(node.operand, Field):
            raise NotImplementedError(f"{type(node).__name__} is computed before it is combined")
        other = pl.col(node.value.name) if isinstance(node.value, Field) else None
        return compare(node, pl.col(node.operand.name), self.clock, other)

    def value(self, name: str) -> pl.Expr:
        return pl.col(name)

    def segment(self, name: str) -> pl.Expr:
        raise NotImplementedError(f"segment `{name}` is no column of a row")


class RowFrame(Frame, Protocol):
    """A frame of rows, which also gives the value of a column as rules see it."""

    def value(self, name: str) -> pl.Expr: ...


@singledispatch
def compile_condition(node: Condition, frame: Frame) -> pl.Expr:
    """Return the expression of a condition; true or false on every row, never null."""
    raise NotImplementedError(f"no translation rule for {type(node).__name__}")


@compile_condition.register(All)
def _(node: All, frame: Frame) -> pl.Expr:
    return pl.all_horizontal([compile_condition(part, frame) for part in node.conditions])


@compile_condition.register(Any)
def _(node: Any, frame: Frame) -> pl.Expr:
    return pl.any_horizontal([compile_condition(part, frame) for part in node.conditions])


@compile_condition.register(Not)
def _(node: Not, frame: Frame) -> pl.Expr:
    return ~compile_condition(node.condition, frame)


@compile_condition.register(AtLeast)
def _(node: AtLeast, frame: Frame) -> pl.Expr:
    # Booleans sum as UInt32, which wraps when anything is ever subtracted: count in Int64.
    counted = [compile_condition(part, frame).cast(pl.Int64) for part in node.conditions]
    return pl.sum_horizontal(counted) >= node.k


@compile_condition.register(Everyone)
def _(_node: Everyone, _frame: Frame) -> pl.Expr:
    return pl.lit(value=True)


@compile_condition.register(InSegment)
def _(node: InSegment, frame: Frame) -> pl.Expr:
    return frame.segment(node.segment) if node.history is None else frame.leaf(node)


@compile_condition.register(Compare)
@compile_condition.register(Sequence)
@compile_condition.register(On)
def _(node: Compare | Sequence | On, frame: Frame) -> pl.Expr:
    return frame.leaf(node)
