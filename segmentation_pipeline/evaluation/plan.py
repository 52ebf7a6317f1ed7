"""The plan of a run: the distinct leaves of all segments of one object, and how segments combine them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentation_pipeline.evaluation.columns import rule_comparisons
from segmentation_pipeline.rules.clock import Clock
from segmentation_pipeline.rules.tree import Measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.rules.segment import Segment
    from segmentation_pipeline.rules.tree import Compare

BUCKET = 2**18
"""How many objects are evaluated at once."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A comparison as it is computed once for every segment that has it; zones tell days apart."""

    compare: Compare
    zone: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """A range of ``object_index``, the end left out."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What `evaluate_bucket` needs to know; a picklable value.

    ``segments`` stand in dependency order. ``given`` holds the members (``object_index``) of
    segments that are read but not evaluated: published ones, and lists of static segments.
    ``pinned_in`` and ``pinned_out`` are the active pins, resolved.
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

    def clock(self, zone: str) -> Clock:
        return Clock(self.as_of, zone, self.week_starts)

    def leaves_over(self, kind: type) -> dict[Leaf, str]:
        """Return the leaves whose operand is of a kind: fields of the row, or measures."""
        return {leaf: name for leaf, name in self.leaves.items() if isinstance(leaf.compare.operand, kind)}

    def measures(self) -> dict[Measure, list[tuple[Leaf, str]]]:
        """Return the leaves by the measure they compare: each measure is computed once a zone."""
        found: dict[Measure, list[tuple[Leaf, str]]] = {}
        for leaf, name in self.leaves.items():
            if isinstance(leaf.compare.operand, Measure):
                found.setdefault(leaf.compare.operand, []).append((leaf, name))
        return found


def distinct_leaves(segments: Sequence[Segment]) -> dict[Leaf, str]:
    """Return every distinct leaf of the segments with the name of its mask."""
    found: dict[Leaf, str] = {}
    for segment in segments:
        for compare in rule_comparisons(segment):
            found.setdefault(Leaf(compare, segment.time_zone), f"leaf:{len(found)}")
    return found


def buckets(objects: int, size: int = BUCKET) -> list[Bucket]:
    """Return the ranges that cover ``object_index`` 0 … ``objects`` − 1."""
    return [Bucket(start, min(start + size, objects)) for start in range(0, objects, size)]
