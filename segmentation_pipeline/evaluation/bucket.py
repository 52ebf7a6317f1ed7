"""Evaluates every segment of one object over one bucket of it: a pure function of plan, range and index.

The phases, in the order of the data: leaves that one row decides, leaves over events and related rows,
sequences, ranks, published history, and last the segments as expressions over the masks of all these.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.evaluation.algebra import listed_mask, pinned_mask, segment_mask
from segmentation_pipeline.evaluation.columns import row_fields
from segmentation_pipeline.evaluation.comparisons.comparing import Comparing
from segmentation_pipeline.evaluation.comparisons.thresholds import Columns, threshold
from segmentation_pipeline.evaluation.comparisons.units import in_units
from segmentation_pipeline.evaluation.events.measuring import compute_features
from segmentation_pipeline.evaluation.events.rows import with_fields
from segmentation_pipeline.evaluation.events.sequence_masks import Candidates, sequence_masks
from segmentation_pipeline.evaluation.histories import recall
from segmentation_pipeline.evaluation.plan import Ranking, rankings
from segmentation_pipeline.evaluation.positions import POSITION, as_mask
from segmentation_pipeline.evaluation.profile import UNWATCHED
from segmentation_pipeline.evaluation.rankings import KEY, POPULATION, VALUE, needs_key
from segmentation_pipeline.evaluation.row_masks import EXISTS, row_masks
from segmentation_pipeline.rules.tree import Compare, InSegment, Rank

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.evaluation.plan import Measuring, Plan
    from segmentation_pipeline.evaluation.positions import Bucket
    from segmentation_pipeline.evaluation.profile import Watch
    from segmentation_pipeline.index.build import Index


def evaluate_bucket(plan: Plan, bucket: Bucket, index: Index, watch: Watch = UNWATCHED) -> pl.DataFrame:
    """Return one boolean column a segment, by position: row ``i`` is object ``bucket.start + i``.

    Every distinct leaf is computed once; positions that no object has are false.
    """
    masks = pl.DataFrame([*_known_masks(plan, bucket), *leaf_masks(plan, bucket, index, watch)])
    with watch.step("segments", "all levels") as cost:
        for level in plan.levels:
            masks = masks.with_columns(level)
        cost.saw(masks)
        here = pl.col(EXISTS)
        return masks.select((pl.col(segment_mask(s.id)) & here).alias(s.id) for s in plan.segments)


def leaf_masks(plan: Plan, bucket: Bucket, index: Index, watch: Watch) -> Iterator[pl.Series]:
    """Yield the mask of every leaf, and `EXISTS`, each as soon as it is decided."""
    yield from row_masks(plan, bucket, index, watch)
    candidates = Candidates()
    comparing = Comparing(list(plan.comparisons))
    for columns in compute_features(plan, plan.measuring, bucket, index, candidates=candidates, watch=watch):
        yield from comparing.take(columns, plan, watch)
    yield from sequence_masks(plan, bucket, index, candidates, watch)
    yield from _rank_masks(plan, bucket)
    yield from _history_masks(plan, bucket, index, watch)


def _known_masks(plan: Plan, bucket: Bucket) -> Iterator[pl.Series]:
    """Yield what is known before: segments evaluated elsewhere, members and pins that are written out."""
    nobody = pl.Series(dtype=pl.Int64)
    for name, mask in plan.given.items():
        yield mask.slice(bucket.start, bucket.size).alias(segment_mask(name))
    for segment in plan.segments:
        if segment.where is None:
            yield bucket.mask(plan.listed.get(segment.id, nobody)).alias(listed_mask(segment.id))
        for put, pinned in (("in", plan.pinned_in), ("out", plan.pinned_out)):
            if any(pin.put == put for pin in segment.pins):
                yield bucket.mask(pinned.get(segment.id, nobody)).alias(pinned_mask(segment.id, put))


def _rank_masks(plan: Plan, bucket: Bucket) -> Iterator[pl.Series]:
    for leaf, mask in plan.comparisons_over(Rank).items():
        assert isinstance(leaf.node, Compare)
        assert isinstance(leaf.node.operand, Rank)
        ranking = Ranking(leaf.node.operand, leaf.zone)
        ranked = plan.ranks[ranking]
        places = ranked.places.slice(bucket.start, bucket.size).alias(VALUE).to_frame()
        population = pl.lit(ranked.population, dtype=pl.Int64).alias(f"{VALUE}:{POPULATION}")
        columns = Columns({}, {ranking: VALUE}, leaf.zone)
        truth = threshold(leaf.node.operand, leaf.node, columns, plan.clock(leaf.zone))
        yield places.with_columns(population).select(truth.alias(mask)).to_series()


def _history_masks(plan: Plan, bucket: Bucket, index: Index, watch: Watch) -> Iterator[pl.Series]:
    """Yield the masks of conditions on published history."""
    transitions = bucket.values(index.transitions)
    for leaf, mask in plan.leaves_of(InSegment).items():
        assert isinstance(leaf.node, InSegment)
        assert leaf.node.history is not None
        with watch.step("history", partial(plan.said, mask)) as cost:
            found = recall(leaf.node.segment, leaf.node.history, transitions, plan.clock(leaf.zone))
            ids = found.select(bucket.position).collect(engine="streaming")
            cost.saw(ids)
        yield as_mask(ids[POSITION], bucket.size).alias(mask)


def rank_values(
    plan: Plan, measuring: Measuring, bucket: Bucket, index: Index, watch: Watch = UNWATCHED
) -> dict[Ranking, pl.DataFrame]:
    """Return what every rank of a plan orders by: ``object_index``, a whole value, where needed the key.

    Objects without a value are left out.
    """
    asked = rankings(plan.leaves)
    fields = {found for ranking in asked for found in row_fields(ranking.rank.operand)}
    kind = plan.catalog.objects[plan.object]
    keys = [pl.col(kind.key).alias(KEY)] if any(needs_key(ranking.rank) for ranking in asked) else []
    profiles = bucket.values(index.profiles[plan.object])
    rows = with_fields(plan.catalog, index, plan.object, fields, profiles)
    named = (pl.col(found.name) for found in fields)
    with watch.step("rank", plan.object) as cost:
        own = rows.select(OBJECT_INDEX, bucket.position, *keys, *named).collect(engine="streaming")
        cost.saw(own)
    columns: dict[str, pl.Series] = {}
    nobody = Candidates()
    for found in compute_features(plan, measuring, bucket, index, candidates=nobody, watch=watch):
        columns |= found
    dense = bucket.spread(own).with_columns(column.alias(name) for name, column in columns.items())
    return {ranking: _ordered_by(ranking, measuring, dense) for ranking in asked}


def _ordered_by(ranking: Ranking, measuring: Measuring, rows: pl.DataFrame) -> pl.DataFrame:
    units = in_units(ranking.rank.operand, Columns(measuring.features, {}, ranking.zone)).alias(VALUE)
    keys = [KEY] if needs_key(ranking.rank) else []
    values = rows.filter(pl.col(OBJECT_INDEX).is_not_null()).select(OBJECT_INDEX, units, *keys)
    values = values.filter(pl.col(VALUE).is_not_null())
    narrow = values[VALUE].cast(pl.Int64, strict=False)
    return values if narrow.null_count() else values.with_columns(narrow)
