"""Evaluates every segment of one object over one bucket of it: a pure function of plan, range and index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.types import Datetime
from segmentation_pipeline.evaluation.columns import compared_fields, source_fields
from segmentation_pipeline.evaluation.index import OBJECT_INDEX
from segmentation_pipeline.evaluation.measures import Timeline, aggregate, threshold
from segmentation_pipeline.evaluation.to_polars import Masks, Rows, compile_condition
from segmentation_pipeline.rules.graph import embeds
from segmentation_pipeline.rules.tree import Events, Field, Measure, Related

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.catalog.model import ObjectType
    from segmentation_pipeline.evaluation.index import Index
    from segmentation_pipeline.evaluation.plan import Bucket, Leaf, Plan
    from segmentation_pipeline.rules.segment import Segment
    from segmentation_pipeline.rules.tree import Compare


def evaluate_bucket(plan: Plan, bucket: Bucket, index: Index) -> pl.DataFrame:
    """Return ``object_index`` and one boolean column a segment, in order of ``object_index``.

    Every distinct leaf is computed once, on the rows of the bucket; segments are expressions over
    the leaf masks and the segments before them.
    """
    here = pl.col(OBJECT_INDEX).is_between(bucket.start, bucket.end, closed="left")
    masks = _field_masks(plan, index, here)
    for features, thresholds in _measure_masks(plan, index, here):
        masks = masks.join(features, on=OBJECT_INDEX, how="left", maintain_order="left")
        masks = masks.with_columns(thresholds)
    named: dict[str, str] = {name: f"segment:{name}" for name in plan.given}
    masks = masks.with_columns(_member_of(ids).alias(named[name]) for name, ids in plan.given.items())
    leaves: dict[str, dict[Compare, str]] = {}
    for leaf, mask in plan.leaves.items():
        leaves.setdefault(leaf.zone, {})[leaf.compare] = mask
    for level in _levels(plan.segments):
        masks = masks.with_columns(
            compile_segment(segment, Masks(leaves.get(segment.time_zone, {}), named), plan).alias(
                f"segment:{segment.id}"
            )
            for segment in level
        )
        named |= {segment.id: f"segment:{segment.id}" for segment in level}
    wanted = [pl.col(named[segment.id]).alias(segment.id) for segment in plan.segments]
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


def _field_masks(plan: Plan, index: Index, here: pl.Expr) -> pl.LazyFrame:
    leaves = plan.leaves_over(Field)
    needed = {found for leaf in leaves for found in compared_fields(leaf.compare)}
    rows = with_fields(plan, index, plan.object, needed, index.profiles[plan.object].filter(here))
    return rows.select(OBJECT_INDEX, *(_mask(plan, leaf).alias(name) for leaf, name in leaves.items()))


def _mask(plan: Plan, leaf: Leaf) -> pl.Expr:
    return compile_condition(leaf.compare, Rows(plan.clock(leaf.zone)))


def with_fields(
    plan: Plan, index: Index, object_name: str, needed: Iterable[Field], rows: pl.LazyFrame
) -> pl.LazyFrame:
    """Return rows of an object with the needed fields of its parents joined, named by their paths."""
    kind = plan.catalog.objects[object_name]
    hops: dict[str, set[tuple[str, ...]]] = {}
    for found in needed:
        if len(found.path) > 1:
            hops.setdefault(found.path[0], set()).add(found.path[1:])
    for hop, paths in sorted(hops.items()):
        relation = kind.relations[hop]
        parent = plan.catalog.objects[relation.object]
        below = [
            Field(path, found.type)
            for path in sorted(paths)
            for found in needed
            if found.path == (hop, *path)
        ]
        parents = with_fields(plan, index, parent.name, below, index.profiles[parent.name])
        columns = {".".join(path): f"{hop}.{'.'.join(path)}" for path in sorted(paths)}
        joined = parents.select(
            pl.col(parent.key).alias(f"{hop}:key"),
            *(pl.col(name).alias(path) for name, path in columns.items()),
        )
        rows = rows.join(
            joined, left_on=relation.key, right_on=f"{hop}:key", how="left", maintain_order="left"
        )
    return rows


def _measure_masks(plan: Plan, index: Index, here: pl.Expr) -> Iterable[tuple[pl.LazyFrame, list[pl.Expr]]]:
    """Yield, per source, its features by ``object_index`` and the leaf masks over them."""
    by_source: dict[str, list[tuple[Measure, str, list[tuple[Leaf, str]]]]] = {}
    for number, (measure, leaves) in enumerate(plan.measures().items()):
        for zone in dict.fromkeys(leaf.zone for leaf, _ in leaves):
            mine = [(leaf, name) for leaf, name in leaves if leaf.zone == zone]
            source = measure.source
            key = source.source if isinstance(source, Events) else f"{source.relation}\n"
            by_source.setdefault(key, []).append((measure, f"measure:{number}:{zone}", mine))
    for group in by_source.values():
        rows, timeline = _source_rows(plan, index, [measure for measure, _, _ in group], here)
        aggregates = [
            expression
            for measure, name, leaves in group
            for expression in aggregate(measure, timeline, plan.clock(leaves[0][0].zone), name)
        ]
        thresholds = [
            threshold(leaf.compare, measure, name, plan.clock(leaf.zone)).alias(mask)
            for measure, name, leaves in group
            for leaf, mask in leaves
        ]
        yield rows.group_by(OBJECT_INDEX).agg(aggregates), thresholds


def _source_rows(
    plan: Plan, index: Index, measures: list[Measure], here: pl.Expr
) -> tuple[pl.LazyFrame, Timeline]:
    source = measures[0].source
    if isinstance(source, Events):
        events = plan.catalog.events[source.source]
        asked = [measure.source for measure in measures if isinstance(measure.source, Events)]
        types = sorted({kind for source in asked for kind in source.types})
        rows = index.events[source.source].filter(here, pl.col(events.type).is_in(types))
        return rows, Timeline(events.time, events.fields[events.time].type, events.id, events.type)
    return _related_rows(plan, index, source, measures, here)


def _related_rows(
    plan: Plan, index: Index, source: Related, measures: list[Measure], here: pl.Expr
) -> tuple[pl.LazyFrame, Timeline]:
    kind = plan.catalog.objects[plan.object]
    relation = kind.relations[source.relation]
    other: ObjectType = plan.catalog.objects[relation.object]
    assert relation.foreign_key is not None
    needed = {found for measure in measures for found in source_fields(measure)}
    keys = index.profiles[plan.object].filter(here).select(pl.col(kind.key).alias("owner:key"), OBJECT_INDEX)
    rows = with_fields(plan, index, other.name, needed, index.profiles[other.name].drop(OBJECT_INDEX))
    rows = rows.join(keys, left_on=relation.foreign_key, right_on="owner:key", how="inner")
    time = relation.time
    return rows, Timeline(time, other.fields[time].type if time else Datetime(), other.key)
