"""Which fields and measures a rule reads: what a frame must hold before the rule can run on it."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from segmentation_pipeline.rules.graph import walk
from segmentation_pipeline.rules.tree import Compare, Condition, Field, InSegment, Measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.rules.segment import Segment
    from segmentation_pipeline.rules.tree import Operand


def comparisons(condition: Condition) -> Iterator[Compare]:
    """Yield the comparisons of a rule, those inside measures left out."""
    return (node for node in walk(condition) if isinstance(node, Compare))


def rule_comparisons(segment: Segment) -> Iterator[Compare]:
    """Yield the comparisons of a segment's ``where`` and ``exclude``."""
    for root in (segment.where, segment.exclude):
        if root is not None:
            yield from comparisons(root)


def embedded(condition: Condition) -> set[str]:
    """Return the segments a rule embeds."""
    return {node.segment for node in walk(condition) if isinstance(node, InSegment)}


def fields(condition: Condition | None) -> set[Field]:
    """Return the fields that the comparisons of a condition read from the row itself."""
    if condition is None:
        return set()
    return {found for compare in comparisons(condition) for found in compared_fields(compare)}


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
def _(_operand: Measure) -> tuple[Field, ...]:
    return ()


def source_fields(measure: Measure) -> set[Field]:
    """Return the fields a measure reads from the rows it is computed over."""
    return fields(measure.where) | ({measure.of} if measure.of is not None else set())
