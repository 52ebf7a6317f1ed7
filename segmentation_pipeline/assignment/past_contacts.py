"""The contacts of past days, as long as a window can still hold them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Chunk:
    """Contacts of one day in which each position stands once, so that masks can be written at them."""

    positions: NDArray[np.int64]
    sources: NDArray[np.int64]


def chunks_of(positions: NDArray[np.int64], sources: NDArray[np.int64]) -> list[Chunk]:
    """Return contacts in any order as chunks: the last to come at a position has the highest source."""
    order = np.lexsort((sources, positions))
    positions, sources = positions[order].astype(np.int64), sources[order].astype(np.int64)
    starts = np.flatnonzero(np.diff(positions, prepend=-1))
    turns = np.arange(len(positions)) - np.repeat(starts, np.diff(starts, append=len(positions)))
    most = int(turns.max(initial=-1))
    if not most:
        return [Chunk(positions, sources)]
    return [Chunk(positions[turns == turn], sources[turns == turn]) for turn in range(most + 1)]


@dataclass(slots=True)
class PastContacts:
    """Chunks by day, in the order of the days."""

    days: dict[dt.date, list[Chunk]] = field(default_factory=dict)

    def add(self, day: dt.date, chunks: list[Chunk]) -> None:
        self.days[day] = chunks

    def between(self, first: dt.date, before: dt.date) -> Iterator[Chunk]:
        """Yield the chunks of ``first`` up to the day before ``before``."""
        for day, chunks in self.days.items():
            if first <= day < before:
                yield from chunks

    def forget(self, before: dt.date) -> None:
        for day in [day for day in self.days if day < before]:
            del self.days[day]
