"""Sequences as linear passes over the events of all steps, ordered by object and time.

Only objects that have an event for every step that must happen are looked at. A chain is extended by
the *latest* fitting predecessor of each event, for the reason that `sequences` gives. Where two
events of one object stand at the same instant, their ids decide: such objects are only named here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence as Listed

    from segmentation_pipeline.evaluation.events.tallies import Array
    from segmentation_pipeline.rules.tree import Sequence

_RADIX = 16


@dataclass(frozen=True, slots=True)
class StepEvents:
    """The candidates of one step: a number that tells each event of the bucket, position and time (µs)."""

    numbers: Array
    positions: Array
    times: Array

    def of(self, chosen: Array) -> StepEvents:
        """Return the events at the chosen positions."""
        here = chosen[self.positions]
        return StepEvents(self.numbers[here], self.positions[here], self.times[here])


@dataclass(frozen=True, slots=True)
class Found:
    """Who has a chain, by position, and whose chains only the ids of simultaneous events decide."""

    chained: Array
    tied: Array


@dataclass(frozen=True, slots=True)
class _Line:
    """Every event once, by position and time, and which of them meets each step."""

    positions: Array
    times: Array
    meets: Listed[Array]

    def latest(self, chosen: Array) -> Array:
        """Return for every event the place of the latest chosen one strictly before it, or −1."""
        places = np.where(chosen, np.arange(len(chosen)), -1)
        return np.concatenate([[-1], np.maximum.accumulate(places)[:-1]])

    def next(self, chosen: Array) -> Array:
        """Return for every event the place of the next chosen one strictly after it, or −1."""
        end = len(chosen)
        places = np.where(chosen, np.arange(end), end)
        after = np.concatenate([np.minimum.accumulate(places[::-1])[::-1][1:], [end]])
        return np.where(after < end, after, -1)

    def beside(self, places: Array) -> Array:
        """Return whether the event at each place belongs to the same object."""
        same: Array = (places >= 0) & (self.positions[places] == self.positions)
        return same


def chain(node: Sequence, steps: Listed[StepEvents], size: int) -> Found:
    """Return who of ``size`` positions has a chain that fits; ``node.same`` is not looked at."""
    chosen = np.ones(size, dtype=bool)
    for step, events in zip(node.steps, steps, strict=True):
        if not step.negated:
            chosen &= _held(events.positions, size)
    line = _merge([events.of(chosen) for events in steps])
    if not len(line.times):
        return Found(np.zeros(size, dtype=bool), np.zeros(size, dtype=bool))
    ends = _ends(node, line)
    return Found(_held(line.positions[ends], size), _held(line.positions[_ties(line)], size))


def _ends(node: Sequence, line: _Line) -> Array:
    """Return which events end a chain of all steps."""
    ends: Array | None = None
    starts = line.times
    skipped: list[Array] = []
    for step, meets in zip(node.steps, line.meets, strict=True):
        if step.negated:
            skipped.append(meets)
            continue
        if ends is None:
            ends = meets.copy()
            for forbidden in skipped:
                before = line.latest(forbidden)
                ends &= ~(line.beside(before) & _near(node.gap, line.times - line.times[before]))
        else:
            before = line.latest(ends)
            ends = meets & line.beside(before)
            if node.gap is not None:
                ends &= line.times - line.times[before] <= node.gap
            for forbidden in skipped:
                ends &= line.latest(forbidden) <= before
            starts = starts[before]
        skipped = []
    assert ends is not None
    for forbidden in skipped:
        after = line.next(forbidden)
        ends &= ~(line.beside(after) & _near(node.gap, line.times[after] - line.times))
    if node.span is not None:
        ends &= line.times - starts <= node.span
    return ends


def _near(gap: int | None, distance: Array) -> Array:
    """Return which forbidden events are too close: without a gap, all of them."""
    return np.ones(len(distance), dtype=bool) if gap is None else distance <= gap


def _merge(steps: Listed[StepEvents]) -> _Line:
    numbers = np.concatenate([step.numbers for step in steps])
    _, first, place = np.unique(numbers, return_index=True, return_inverse=True)
    positions = np.concatenate([step.positions for step in steps])[first]
    times = np.concatenate([step.times for step in steps])[first]
    order = np.argsort(times, kind="stable")
    order = order[_stable_order(positions[order])]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    meets, begin = [], 0
    for step in steps:
        met = np.zeros(len(order), dtype=bool)
        met[rank[place[begin : begin + len(step.numbers)]]] = True
        meets.append(met)
        begin += len(step.numbers)
    return _Line(positions[order], times[order], meets)


def _stable_order(positions: Array) -> Array:
    """Return the stable order of positions: two passes of a radix sort, which 16 bits get in numpy."""
    low = np.argsort((positions & (2**_RADIX - 1)).astype(np.uint16), kind="stable")
    high = (positions[low] >> _RADIX).astype(np.uint16)
    return low[np.argsort(high, kind="stable")]


def _ties(line: _Line) -> Array:
    """Return which events share object and instant with the one before, but not the steps they meet."""
    tied = np.zeros(len(line.times), dtype=bool)
    together = (line.positions[1:] == line.positions[:-1]) & (line.times[1:] == line.times[:-1])
    for met in line.meets:
        tied[1:] |= together & (met[1:] != met[:-1])
    return tied


def _held(positions: Array, size: int) -> Array:
    held = np.zeros(size, dtype=bool)
    held[positions] = True
    return held
