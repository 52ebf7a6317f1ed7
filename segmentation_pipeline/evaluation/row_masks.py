"""Leaves that one row decides: comparisons of an object's own fields, and of what its parents say."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.evaluation.columns import compared_fields
from segmentation_pipeline.evaluation.comparisons.coded_rows import CodedRows
from segmentation_pipeline.evaluation.events.rows import with_fields
from segmentation_pipeline.evaluation.to_polars import Rows
from segmentation_pipeline.rules.tree import Compare, Field, On

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.evaluation.plan import Leaf, Plan
    from segmentation_pipeline.evaluation.positions import Bucket
    from segmentation_pipeline.evaluation.profile import Watch
    from segmentation_pipeline.index.build import Index

EXISTS = "exists"
"""The mask of the positions that an object has."""


def compile_own(plan: Plan, index: Index) -> dict[str, pl.Expr]:
    """Return by mask the comparisons of an object's own fields, over its rows as stored."""
    codings = index.stored(plan.object).codings
    return {
        mask: CodedRows(plan.clock(leaf.zone), codings).leaf(leaf.node)
        for leaf, mask in plan.comparisons_over(Field).items()
        if not _looks_up(leaf)
    }


def row_masks(plan: Plan, bucket: Bucket, index: Index, watch: Watch) -> Iterator[pl.Series]:
    """Yield `EXISTS` and every mask that rows decide, by position."""
    exists = {EXISTS: pl.lit(value=True)}
    own = bucket.rows(index.stored(plan.object))
    parents, through = _parents(plan, bucket, index)
    for rows, masks in ((own, {**exists, **plan.own}), (parents, through)):
        for group in watch.groups(masks):
            with watch.step("property", partial(plan.said, next(iter(group)))) as cost:
                truths = [truth.alias(name) for name, truth in group.items()]
                found = rows.select(bucket.position, *truths).collect(engine="streaming")
                cost.saw(found)
            yield from bucket.spread(found, fill=False).get_columns()


def _parents(plan: Plan, bucket: Bucket, index: Index) -> tuple[pl.LazyFrame, dict[str, pl.Expr]]:
    """Return rows with what they need of their parents, and the masks over them."""
    kind = plan.catalog.objects[plan.object]
    masks: dict[str, pl.Expr] = {}
    needed: set[Field] = set()
    for leaf, mask in plan.comparisons_over(Field).items():
        if _looks_up(leaf) and isinstance(leaf.node, Compare):
            needed |= compared_fields(leaf.node)
            masks[mask] = Rows(plan.clock(leaf.zone)).leaf(leaf.node)
    rows = with_fields(plan.catalog, index, plan.object, needed, bucket.values(index.profiles[plan.object]))
    for leaf, mask in plan.leaves_of(On).items():
        assert isinstance(leaf.node, On)
        key = kind.relations[leaf.node.relation].key
        accepted = plan.parents[leaf].rename("parent:key").to_frame().lazy()
        accepted = accepted.with_columns(pl.lit(value=True).alias(mask))
        rows = rows.join(accepted, left_on=key, right_on="parent:key", how="left", maintain_order="left")
        masks[mask] = pl.col(mask).fill_null(value=False)
    return rows, masks


def _looks_up(leaf: Leaf) -> bool:
    """Return whether a comparison reads a field of a parent."""
    return isinstance(leaf.node, Compare) and any(len(f.path) > 1 for f in compared_fields(leaf.node))
