"""Sequences whose chains are the same on every day: a day counts those that lie in its window.

Of the chains that end with an event the one that starts latest lies in every window that any of them
lies in. So each event that ends a chain makes a run of days: from the first that ends after it, to the
last whose window begins before the start. A forbidden event before the first step or after the last is
another matter: whether there is one the window itself decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.catalog.types import Text
from segmentation_pipeline.evaluation.comparisons.coded_rows import CodedRows
from segmentation_pipeline.evaluation.positions import POSITION
from segmentation_pipeline.evaluation.to_polars import compile_condition
from segmentation_pipeline.rules.tree import All, Compare, Field, Sequence
from segmentation_pipeline.simulation.day_masks.bits import united
from segmentation_pipeline.simulation.day_masks.fixed import is_fixed
from segmentation_pipeline.simulation.day_masks.runs import between
from segmentation_pipeline.simulation.day_masks.windows import opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from segmentation_pipeline.evaluation.plan import Leaf
    from segmentation_pipeline.evaluation.positions import Bucket
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.tree import Step
    from segmentation_pipeline.simulation.day_masks.bits import Array, Words
    from segmentation_pipeline.simulation.day_masks.past import Past
    from segmentation_pipeline.simulation.day_masks.windows import Opened

_INSTANT = pl.Datetime("us", "UTC")
_AT = "at"


@dataclass(frozen=True, slots=True)
class Chains:
    """The sequences of objects of one kind, each with the windows of its days."""

    past: Past
    windows: Mapping[Leaf, Opened]

    def __contains__(self, leaf: Leaf) -> bool:
        return leaf in self.windows

    def masks(self, bucket: Bucket) -> Iterator[tuple[Leaf, Words]]:
        """Yield the masks of the days of a block of objects, shape (words, positions)."""
        for leaf, windows in self.windows.items():
            assert isinstance(leaf.node, Sequence)
            events = self._events(leaf.node, windows, bucket, self.past.days.clocks(leaf.zone)[0])
            positions, starts, ends = latest_chains(leaf.node, events)
            first, after = windows.first_days(ends), windows.after_days(starts)
            counts = first < after
            runs = between(first[counts], after[counts], self.past.days)
            yield leaf, united(runs, positions[counts], bucket.size)

    def _events(self, node: Sequence, windows: Opened, bucket: Bucket, clock: Clock) -> pl.DataFrame:
        """Return position, time, and for each step whether an event meets it, in the order of chains.

        Ids are read only where they decide that order.
        """
        source, stored = self.past.catalog.events[node.source], self.past.index.stored(node.source)
        coded, time = CodedRows(clock, stored.codings), pl.col(source.time)
        types = tuple(sorted({kind for step in node.steps for kind in step.types}))
        rows = bucket.rows(stored).filter(
            coded.leaf(_typed(source.type, types)), time <= pl.lit(self.past.days.ends[-1], dtype=_INSTANT)
        )
        if windows.first > np.iinfo(np.int64).min:
            rows = rows.filter(time >= pl.lit(windows.first, dtype=_INSTANT))
        met = [
            compile_condition(_meeting(source.type, step), coded).alias(f"step {number}")
            for number, step in enumerate(node.steps)
        ]
        columns = [bucket.position, time.to_physical().cast(pl.Int64).alias(_AT), *met]
        plain = rows.select(columns).collect(engine="streaming").sort(POSITION, _AT)
        if not _has_ties(plain):
            return plain
        named = rows.select(*columns, coded.value(source.id).cast(pl.String).alias("id"))
        return named.collect(engine="streaming").sort(POSITION, _AT, "id")


def latest_chains(node: Sequence, events: pl.DataFrame) -> tuple[Array, Array, Array]:
    """Return of every event that ends a chain: its position, and when its latest chain starts and ends.

    An event is preceded by the latest chain before it. That loses nothing: gap, span and the stretch
    without forbidden events are shortest, and the start of the latest chain never moves back.
    """
    positions, times = events[POSITION].to_numpy(), events[_AT].to_numpy()
    rows = np.arange(events.height)
    ends: Array | None = None
    starts = times.copy()
    skipped: list[Array] = []
    for number, step in enumerate(node.steps):
        met = events[f"step {number}"].to_numpy()
        if step.negated:
            skipped.append(_last_before(met, rows))
            continue
        if ends is not None:
            before = _last_before(ends, rows)
            met = met & (before >= 0)
            met &= positions[before] == positions
            if node.gap is not None:
                met &= times - times[before] <= node.gap
            for forbidden in skipped:
                met &= forbidden <= before
            starts = np.where(met, starts[before], 0)
        ends, skipped = met, []
    assert ends is not None
    if node.span is not None:
        ends = ends & (times - starts <= node.span)
    return positions[ends], starts[ends], times[ends]


def compile_chains(past: Past, leaves: Iterable[Leaf]) -> Chains:
    """Return those of the leaves that are sequences whose chains no day decides."""
    found = {}
    for leaf in leaves:
        if isinstance(leaf.node, Sequence) and _is_steady(leaf.node):
            windows = opened((leaf.node.within,), past.days.clocks(leaf.zone))
            if windows is not None:
                found[leaf] = windows
    return Chains(past, found)


def _is_steady(node: Sequence) -> bool:
    open_ended = node.steps[0].negated or node.steps[-1].negated
    steady = all(step.within is None and is_fixed(step.where) for step in node.steps)
    return steady and not open_ended and not node.same


def _last_before(met: Array, rows: Array) -> Array:
    """Return for every row the last row before it that is met, -1 for none."""
    last = np.maximum.accumulate(np.where(met, rows, -1)) if len(rows) else rows
    return np.concatenate([[-1], last[:-1]]) if len(rows) else last


def _meeting(column: str, step: Step) -> All:
    parts = (_typed(column, step.types), *([step.where] if step.where is not None else []))
    return All(parts)


def _typed(column: str, types: tuple[str, ...]) -> Compare:
    return Compare(Field((column,), Text()), "in", types)


def _has_ties(rows: pl.DataFrame) -> bool:
    """Return whether two rows of one position, which stand together, have the same time."""
    positions, times = rows[POSITION].to_numpy(), rows[_AT].to_numpy()
    return bool(np.any((positions[1:] == positions[:-1]) & (times[1:] == times[:-1])))
