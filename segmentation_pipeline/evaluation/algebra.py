"""Segments as expressions over the leaf masks of a bucket and the segments before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.evaluation.to_polars import compile_condition
from segmentation_pipeline.rules.graph import embeds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.evaluation.plan import Leaf
    from segmentation_pipeline.evaluation.to_polars import LeafNode
    from segmentation_pipeline.rules.segment import Segment

    Levels = tuple[tuple[pl.Expr, ...], ...]


@dataclass(frozen=True, slots=True)
class Masks:
    """The columns of a bucket: one boolean a distinct leaf, one a segment evaluated before."""

    leaves: Mapping[LeafNode, str]

    def leaf(self, node: LeafNode) -> pl.Expr:
        return pl.col(self.leaves[node])

    def segment(self, name: str) -> pl.Expr:
        return pl.col(segment_mask(name))


def compile_segment(segment: Segment, masks: Masks) -> pl.Expr:
    """Return a segment as one expression: pins win over ``exclude``, which wins over ``where``."""
    if segment.where is not None:
        member = compile_condition(segment.where, masks)
    else:
        member = pl.col(listed_mask(segment.id))
    if segment.exclude is not None:
        member = member & ~compile_condition(segment.exclude, masks)
    puts = {pin.put for pin in segment.pins}
    if "in" in puts:
        member = member | pl.col(pinned_mask(segment.id, "in"))
    if "out" in puts:
        member = member & ~pl.col(pinned_mask(segment.id, "out"))
    return member


def compile_levels(segments: Iterable[Segment], leaves: Mapping[Leaf, str]) -> Levels:
    """Return the expressions of segments in levels: each embeds only segments of levels before it."""
    by_zone: dict[str, dict[LeafNode, str]] = {}
    for leaf, mask in leaves.items():
        by_zone.setdefault(leaf.zone, {})[leaf.node] = mask
    levels: list[list[pl.Expr]] = []
    height: dict[str, int] = {}
    for segment in segments:
        masks = Masks(by_zone.get(segment.time_zone, {}))
        height[segment.id] = max((height[name] + 1 for name in embeds(segment) if name in height), default=0)
        if height[segment.id] == len(levels):
            levels.append([])
        levels[height[segment.id]].append(compile_segment(segment, masks).alias(segment_mask(segment.id)))
    return tuple(tuple(level) for level in levels)


def segment_mask(segment: str) -> str:
    return f"segment:{segment}"


def listed_mask(segment: str) -> str:
    return f"listed:{segment}"


def pinned_mask(segment: str, put: str) -> str:
    return f"pinned {put}:{segment}"
