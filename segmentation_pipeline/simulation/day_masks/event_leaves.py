"""Leaves over counts, sums and recency of events: one pass over the events for all days.

A count is compared by its thresholds: where the comparison's truth changes as the count grows. What is
summed up changes only on the days on which an event begins or ceases to count, and is compared there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np
import polars as pl

from segmentation_pipeline.evaluation.comparisons.predicates import compare
from segmentation_pipeline.evaluation.comparisons.thresholds import Columns, threshold
from segmentation_pipeline.evaluation.events.event_scans import QUANTITIES
from segmentation_pipeline.evaluation.events.features import features_of, named
from segmentation_pipeline.rules.clock import DAY, Clock
from segmentation_pipeline.rules.tree import Compare, Events, Measure, Ratio
from segmentation_pipeline.simulation.day_masks.bits import packed, united
from segmentation_pipeline.simulation.day_masks.event_reads import EventReads, Selection
from segmentation_pipeline.simulation.day_masks.fixed import is_fixed
from segmentation_pipeline.simulation.day_masks.runs import at_least, between, earliest, latest
from segmentation_pipeline.simulation.day_masks.windows import opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from segmentation_pipeline.evaluation.events.features import Feature
    from segmentation_pipeline.evaluation.plan import Leaf
    from segmentation_pipeline.evaluation.positions import Bucket
    from segmentation_pipeline.simulation.day_masks.bits import Array, Words
    from segmentation_pipeline.simulation.day_masks.event_reads import Block
    from segmentation_pipeline.simulation.day_masks.past import Past
    from segmentation_pipeline.simulation.day_masks.windows import Opened

_MANY = 64
"""A count with more thresholds is compared where it changes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One measure of a leaf: which events, and on which days they count."""

    measure: Measure
    name: str
    selection: Selection
    windows: Opened


@dataclass(frozen=True, slots=True)
class EventLeaves:
    """The leaves over events of one kind of object, by what they ask; ``reads`` by source."""

    past: Past
    asked: Mapping[Leaf, tuple[Asked, ...]]
    reads: Mapping[str, EventReads] = field(default_factory=dict)

    def __contains__(self, leaf: Leaf) -> bool:
        return leaf in self.asked

    def masks(self, bucket: Bucket) -> Iterator[tuple[Leaf, Words | None]]:
        """Yield the masks of the days of a block, shape (words, positions).

        None stands where numbers are too great to be summed up here.
        """
        for source, reads in self.reads.items():
            block = reads.read(bucket)
            for leaf, asked in self.asked.items():
                if asked[0].selection.source == source:
                    yield leaf, _Computed(self.past, leaf, asked, block, bucket.size).words()


def compile_event_leaves(past: Past, leaves: Iterable[Leaf]) -> EventLeaves:
    """Return how those of the leaves are computed that are counted, summed up or timed."""
    found: dict[Leaf, tuple[Asked, ...]] = {}
    reads: dict[str, EventReads] = {}
    for leaf in leaves:
        asked = _asked(past, leaf)
        if asked is None:
            continue
        found[leaf] = asked
        for one in asked:
            source = one.selection.source
            mine = reads.setdefault(source, EventReads(past, source))
            edges = one.windows.edges
            if one.measure.measure.startswith("days_since"):
                edges = np.concatenate([edges, _age_edges(cast("Compare", leaf.node), past)])
            mine.add(one.selection, edges, one.windows.first, past.days.clocks(leaf.zone)[0])
    return EventLeaves(past, found, reads)


def _asked(past: Past, leaf: Leaf) -> tuple[Asked, ...] | None:
    node = leaf.node
    if not isinstance(node, Compare) or not isinstance(node.operand, Measure | Ratio):
        return None
    features = named(features_of(node.operand, leaf.zone))
    found = [_one(past, feature, name) for feature, name in features.items()]
    asked = [one for one in found if one is not None]
    # One block is read of one source.
    one_source = len({one.selection.source for one in asked}) == 1
    return tuple(asked) if len(asked) == len(found) and one_source else None


def _one(past: Past, feature: Feature, name: str) -> Asked | None:
    measure = feature.operand
    if not isinstance(measure, Measure) or not isinstance(measure.source, Events):
        return None
    if measure.measure not in QUANTITIES or not is_fixed(measure.where):
        return None
    windows = opened((measure.within,), past.days.clocks(feature.zone))
    if windows is None:
        return None
    zone = feature.zone if measure.where is not None else ""
    selection = Selection(
        measure.source.source, tuple(sorted(set(measure.source.types))), measure.where, zone, measure.of
    )
    return Asked(measure, name, selection, windows)


@dataclass(frozen=True, slots=True)
class _Computed:
    """One leaf over one block of ``size`` positions."""

    past: Past
    leaf: Leaf
    asked: tuple[Asked, ...]
    block: Block
    size: int

    @property
    def node(self) -> Compare:
        return cast("Compare", self.leaf.node)

    def words(self) -> Words | None:
        first = self.asked[0]
        if isinstance(self.node.operand, Measure):
            if first.measure.measure.startswith("days_since"):
                return self._aged(first)
            if first.measure.measure == "count" and len(changes := _thresholds(self.node)) <= _MANY:
                return self._counted(first, changes)
        return self._stepped()

    def _counted(self, asked: Asked, changes: list[int]) -> Words:
        chosen = self.block.chosen(asked.selection)
        runs, days = self._runs(asked, chosen.places), self.past.days
        found = np.zeros((days.words, self.size), dtype=np.uint64)
        for count in changes:
            if count == 0:
                found ^= days.every
            else:
                found ^= at_least(count, chosen.positions, runs, days, self.size)
        return found

    def _aged(self, asked: Asked) -> Words:
        """Compare the age of the event that is the last, or the first, of those that count on a day."""
        chosen, days = self.block.chosen(asked.selection), self.past.days
        positions = chosen.positions
        first, after = self._runs(asked, chosen.places)
        covered = united(between(first, after, days), positions, self.size)
        if asked.measure.measure == "days_since_last":
            first, after = latest(positions, first, after, days)
        else:
            first, after = earliest(positions, first, after)
        ages = (np.array(days.ends)[:, None] - self._samples()[None, :]) // DAY
        truths = self._truths(pl.Series("age", ages.reshape(-1)))
        judged = packed(truths.reshape(ages.shape))
        found = united(between(first, after, days) & judged[:, chosen.places], positions, self.size)
        if self._truths(pl.Series("age", [None], dtype=pl.Int64))[0]:
            found |= ~covered
        return found

    def _truths(self, values: pl.Series) -> Array:
        clock = self.past.days.clocks(self.leaf.zone)[0]
        truths: Array = (
            values.to_frame().select(compare(self.node, pl.col(values.name), clock)).to_series().to_numpy()
        )
        return truths

    def _stepped(self) -> Words | None:
        """Compare what is summed up on the days on which it changes."""
        days, columns = self.past.days, []
        keys: list[Array] = []
        for asked in self.asked:
            chosen = self.block.chosen(asked.selection)
            if not chosen.fits:
                return None
            first, after = self._runs(asked, chosen.places)
            counts = first < after
            key = chosen.positions.astype(np.int64) * (len(days) + 1)
            ones = np.ones(np.count_nonzero(counts), dtype=np.int64)
            columns.append((asked.name, ones if chosen.values is None else chosen.values[counts], len(keys)))
            if asked.measure.measure == "avg":
                columns.append((f"{asked.name}:count", ones, len(keys)))
            keys.append(np.concatenate([(key + first)[counts], (key + after)[counts]]))
        times, inverse = np.unique(np.concatenate(keys), return_inverse=True)
        lengths = np.cumsum([0, *(len(key) for key in keys)])
        steps, starts = {}, np.flatnonzero(np.diff(times // (len(days) + 1), prepend=-1))
        positions = times // (len(days) + 1)
        group = np.cumsum(np.diff(positions, prepend=-1) != 0) - 1
        for column, values, number in columns:
            mine = inverse[lengths[number] : lengths[number + 1]]
            changed = np.zeros(len(times), dtype=np.int64)
            np.add.at(changed, mine, np.concatenate([values, -values]))
            total = np.cumsum(changed)
            before = (total - changed)[starts]
            steps[column] = np.append(total - before[group] if len(times) else total, 0)
        truths = self._compared(pl.DataFrame(steps))
        first = times % (len(days) + 1)
        after = np.full(len(times), len(days), dtype=np.int64)
        same = positions[1:] == positions[:-1]
        after[:-1][same] = first[1:][same]
        found = united(np.where(truths[:-1], between(first, after, days), np.uint64(0)), positions, self.size)
        if truths[-1]:
            # Before its first step a position has what those without any events have.
            begins = np.full(self.size, len(days), dtype=np.int64)
            begins[positions[starts]] = first[starts]
            found |= days.until[:, begins]
        return found

    def _compared(self, steps: pl.DataFrame) -> Array:
        operand = cast("Measure | Ratio", self.node.operand)
        features = named(features_of(operand, self.leaf.zone))
        columns = Columns(features, {}, self.leaf.zone)
        clock = self.past.days.clocks(self.leaf.zone)[0]
        truth: Array = steps.select(threshold(operand, self.node, columns, clock)).to_series().to_numpy()
        return truth

    def _samples(self) -> Array:
        """Return an instant of each place."""
        edges = self.block.edges
        return np.concatenate([edges[:1] - 1, edges]) if len(edges) else np.zeros(1, dtype=np.int64)

    def _runs(self, asked: Asked, places: Array) -> tuple[Array, Array]:
        samples = self._samples()
        first, after = asked.windows.first_days(samples), asked.windows.after_days(samples)
        return first[places], after[places]


def _thresholds(node: Compare) -> list[int]:
    """Return from which counts on the truth of a comparison is another than before: 0, if it is true of 0."""
    literals = node.value if isinstance(node.value, tuple) else (node.value,)
    numbers = {number + more for number in literals if isinstance(number, int) for more in (0, 1)}
    counts = sorted({0, *(number for number in numbers if 0 < number < 2**62)})
    truths = pl.DataFrame({"count": counts}, schema={"count": pl.Int64}).select(
        compare(node, pl.col("count"), Clock(0, "UTC"))
    )
    found, before = [], False
    for count, truth in zip(counts, truths.to_series().to_list(), strict=True):
        if truth != before:
            found.append(count)
        before = truth
    return found


def _age_edges(node: Compare, past: Past) -> Array:
    """Return the instants at which an age, in whole days, passes a literal on some day."""
    literals = node.value if isinstance(node.value, tuple) else (node.value,)
    ages = {number + more for number in literals if isinstance(number, int) for more in (0, 1)}
    edges = [end - age * DAY + 1 for end in past.days.ends for age in ages if 0 <= age < 10**6]
    return np.array(edges, dtype=np.int64)
