"""Rules over masks of days: one small function a node of the tree, as `evaluation.to_polars` has them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce, singledispatch
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.rules.tree import (
    All,
    Any,
    AtLeast,
    Compare,
    Condition,
    Everyone,
    InSegment,
    Not,
    On,
    Sequence,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.evaluation.to_polars import LeafNode
    from segmentation_pipeline.simulation.day_masks.bits import Array, Words


@dataclass(frozen=True, slots=True)
class Masks:
    """The masks of one block of objects: of leaves, and of segments that were combined before.

    All have shape (words, n), or (n,) where booleans say the same of all days; they may be shared and
    are never changed. ``exists`` are the days on which there is an object.
    """

    leaves: Mapping[LeafNode, Words | Array]
    segments: Mapping[str, Words]
    exists: Words

    def leaf(self, node: LeafNode) -> Words:
        """Return the mask of a leaf; one that is the same on all days is kept as booleans."""
        found = self.leaves[node]
        return found if found.ndim == 2 else -found.astype(np.int64).view(np.uint64)[None, :]


@singledispatch
def combined(node: Condition, masks: Masks) -> Words:
    """Return the days on which a condition holds; those after the last, or without object, say nothing."""
    raise NotImplementedError(f"no day masks of {type(node).__name__}")


@combined.register(All)
def _(node: All, masks: Masks) -> Words:
    return reduce(np.bitwise_and, (combined(part, masks) for part in node.conditions))


@combined.register(Any)
def _(node: Any, masks: Masks) -> Words:
    return reduce(np.bitwise_or, (combined(part, masks) for part in node.conditions))


@combined.register(Not)
def _(node: Not, masks: Masks) -> Words:
    return ~combined(node.condition, masks)


@combined.register(AtLeast)
def _(node: AtLeast, masks: Masks) -> Words:
    # reached[j]: at least j + 1 of the conditions so far.
    reached = [np.zeros_like(masks.exists) for _ in range(node.k)]
    for part in node.conditions:
        mine = combined(part, masks)
        for more in range(node.k - 1, 0, -1):
            reached[more] |= reached[more - 1] & mine
        reached[0] |= mine
    return reached[-1]


@combined.register(Everyone)
def _(_node: Everyone, masks: Masks) -> Words:
    return masks.exists


@combined.register(InSegment)
def _(node: InSegment, masks: Masks) -> Words:
    return masks.segments[node.segment] if node.history is None else masks.leaf(node)


@combined.register(Compare)
@combined.register(Sequence)
@combined.register(On)
def _(node: Compare | Sequence | On, masks: Masks) -> Words:
    return masks.leaf(node)
