"""Evaluates every segment of one object over one bucket of it: a pure function of plan, range and index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.evaluation.columns import compared_fields, row_fields
from segmentation_pipeline.evaluation.features import features_of, join_features, named
from segmentation_pipeline.evaluation.histories import recall
from segmentation_pipeline.evaluation.index import OBJECT_INDEX
from segmentation_pipeline.evaluation.plan import Ranking, rankings
from segmentation_pipeline.evaluation.rankings import KEY, POPULATION, VALUE
from segmentation_pipeline.evaluation.rows import with_fields
from segmentation_pipeline.evaluation.sequences import find_chains
from segmentation_pipeline.evaluation.thresholds import Columns, threshold
from segmentation_pipeline.evaluation.to_polars import Masks, Rows, compile_condition
from segmentation_pipeline.evaluation.units import in_units
from segmentation_pipeline.rules.graph import embeds
from segmentation_pipeline.rules.tree import (
    Compare,
    Field,
    InSegment,
    Measure,
    On,
    Rank,
    Ratio,
    Response,
    Sequence,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segmentation_pipeline.evaluation.index import Index
    from segmentation_pipeline.evaluation.plan import Bucket, Plan
    from segmentation_pipeline.evaluation.to_polars import LeafNode
    from segmentation_pipeline.rules.segment import Segment


def evaluate_bucket(plan: Plan, bucket: Bucket, index: Index) -> pl.DataFrame:
    """Return ``object_index`` and one boolean column a segment, in order of ``object_index``.

    Every distinct leaf is computed once, on the rows of the bucket; segments are expressions over
    the leaf masks and the segments before them.
    """
    here = pl.col(OBJECT_INDEX).is_between(bucket.start, bucket.end, closed="left")
    masks = _row_masks(plan, index, here)
    masks = _computed_masks(plan, index, masks, here)
    for found, name in (*_chains(plan, index, here), *_histories(plan, index)):
        marked = found.with_columns(pl.lit(value=True).alias(name))
        masks = masks.join(marked, on=OBJECT_INDEX, how="left", maintain_order="left")
        masks = masks.with_columns(pl.col(name).fill_null(value=False))
    columns = {name: f"segment:{name}" for name in plan.given}
    masks = masks.with_columns(_member_of(ids).alias(columns[name]) for name, ids in plan.given.items())
    leaves: dict[str, dict[LeafNode, str]] = {}
    for leaf, mask in plan.leaves.items():
        leaves.setdefault(leaf.zone, {})[leaf.node] = mask
    for level in _levels(plan.segments):
        masks = masks.with_columns(
            compile_segment(segment, Masks(leaves.get(segment.time_zone, {}), columns), plan).alias(
                f"segment:{segment.id}"
            )
            for segment in level
        )
        columns |= {segment.id: f"segment:{segment.id}" for segment in level}
    wanted = [pl.col(columns[segment.id]).alias(segment.id) for segment in plan.segments]
    return masks.select(OBJECT_INDEX, *wanted).collect(engine="streaming").sort(OBJECT_INDEX)


def _levels(segments: Iterable[Segment]) -> list[list[Segment]]:
    """Return segments in levels: each embeds only those of the levels before it."""
    levels: list[list[Segment]] = []
    height: dict[str, int] = {}
    for segment in segments:
        height[segment.id] = max((height[name] + 1 for name in embeds(segment) if name in height), default=0)
        if height[segment.id] == len(levels):
            levels.append([])
        levels[height[segment.id]].append(segment)
    return levels


def rank_values(plan: Plan, ranking: Ranking, bucket: Bucket, index: Index) -> pl.DataFrame:
    """Return what a rank orders by, in whole units: ``object_index``, its value and the object's key."""
    here = pl.col(OBJECT_INDEX).is_between(bucket.start, bucket.end, closed="left")
    kind = plan.catalog.objects[plan.object]
    operand = ranking.rank.operand
    names = named(features_of(operand, ranking.zone))
    fields = row_fields(operand)
    rows = with_fields(plan.catalog, index, plan.object, fields, index.profiles[plan.object].filter(here))
    rows = rows.select(OBJECT_INDEX, pl.col(kind.key).alias(KEY), *(pl.col(found.name) for found in fields))
    rows = join_features(plan, index, rows, names, here)
    value = in_units(operand, Columns(names, {}, ranking.zone))
    return rows.select(OBJECT_INDEX, value.alias(VALUE), KEY).collect(engine="streaming")


