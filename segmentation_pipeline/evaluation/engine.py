"""Runs the stages of an evaluation: plans them, ranks populations, and computes buckets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.evaluation.algebra import compile_levels
from segmentation_pipeline.evaluation.bucket import evaluate_bucket, rank_values
from segmentation_pipeline.evaluation.comparisons.comparing import comparisons
from segmentation_pipeline.evaluation.events.features import features_of, named
from segmentation_pipeline.evaluation.events.measuring import compile_measuring
from segmentation_pipeline.evaluation.events.sequence_masks import is_linear
from segmentation_pipeline.evaluation.members import active_pins, look_up
from segmentation_pipeline.evaluation.plan import Plan, Ranking, distinct_leaves, rankings
from segmentation_pipeline.evaluation.positions import as_ids, as_mask, buckets
from segmentation_pipeline.evaluation.profile import UNWATCHED
from segmentation_pipeline.evaluation.rankings import KEY, VALUE, Ranked, rank
from segmentation_pipeline.evaluation.row_masks import compile_own
from segmentation_pipeline.evaluation.stages import embedded_here
from segmentation_pipeline.rules.tree import Compare, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segmentation_pipeline.evaluation.plan import Leaf
    from segmentation_pipeline.evaluation.profile import Watch
    from segmentation_pipeline.evaluation.stages import ParentCondition
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.rules.segment import Definitions, Segment

    Progress = Callable[[str, int, int], None]
    Masks = Mapping[str, pl.Series]

_VALUES = {OBJECT_INDEX: pl.Int64, VALUE: pl.Int64, KEY: pl.String}
ENGINE_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


@dataclass(frozen=True, slots=True)
class Engine:
    """Computes stages over one index at one instant (µs); ``size`` objects at a time."""

    definitions: Definitions
    index: Index
    as_of: int
    size: int
    progress: Progress | None = None
    watch: Watch = UNWATCHED
    _objects: dict[str, int] = field(default_factory=dict)

    def plan(self, stage: list[Segment], known: Masks, parents: Mapping[Leaf, ParentCondition]) -> Plan:
        """Return the plan of a stage: its leaves, its pins and lists resolved, what it needs of others.

        ``known`` are the masks of segments evaluated before. Raises a Polars error where a leaf cannot
        be compiled, or a rank of the stage not be computed.
        """
        catalog = self.definitions.catalog
        kind = catalog.objects[stage[0].object]
        given = {name for segment in stage for name in embedded_here(segment)} - {s.id for s in stage}
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
        plan = self._compiled(self._resolved(plan))
        return replace(plan, ranks=self._ranks(plan, known))

    def masks(self, plan: Plan) -> Masks:
        """Return the mask of every segment of a plan, over the whole object."""
        ranges = buckets(self.objects(plan.object), self.size)
        empty = pl.DataFrame(schema={segment.id: pl.Boolean for segment in plan.segments})
        frames = [empty]
        for number, bucket in enumerate(ranges):
            frames.append(evaluate_bucket(plan, bucket, self.index, self.watch))
            if self.progress is not None:
                self.progress(plan.object, number + 1, len(ranges))
        whole = pl.concat(frames, rechunk=True)
        return {name: whole[name] for name in whole.columns}

    def objects(self, kind: str) -> int:
        """Return how many positions an object has: its greatest ``object_index`` and one."""
        if kind not in self._objects:
            rows = self.index.stored(kind).rows
            last = rows.select(pl.col(OBJECT_INDEX).max()).collect().item()
            self._objects[kind] = 0 if last is None else last + 1
        return self._objects[kind]

    def mask(self, kind: str, ids: pl.Series) -> pl.Series:
        """Return members that were published before as a mask; those that no object has any more are out."""
        return as_mask(ids, self.objects(kind))

    def _resolved(self, plan: Plan) -> Plan:
        """Add what members and pins that are written out lead to."""
        kind = plan.catalog.objects[plan.object]
        lookup = look_up(
            plan.segments, kind, self.index.profiles[kind.name], self.index.merged.get(kind.name)
        )
        listed, pinned_in, pinned_out, pending = {}, {}, {}, {}
        for segment in plan.segments:
            if segment.members is not None:
                listed[segment.id] = lookup.ids(segment.members)
            pins = active_pins(segment, plan.clock(segment.time_zone))
            if pins:
                pinned_in[segment.id] = lookup.ids(pin.key for pin in pins if pin.put == "in")
                pinned_out[segment.id] = lookup.ids(pin.key for pin in pins if pin.put == "out")
            if unknown := lookup.pending((*(segment.members or ()), *(pin.key for pin in pins))):
                pending[segment.id] = unknown
        return replace(plan, listed=listed, pinned_in=pinned_in, pinned_out=pinned_out, pending=pending)

    def _compiled(self, plan: Plan) -> Plan:
        """Add what is compiled once for all buckets."""
        compared = [(leaf, leaf.node) for leaf in plan.leaves if isinstance(leaf.node, Compare)]
        features = named(found for leaf, node in compared for found in features_of(node.operand, leaf.zone))
        sequences = [
            (leaf.node, mask, leaf.zone)
            for leaf, mask in plan.leaves_of(Sequence).items()
            if isinstance(leaf.node, Sequence) and is_linear(leaf.node)
        ]
        return replace(
            plan,
            own=compile_own(plan, self.index),
            measuring=compile_measuring(plan, self.index, features, sequences),
            comparisons=comparisons(plan, features),
            levels=compile_levels(plan.segments, plan.leaves),
        )

    def _keys(self, parent: ParentCondition, known: Masks) -> pl.Series:
        kind = self.definitions.catalog.objects[parent.segment.object]
        ids = as_ids(known[parent.segment.id]).to_frame().lazy()
        profile = self.index.profiles[kind.name]
        return profile.join(ids, on=OBJECT_INDEX, how="semi").select(kind.key).collect().to_series()

    def _ranks(self, plan: Plan, known: Masks) -> dict[Ranking, Ranked]:
        """Rank whole populations, where a plan asks for any: buckets give values, places are global."""
        asked = rankings(plan.leaves)
        if not asked:
            return {}
        features = named(
            found for ranking in asked for found in features_of(ranking.rank.operand, ranking.zone)
        )
        measuring = compile_measuring(plan, self.index, features)
        size = self.objects(plan.object)
        values: dict[Ranking, list[pl.DataFrame]] = {ranking: [] for ranking in asked}
        for bucket in buckets(size, self.size):
            for ranking, found in rank_values(plan, measuring, bucket, self.index, self.watch).items():
                among = ranking.rank.among
                ranked = found if among is None else found.filter(known[among].gather(found[OBJECT_INDEX]))
                values[ranking].append(ranked)
        ranks = {}
        for ranking in asked:
            parts = values.pop(ranking)
            population = pl.concat(parts, how="vertical_relaxed") if parts else pl.DataFrame(schema=_VALUES)
            with self.watch.step("rank", "places"):
                ranks[ranking] = rank(ranking.rank, population, size)
        return ranks
