"""Which fields a condition reads from the row it is examined on."""

from __future__ import annotations

from functools import singledispatch

from segmentation_pipeline.rules.graph import walk
from segmentation_pipeline.rules.tree import (
    Compare,
    Condition,
    Field,
    Measure,
    Operand,
    Rank,
    Ratio,
    Response,
)


def fields(condition: Condition | None) -> set[Field]:
    """Return the fields that the comparisons of a condition read from the row itself."""
    if condition is None:
        return set()
    nodes = (node for node in walk(condition) if isinstance(node, Compare))
    return {found for node in nodes for found in compared_fields(node)}


def compared_fields(compare: Compare) -> set[Field]:
    """Return the fields one comparison reads from the row itself: its operand's and its value's."""
    own = set(row_fields(compare.operand))
    return own | {compare.value} if isinstance(compare.value, Field) else own


@singledispatch
def row_fields(operand: Operand) -> tuple[Field, ...]:
    """Return the fields an operand reads from the row of the object itself."""
    raise NotImplementedError(f"no fields known of {type(operand).__name__}")


@row_fields.register(Field)
def _(operand: Field) -> tuple[Field, ...]:
    return (operand,)


@row_fields.register(Measure)
@row_fields.register(Ratio)
@row_fields.register(Response)
@row_fields.register(Rank)
def _(_operand: Measure | Ratio | Response | Rank) -> tuple[Field, ...]:
    return ()


def source_fields(measure: Measure) -> set[Field]:
    """Return the fields a measure reads from the rows it is computed over."""
    return fields(measure.where) | ({measure.of} if measure.of is not None else set())
