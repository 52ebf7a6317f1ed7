"""Whether the truth of a condition on a row is the same on every day."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from segmentation_pipeline.evaluation.columns import compared_fields
from segmentation_pipeline.rules.graph import walk
from segmentation_pipeline.rules.moments import Day, RelativeInstant
from segmentation_pipeline.rules.tree import Compare, Condition, Field
from segmentation_pipeline.rules.windows import Bounds, Complete, Period, Rolling

if TYPE_CHECKING:
    from segmentation_pipeline.evaluation.to_polars import LeafNode
    from segmentation_pipeline.simulation.day_masks.past import Past


def is_fixed(condition: Condition | None) -> bool:
    """Return whether nothing in a condition on rows counts from the day."""
    if condition is None:
        return True
    return not any(isinstance(node, Compare) and counts_from_today(node.value) for node in walk(condition))


def counts_from_today(value: object) -> bool:
    """Return whether a value is another on another day: a window that moves, or a moment."""
    match value:
        case tuple():
            return any(counts_from_today(one) for one in value)
        case Rolling() | Complete() | Period() | RelativeInstant():
            return True
        case Bounds(lower, upper):
            return counts_from_today(lower) or counts_from_today(upper)
        case Day(date):
            return date is None
        case _:
            return False


def is_steady(past: Past, kind: str, node: LeafNode) -> bool:
    """Return whether a leaf compares fields of objects and their parents that are the same on all days."""
    if not isinstance(node, Compare) or not isinstance(node.operand, Field) or counts_from_today(node.value):
        return False
    return all(_is_same(past, kind, one.path) for one in compared_fields(node))


def _is_same(past: Past, kind: str, path: tuple[str, ...]) -> bool:
    owner = past.catalog.objects[kind]
    name = path[0] if len(path) == 1 else cast("str", owner.relations[path[0]].key)
    if not past.is_told(kind, {name}) or name in past.changed_fields(kind):
        return False
    if len(path) == 1:
        return True
    parent = owner.relations[path[0]].object
    return past.is_complete(parent) and _is_same(past, parent, path[1:])
