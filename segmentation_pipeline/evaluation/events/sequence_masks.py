"""The masks of sequences: linear passes where they are enough, sorted joins for what is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.evaluation.events.chains import StepEvents, chain
from segmentation_pipeline.evaluation.events.event_scans import AT, NUMBER
from segmentation_pipeline.evaluation.events.sequences import find_chains
from segmentation_pipeline.evaluation.events.tallies import slices
from segmentation_pipeline.evaluation.positions import POSITION
from segmentation_pipeline.rules.tree import Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segmentation_pipeline.evaluation.events.chains import Found
    from segmentation_pipeline.evaluation.events.event_scans import Selection
    from segmentation_pipeline.evaluation.events.tallies import Array
    from segmentation_pipeline.evaluation.plan import Leaf, Plan
    from segmentation_pipeline.evaluation.positions import Bucket
    from segmentation_pipeline.evaluation.profile import Watch
    from segmentation_pipeline.index.build import Index


@dataclass(slots=True)
class Candidates:
    """The events that may stand for the steps of sequences, collected while types are read."""

    seen: int = 0
    _parts: dict[tuple[str, int], list[StepEvents]] = field(default_factory=dict)

    def number(self, events: pl.DataFrame) -> pl.DataFrame:
        """Add `NUMBER` to the events of one type."""
        first, self.seen = self.seen, self.seen + events.height
        return events.with_columns(pl.int_range(first, self.seen, dtype=pl.Int64).alias(NUMBER))

    def take(self, selection: Selection, rows: pl.DataFrame) -> None:
        """Keep the rows of a selection, ordered by time, for the steps that ask for them."""
        if not selection.steps:
            return
        columns = [rows[name].to_numpy() for name in (NUMBER, POSITION, AT)]
        spans = slices(columns[2], (step.span for step in selection.steps))
        for step in selection.steps:
            part = slice(*spans[step.span])
            events = StepEvents(*(column[part] for column in columns))
            self._parts.setdefault((step.leaf, step.number), []).append(events)

    def of(self, leaf: str, steps: int) -> list[StepEvents]:
        """Return the candidates of every step of a leaf, and forget them."""
        return [_joined(self._parts.pop((leaf, number))) for number in range(steps)]


def sequence_masks(
    plan: Plan, bucket: Bucket, index: Index, candidates: Candidates, watch: Watch
) -> Iterator[pl.Series]:
    """Yield the mask of every sequence; the ids of events are read only where they decide."""
    tied: dict[str, tuple[Leaf, Found]] = {}
    for leaf, mask in plan.leaves_of(Sequence).items():
        assert isinstance(leaf.node, Sequence)
        with watch.step("sequence", partial(plan.said, mask)):
            if is_linear(leaf.node):
                found = chain(leaf.node, candidates.of(mask, len(leaf.node.steps)), bucket.size)
                chained = found.chained
                if found.tied.any():
                    tied[mask] = leaf, found
            else:
                events = bucket.values(index.events[leaf.node.source])
                chained = _joined_chains(plan, leaf, events, bucket)
        if mask not in tied:
            yield pl.Series(mask, chained)
    if tied:
        with watch.step("sequence", "events of one object at the same instant"):
            decided = list(_untied(plan, bucket, index, tied))
        yield from decided


def is_linear(node: Sequence) -> bool:
    """Return whether a chain is found in one order of events: not where it must share values."""
    return not node.same


def _untied(
    plan: Plan, bucket: Bucket, index: Index, tied: Mapping[str, tuple[Leaf, Found]]
) -> Iterator[pl.Series]:
    """Yield masks for which simultaneous events decide: the objects concerned, in order of their ids."""
    events: dict[str, pl.LazyFrame] = {}
    sequences = [(leaf.node, found) for leaf, found in tied.values() if isinstance(leaf.node, Sequence)]
    for source in dict.fromkeys(node.source for node, _ in sequences):
        anyone = np.logical_or.reduce([found.tied for node, found in sequences if node.source == source])
        steps = [step for node, _ in sequences if node.source == source for step in node.steps]
        types = sorted({kind for step in steps for kind in step.types})
        theirs = bucket.values(index.events[source]).filter(
            pl.col(plan.catalog.events[source].type).is_in(types),
            pl.col(OBJECT_INDEX).is_in(_ids(anyone, bucket)),
        )
        events[source] = theirs.collect(engine="streaming").lazy()
    for mask, (leaf, found) in tied.items():
        assert isinstance(leaf.node, Sequence)
        mine = events[leaf.node.source].filter(pl.col(OBJECT_INDEX).is_in(_ids(found.tied, bucket)))
        yield pl.Series(mask, found.chained & ~found.tied | _joined_chains(plan, leaf, mine, bucket))


def _joined_chains(plan: Plan, leaf: Leaf, events: pl.LazyFrame, bucket: Bucket) -> Array:
    assert isinstance(leaf.node, Sequence)
    source = plan.catalog.events[leaf.node.source]
    found = find_chains(leaf.node, source, events, plan.clock(leaf.zone)).select(bucket.position)
    held = np.zeros(bucket.size, dtype=bool)
    held[found.collect(engine="streaming").to_series().to_numpy()] = True
    return held


def _ids(positions: Array, bucket: Bucket) -> pl.Expr:
    return pl.lit(pl.Series(np.flatnonzero(positions) + bucket.start)).implode()


def _joined(parts: list[StepEvents]) -> StepEvents:
    if len(parts) == 1:
        return parts[0]
    return StepEvents(
        np.concatenate([part.numbers for part in parts]),
        np.concatenate([part.positions for part in parts]),
        np.concatenate([part.times for part in parts]),
    )
