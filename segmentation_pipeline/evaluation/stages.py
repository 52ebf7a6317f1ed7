"""In which order segments can be computed: stages of one object each, whatever they need from others.

Within a stage a segment may embed another. What needs a whole population first ends a stage: the
population of a rank, and the parents that a condition looks at through `on`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.evaluation.plan import Leaf
from segmentation_pipeline.rules.graph import leaves, walk
from segmentation_pipeline.rules.segment import Segment
from segmentation_pipeline.rules.tree import Compare, InSegment, On, Rank

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class ParentCondition:
    """The condition of an `On` as a segment of the parent object, evaluated like any other."""

    leaf: Leaf
    segment: Segment


def parent_conditions(segments: Iterable[Segment]) -> dict[Leaf, ParentCondition]:
    """Return every distinct condition on a parent, those inside others too."""
    found: dict[Leaf, ParentCondition] = {}
    border = list(segments)
    while border:
        segment = border.pop()
        for node in leaves(segment):
            leaf = Leaf(node, segment.time_zone)
            if isinstance(node, On) and leaf not in found:
                found[leaf] = ParentCondition(leaf, _as_segment(node, segment, len(found)))
                border.append(found[leaf].segment)
    return found


def _as_segment(node: On, segment: Segment, number: int) -> Segment:
    name = f"on:{number}"
    return Segment(name, name, "dynamic", node.object, segment.time_zone, "", node.at, where=node.condition)


def next_stage(
    waiting: Sequence[Segment], done: Collection[str], parents: Mapping[Leaf, ParentCondition]
) -> list[Segment]:
    """Return segments of one object that can be computed together now, in dependency order.

    ``waiting`` has no loop, and embeds only segments that are waiting or ``done``.
    """
    free = [segment for segment in waiting if barriers(segment, parents) <= set(done)]
    for kind in dict.fromkeys(segment.object for segment in free):
        mine = [segment for segment in free if segment.object == kind]
        stage: list[Segment] = []
        known = set(done)
        while added := [s for s in mine if s.id not in known and embedded_here(s) <= known]:
            stage += added
            known |= {segment.id for segment in added}
        if stage:
            return stage
    raise AssertionError(f"a loop among {', '.join(segment.id for segment in waiting)}")


def barriers(segment: Segment, parents: Mapping[Leaf, ParentCondition]) -> set[str]:
    """Return the segments that must be whole before this one can begin."""
    found = set()
    for node in leaves(segment):
        if isinstance(node, On):
            found.add(parents[Leaf(node, segment.time_zone)].segment.id)
        elif isinstance(node, Compare) and isinstance(node.operand, Rank) and node.operand.among is not None:
            found.add(node.operand.among)
    return found


def embedded_here(segment: Segment) -> set[str]:
    """Return the segments of its own object that a segment embeds as they are now."""
    roots = [root for root in (segment.where, segment.exclude) if root is not None]
    nodes = (node for root in roots for node in walk(root))
    return {node.segment for node in nodes if isinstance(node, InSegment) and node.history is None}


def all_barriers(segment: Segment, parents: Mapping[Leaf, ParentCondition]) -> set[str]:
    """Return the barriers of a segment and of the conditions on parents it looks at, however deep."""
    by_id = {parent.segment.id: parent.segment for parent in parents.values()}
    found: set[str] = set()
    border = [segment]
    while border:
        new = barriers(border.pop(), parents) - found
        found |= new
        border += [by_id[name] for name in new if name in by_id]
    return found
