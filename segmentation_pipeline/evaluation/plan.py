"""The plan of a stage: the distinct leaves of segments of one object, and what is known before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentation_pipeline.rules.clock import Clock
from segmentation_pipeline.rules.english import describe
from segmentation_pipeline.rules.graph import leaves
from segmentation_pipeline.rules.tree import Compare, Rank

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import polars as pl

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.evaluation.algebra import Levels
    from segmentation_pipeline.evaluation.comparisons.comparing import Comparison
    from segmentation_pipeline.evaluation.events.event_scans import EventScan
    from segmentation_pipeline.evaluation.events.features import Feature
    from segmentation_pipeline.evaluation.rankings import Ranked
    from segmentation_pipeline.evaluation.to_polars import LeafNode
    from segmentation_pipeline.rules.segment import Segment


@dataclass(frozen=True, slots=True)
class Leaf:
    """A condition as it is computed once for every segment that has it; zones tell days apart.

    An `InSegment` is a leaf only where it asks for a history.
    """

    node: LeafNode
    zone: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """A rank as it is computed once for every comparison with it."""

    rank: Rank
    zone: str


@dataclass(frozen=True, slots=True)
class Measuring:
    """Features by the name of their column, and the scans of events that tally most of them."""

    features: Mapping[Feature, str] = field(default_factory=dict)
    scans: tuple[EventScan, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What `evaluate_bucket` needs to know; a picklable value.

    ``segments`` stand in dependency order. What is known before: ``given`` holds the masks of segments
    that are read but not evaluated here, over the whole object; ``listed`` the members
    (``object_index``, sorted) of static segments, ``pinned_in`` and ``pinned_out`` the active pins;
    ``pending`` the keys that lead nowhere; ``parents``, by leaf, the keys of the parents that an `On`
    accepts; ``ranks`` what `rankings.rank` made of the whole population.

    What is compiled once: ``own`` the leaves over an object's own row, by mask; ``measuring`` and
    ``comparisons`` those over what is computed; ``levels`` the segments.
    """

    catalog: Catalog
    object: str
    as_of: int
    week_starts: int
    segments: tuple[Segment, ...]
    leaves: Mapping[Leaf, str]
    given: Mapping[str, pl.Series] = field(default_factory=dict)
    listed: Mapping[str, pl.Series] = field(default_factory=dict)
    pinned_in: Mapping[str, pl.Series] = field(default_factory=dict)
    pinned_out: Mapping[str, pl.Series] = field(default_factory=dict)
    pending: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parents: Mapping[Leaf, pl.Series] = field(default_factory=dict)
    ranks: Mapping[Ranking, Ranked] = field(default_factory=dict)
    own: Mapping[str, pl.Expr] = field(default_factory=dict)
    measuring: Measuring = field(default_factory=Measuring)
    comparisons: tuple[Comparison, ...] = ()
    levels: Levels = ()

    def clock(self, zone: str) -> Clock:
        return Clock(self.as_of, zone, self.week_starts)

    def leaves_of(self, kind: type[LeafNode]) -> dict[Leaf, str]:
        """Return the leaves of one kind of node with the names of their masks."""
        return {leaf: name for leaf, name in self.leaves.items() if isinstance(leaf.node, kind)}

    def comparisons_over(self, *kinds: type) -> dict[Leaf, str]:
        """Return the comparisons of operands of some kinds: fields of the row, measures, ranks."""
        return {
            leaf: name
            for leaf, name in self.leaves.items()
            if isinstance(leaf.node, Compare) and isinstance(leaf.node.operand, kinds)
        }

    def said(self, mask: str) -> str:
        """Return what the leaf of a mask says, in English; other masks say their name."""
        return next((describe(leaf.node) for leaf, name in self.leaves.items() if name == mask), mask)


def distinct_leaves(segments: Iterable[Segment]) -> dict[Leaf, str]:
    """Return every distinct leaf of the segments with the name of its mask."""
    found: dict[Leaf, str] = {}
    for segment in segments:
        for node in leaves(segment):
            found.setdefault(Leaf(node, segment.time_zone), f"leaf:{len(found)}")
    return found


def rankings(found: Iterable[Leaf]) -> list[Ranking]:
    """Return the distinct ranks that leaves compare."""
    asked = (
        Ranking(leaf.node.operand, leaf.zone)
        for leaf in found
        if isinstance(leaf.node, Compare) and isinstance(leaf.node.operand, Rank)
    )
    return list(dict.fromkeys(asked))
