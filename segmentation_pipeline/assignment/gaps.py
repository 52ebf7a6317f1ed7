"""The time a segment leaves between two contacts of its own with one customer."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.assignment.bits import Mask, bit_of
from segmentation_pipeline.assignment.windows import back

if TYPE_CHECKING:
    from segmentation_pipeline.assignment.contenders import Ranking, Sources
    from segmentation_pipeline.assignment.past_contacts import Chunk, PastContacts


class Gaps:
    """Which segments rest at which contacts, in ``running``."""

    def __init__(self, ranking: Ranking, sources: Sources, contacts: int) -> None:
        of_rank = np.array([*(one.gap_days for one in ranking.contenders), 0], dtype=np.int64)
        self.ranks = sources.ranks
        self.days = of_rank[sources.ranks]
        """The gap of each source's own segment; 0 for those of none."""
        self.starts = {int(days): dt.date.min for days in np.unique(self.days) if days > 1}
        self.running: Mask = np.zeros((ranking.words, contacts if self.starts else 0), dtype=np.uint64)

    def turn_to(self, day: dt.date, past: PastContacts, told: dt.date) -> None:
        """End the gaps that are over on ``day``.

        What was told of, up to ``told``, need not have kept any gap: there a later contact goes on.
        """
        for days, old in self.starts.items():
            start = back(day, days - 1)
            for chunk in past.between(old, start):
                self._write(chunk, days, over=True)
            if told >= start:
                for chunk in past.between(start, back(told, -1)):
                    self._write(chunk, days, over=False)
            self.starts[days] = start

    def add(self, chunk: Chunk) -> None:
        if self.starts:
            for days in self.starts:
                self._write(chunk, days, over=False)

    def _write(self, chunk: Chunk, days: int, *, over: bool) -> None:
        own = self.days[chunk.sources] == days
        word, bit = bit_of(self.ranks[chunk.sources[own]])
        at = word, chunk.positions[own]
        if over:
            self.running[at] &= ~bit
        else:
            self.running[at] |= bit
