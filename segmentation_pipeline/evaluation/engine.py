"""Runs the stages of an evaluation: plans them, ranks populations, and computes buckets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.evaluation.bucket import evaluate_bucket, rank_values
from segmentation_pipeline.evaluation.index import OBJECT_INDEX, Index
from segmentation_pipeline.evaluation.members import active_pins, look_up
from segmentation_pipeline.evaluation.plan import Plan, Ranking, buckets, distinct_leaves, rankings
from segmentation_pipeline.evaluation.rankings import KEY, VALUE, rank
from segmentation_pipeline.evaluation.stages import embedded_here

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segmentation_pipeline.evaluation.plan import Leaf
    from segmentation_pipeline.evaluation.stages import ParentCondition
    from segmentation_pipeline.rules.segment import Definitions, Segment

    Progress = Callable[[str, int, int], None]
    Members = Mapping[str, pl.Series]

_VALUES = {OBJECT_INDEX: pl.Int64, VALUE: pl.Int128, KEY: pl.String}
ENGINE_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


@dataclass(frozen=True, slots=True)
class Engine:
    """Computes stages over one index at one instant (µs); ``size`` objects at a time."""

    definitions: Definitions
    index: Index
    as_of: int
    size: int
    progress: Progress | None = None

    def plan(self, stage: list[Segment], known: Members, parents: Mapping[Leaf, ParentCondition]) -> Plan:
        """Return the plan of a stage: its leaves, its pins and lists resolved, what it needs of others.

        Raises a Polars error where a rank of the stage cannot be computed.
        """
        catalog = self.definitions.catalog
        kind = catalog.objects[stage[0].object]
        here = {segment.id for segment in stage}
        given = {name for segment in stage for name in embedded_here(segment)} - here
        leaves = distinct_leaves(stage)
        plan = Plan(
            catalog,
            kind.name,
            self.as_of,
            self.definitions.week_starts,
            tuple(stage),
            leaves,
            {name: known[name] for name in sorted(given)},
            parents={leaf: self._keys(parents[leaf], known) for leaf in leaves if leaf in parents},
        )
        lookup = look_up(stage, kind, self.index.profiles[kind.name])
        listed, pinned_in, pinned_out, pending = {}, {}, {}, {}
        for segment in stage:
            if segment.members is not None:
                listed[segment.id] = lookup.ids(segment.members)
            pins = active_pins(segment, plan.clock(segment.time_zone))
            if pins:
                pinned_in[segment.id] = lookup.ids(pin.key for pin in pins if pin.put == "in")
                pinned_out[segment.id] = lookup.ids(pin.key for pin in pins if pin.put == "out")
            if unknown := lookup.pending((*(segment.members or ()), *(pin.key for pin in pins))):
                pending[segment.id] = unknown
        plan = replace(plan, listed=listed, pinned_in=pinned_in, pinned_out=pinned_out, pending=pending)
        return replace(
            plan, ranks={ranking: self._rank(plan, ranking, known) for ranking in rankings(leaves)}
        )

    def masks(self, plan: Plan) -> pl.DataFrame:
        """Return ``object_index`` and a boolean column a segment, over the whole object."""
        ranges = buckets(self._objects(plan), self.size)
        frames = []
        for number, bucket in enumerate(ranges):
            frames.append(evaluate_bucket(plan, bucket, self.index))
            if self.progress is not None:
                self.progress(plan.object, number + 1, len(ranges))
        if not frames:
            schema = {OBJECT_INDEX: pl.Int64, **{segment.id: pl.Boolean for segment in plan.segments}}
            return pl.DataFrame(schema=schema)
        return pl.concat(frames)

    def _objects(self, plan: Plan) -> int:
        last = self.index.profiles[plan.object].select(pl.col(OBJECT_INDEX).max()).collect().item()
        return 0 if last is None else last + 1

    def _keys(self, parent: ParentCondition, known: Members) -> pl.Series:
        kind = self.definitions.catalog.objects[parent.segment.object]
        ids = known[parent.segment.id].rename(OBJECT_INDEX).to_frame().lazy()
        profile = self.index.profiles[kind.name]
        return profile.join(ids, on=OBJECT_INDEX, how="semi").select(kind.key).collect().to_series()

    def _rank(self, plan: Plan, ranking: Ranking, known: Members) -> pl.DataFrame:
        """Rank the whole population: buckets give values, places are global."""
        values = [
            rank_values(plan, ranking, bucket, self.index)
            for bucket in buckets(self._objects(plan), self.size)
        ]
        if not values:
            return rank(ranking.rank, pl.DataFrame(schema=_VALUES))
        population = pl.concat(values)
        if ranking.rank.among is not None:
            population = population.filter(pl.col(OBJECT_INDEX).is_in(known[ranking.rank.among].implode()))
        return rank(ranking.rank, population)
