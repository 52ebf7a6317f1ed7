"""Leaves that no mask of days is known for: the engine evaluates them by themselves, day by day.

That is exact whatever a leaf asks. One that looks at a whole population (a rank, a condition on a
parent) is evaluated for all objects at once, before the first block; the others block by block.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.evaluation.bucket import evaluate_bucket
from segmentation_pipeline.evaluation.engine import ENGINE_ERRORS, Engine
from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.rules.english import describe
from segmentation_pipeline.rules.graph import dependencies
from segmentation_pipeline.rules.segment import Segment
from segmentation_pipeline.rules.tree import Compare, On, Rank
from segmentation_pipeline.simulation.day_masks.bits import add_day
from segmentation_pipeline.simulation.day_masks.fixed import is_steady

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import polars as pl

    from segmentation_pipeline.evaluation.plan import Leaf, Plan
    from segmentation_pipeline.evaluation.positions import Bucket
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.simulation.day_masks.bits import Array, Words
    from segmentation_pipeline.simulation.day_masks.past import Past


@dataclass(frozen=True, slots=True)
class Swept:
    """The leaves of one object that are evaluated day by day; ``failed`` says why some cannot be.

    ``whole`` are the masks of leaves over all positions, ``plans`` what is left to do a block: every
    leaf a segment, one plan a day, by its number. The ``steady`` are the same on all days, of which the
    last is evaluated.
    """

    past: Past
    names: Mapping[Leaf, str]
    whole: Mapping[Leaf, Words]
    plans: Mapping[int, Plan]
    steady: Mapping[Leaf, str] = field(default_factory=dict)
    failed: Mapping[Leaf, str] = field(default_factory=dict)

    @property
    def daily(self) -> list[Leaf]:
        """The leaves that are evaluated on every day."""
        return [leaf for leaf in self.names if leaf not in self.steady]

    def masks(self, bucket: Bucket) -> Iterator[tuple[Leaf, Words | Array]]:
        """Yield the masks of the days of a block of objects, shape (words, positions).

        Booleans, shape (positions,), say the same of all days.
        """
        yield from ((leaf, words[:, bucket.start : bucket.end]) for leaf, words in self.whole.items())
        if not self.plans:
            return
        last_day = len(self.past.days) - 1
        last = self._evaluated(last_day, bucket)
        yield from ((leaf, last[name].to_numpy()) for leaf, name in self.steady.items())
        done = {*self.whole, *self.failed, *self.steady}
        rest = [leaf for leaf in self.names if leaf not in done]
        words = self.past.days.words
        found = {leaf: np.zeros((words, bucket.size), dtype=np.uint64) for leaf in rest}
        for day in range(last_day + 1 if rest else 0):
            truths = last if day == last_day else self._evaluated(day, bucket)
            for leaf in rest:
                add_day(found[leaf], day, truths[self.names[leaf]].to_numpy())
        yield from found.items()

    def _evaluated(self, day: int, bucket: Bucket) -> pl.DataFrame:
        try:
            return evaluate_bucket(self.plans[day], bucket, self.past.index_at(day))
        except ENGINE_ERRORS as error:
            raise _cannot(self.names, error) from error


def sweep(definitions: Definitions, past: Past, kind: str, leaves: Iterable[Leaf]) -> Swept:
    """Plan the leaves of an object of ``kind``, and evaluate those that need whole populations."""
    names = {leaf: f"swept:{number}" for number, leaf in enumerate(leaves)}
    alone = {
        name: Segment(name, name, "dynamic", kind, leaf.zone, "", leaf.node.at, where=leaf.node)
        for leaf, name in names.items()
    }
    with_leaves = replace(definitions, segments={**definitions.segments, **alone})
    broad = {leaf: name for leaf, name in names.items() if _is_broad(leaf)}
    whole, failed = _evaluated(with_leaves, past, kind, broad)
    rest = {leaf: name for leaf, name in names.items() if leaf not in broad}
    steady = {leaf: name for leaf, name in rest.items() if is_steady(past, kind, leaf.node)}
    daily = [name for leaf, name in rest.items() if leaf not in steady]
    last, plans = len(past.days) - 1, {}
    for day in range(last + 1):
        asked = [*daily, *(steady.values() if day == last else ())]
        if not asked:
            continue
        engine = Engine(with_leaves, past.index_at(day), past.days.ends[day], past.size)
        try:
            plans[day] = engine.plan([alone[name] for name in asked], {}, {})
        except ENGINE_ERRORS as error:
            raise _cannot(rest, error) from error
    return Swept(past, names, whole, plans, steady, failed)


def _cannot(leaves: Iterable[Leaf], error: BaseException) -> RunFailed:
    said = ", ".join(" ".join(describe(leaf.node).split()) for leaf in leaves)
    return RunFailed(f"the engine cannot compute one of: {said}: {error}")


def _is_broad(leaf: Leaf) -> bool:
    node = leaf.node
    return isinstance(node, On) or (isinstance(node, Compare) and isinstance(node.operand, Rank))


def _evaluated(
    definitions: Definitions, past: Past, kind: str, names: Mapping[Leaf, str]
) -> tuple[dict[Leaf, Words], dict[Leaf, str]]:
    found: dict[Leaf, Words] = {
        leaf: np.zeros((past.days.words, past.positions(kind)), dtype=np.uint64) for leaf in names
    }
    failed: dict[Leaf, str] = {}
    only = {*names.values(), *dependencies(definitions.segments, names.values())}
    for day in range(len(past.days) if names else 0):
        index, instant = past.index_at(day), past.days.instant(day)
        evaluation = evaluate_index(definitions, index, instant, only=only, bucket_size=past.size)
        for leaf, name in names.items():
            if name in evaluation.failed:
                failed[leaf] = evaluation.failed[name].cause
                continue
            truths = evaluation.masks[name].to_numpy()
            add_day(found[leaf][:, : len(truths)], day, truths)
    return {leaf: words for leaf, words in found.items() if leaf not in failed}, failed
