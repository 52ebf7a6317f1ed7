"""What a definition says of a segment before any data is read: its rule in English, and its plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmentation_pipeline.evaluation.algebra import Masks, compile_segment
from segmentation_pipeline.evaluation.plan import distinct_leaves
from segmentation_pipeline.rules.english import describe
from segmentation_pipeline.rules.graph import embedders, embeds, walk
from segmentation_pipeline.rules.tree import Compare

if TYPE_CHECKING:
    from segmentation_pipeline.rules.segment import Definitions, Segment


def summarise(segment: Segment, definitions: Definitions) -> dict[str, Any]:
    """Return what its definition alone says of a segment."""
    roots = [root for root in (segment.where, segment.exclude) if root is not None]
    leaves = [node for root in roots for node in walk(root) if isinstance(node, Compare)]
    return {
        "segment": segment.id,
        "name": segment.name,
        "description": segment.description,
        "owner": segment.owner,
        "type": segment.type,
        "object": segment.object,
        "active": segment.active,
        "labels": list(segment.labels),
        "file": f"{segment.at.file}:{segment.at.line}",
        "rule": describe(segment),
        "conditions": list(dict.fromkeys(describe(leaf) for leaf in leaves)),
        "embeds": list(embeds(segment)),
        "embedded_by": list(embedders(definitions.segments, segment.id)),
    }


def plan_of(segment: Segment) -> dict[str, Any]:
    """Return the Polars expression of a segment and what each of its leaves is."""
    leaves = distinct_leaves([segment])
    masks = Masks({leaf.node: name for leaf, name in leaves.items()})
    return {
        "expression": str(compile_segment(segment, masks)),
        "leaves": {name: describe(leaf.node) for leaf, name in leaves.items()},
    }