def compile_segment(segment: Segment, masks: Masks, plan: Plan) -> pl.Expr:
    """Return a segment as one expression: pins win over ``exclude``, which wins over ``where``."""
    listed = plan.listed.get(segment.id)
    member = _member_of(listed) if listed is not None else pl.lit(value=False)
    if segment.where is not None:
        member = compile_condition(segment.where, masks)
    if segment.exclude is not None:
        member = member & ~compile_condition(segment.exclude, masks)
    if (kept := plan.pinned_in.get(segment.id)) is not None:
        member = member | _member_of(kept)
    if (out := plan.pinned_out.get(segment.id)) is not None:
        member = member & ~_member_of(out)
    return member


def _member_of(ids: pl.Series) -> pl.Expr:
    return pl.col(OBJECT_INDEX).is_in(ids.implode())


def _row_masks(plan: Plan, index: Index, here: pl.Expr) -> pl.LazyFrame:
    """Return the masks of leaves that one row decides: comparisons of fields, conditions on parents."""
    kind = plan.catalog.objects[plan.object]
    compared = plan.comparisons_over(Field)
    needed = {
        found for leaf in compared if isinstance(leaf.node, Compare) for found in compared_fields(leaf.node)
    }
    rows = with_fields(plan.catalog, index, plan.object, needed, index.profiles[plan.object].filter(here))
    parents = plan.leaves_of(On)
    for leaf, name in parents.items():
        assert isinstance(leaf.node, On)
        accepted = (
            plan.parents[leaf]
            .rename("parent:key")
            .to_frame()
            .lazy()
            .with_columns(pl.lit(value=True).alias(name))
        )
        key = kind.relations[leaf.node.relation].key
        rows = rows.join(accepted, left_on=key, right_on="parent:key", how="left", maintain_order="left")
    masks = [
        compile_condition(leaf.node, Rows(plan.clock(leaf.zone))).alias(name)
        for leaf, name in compared.items()
    ]
    return rows.select(
        OBJECT_INDEX, *masks, *(pl.col(name).fill_null(value=False) for name in parents.values())
    )


def _computed_masks(plan: Plan, index: Index, masks: pl.LazyFrame, here: pl.Expr) -> pl.LazyFrame:
    """Add the masks of comparisons of measures, ratios, responses and ranks."""
    compared = plan.comparisons_over(Measure, Ratio, Response, Rank)
    nodes = [(leaf, leaf.node) for leaf in compared if isinstance(leaf.node, Compare)]
    features = named(feature for leaf, node in nodes for feature in features_of(node.operand, leaf.zone))
    ranks = {ranking: f"rank:{number}" for number, ranking in enumerate(rankings(compared))}
    masks = join_features(plan, index, masks, features, here)
    for ranking, name in ranks.items():
        frame = plan.ranks[ranking].lazy()
        renamed = frame.rename({VALUE: name, POPULATION: f"{name}:{POPULATION}"})
        masks = masks.join(renamed, on=OBJECT_INDEX, how="left", maintain_order="left")
    return masks.with_columns(
        threshold(node.operand, node, Columns(features, ranks, leaf.zone), plan.clock(leaf.zone)).alias(
            compared[leaf]
        )
        for leaf, node in nodes
    )


def _chains(plan: Plan, index: Index, here: pl.Expr) -> Iterator[tuple[pl.LazyFrame, str]]:
    for leaf, name in plan.leaves_of(Sequence).items():
        assert isinstance(leaf.node, Sequence)
        source = plan.catalog.events[leaf.node.source]
        events = index.events[source.name].filter(here)
        yield find_chains(leaf.node, source, events, plan.clock(leaf.zone)), name


def _histories(plan: Plan, index: Index) -> Iterator[tuple[pl.LazyFrame, str]]:
    for leaf, name in plan.leaves_of(InSegment).items():
        assert isinstance(leaf.node, InSegment)
        assert leaf.node.history is not None
        yield recall(leaf.node.segment, leaf.node.history, index.transitions, plan.clock(leaf.zone)), name
