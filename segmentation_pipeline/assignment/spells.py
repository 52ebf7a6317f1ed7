"""Unbroken memberships: who has won in theirs, and whose has lasted too long for the segment to speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.assignment.bits import Mask, any_bit, bit_of
from segmentation_pipeline.assignment.contenders import BITS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from segmentation_pipeline.assignment.contenders import Ranking
    from segmentation_pipeline.assignment.past_contacts import Chunk

    Entered = tuple[NDArray[np.int64], NDArray[np.datetime64]]

_EPOCH = np.datetime64("1970-01-01", "D")
_EPOCH_ORDINAL = 719_163


class Spells:
    """``spent`` and ``expired`` are masks of what is no claim any more, of the last day that was walked.

    Days are counted from 1970 here.
    """

    def __init__(self, ranking: Ranking, contacts: int) -> None:
        self.once = ranking.mask(lambda one: one.once)
        self.expiring = ranking.mask(lambda one: one.delivery.expires_after_days is not None)
        self.lasting = {
            rank: one.delivery.expires_after_days
            for rank, one in enumerate(ranking.contenders)
            if one.delivery.expires_after_days is not None
        }
        words = ranking.words
        self.spent: Mask = np.zeros((words, contacts if self.once.any() else 0), dtype=np.uint64)
        shape = words, contacts if self.lasting else 0
        self.expired: Mask = np.zeros(shape, dtype=np.uint64)
        self.before: Mask = np.zeros(shape, dtype=np.uint64)
        self.began = {rank: np.zeros(contacts, dtype=np.int32) for rank in self.lasting}
        self.due: dict[int, list[tuple[int, NDArray[np.int64]]]] = {}
        """Whose time may be over on a day: contacts by rank."""

    def begin(self, entered: Mapping[int, Entered], spent: Mapping[int, NDArray[np.int64]]) -> None:
        """Take over spells that are under way: since when, and in which of them the segment has won."""
        for rank, (positions, days) in entered.items():
            if rank in self.lasting:
                word, bit = rank // BITS, np.uint64(1 << rank % BITS)
                self.before[word][positions] |= bit
                self._start(rank, positions, (days.astype("datetime64[D]") - _EPOCH).astype(np.int32))
        for rank, positions in spent.items():
            word, bit = rank // BITS, np.uint64(1 << rank % BITS)
            if self.once[word] & bit:
                self.spent[word][positions] |= bit

    def _start(self, rank: int, positions: NDArray[np.int64], days: NDArray[np.int32]) -> None:
        self.began[rank][positions] = days
        for day in np.unique(days).tolist():
            self.due.setdefault(day + self.lasting[rank], []).append((rank, positions[days == day]))

    def walk(self, day: dt.date, members: Mask) -> None:
        """End the spells of those who are no members on ``day``, and begin those of the new ones."""
        if self.spent.size:
            self.spent &= members
        if not self.expired.size:
            return
        today = day.toordinal() - _EPOCH_ORDINAL
        own = members & self.expiring[:, None]
        new = own & ~self.before
        self.before = own
        at = np.flatnonzero(any_bit(new))
        new = new[:, at]
        for rank in self.lasting:
            there = at[new[rank // BITS] & np.uint64(1 << rank % BITS) != 0]
            if len(there):
                self._start(rank, there, np.full(len(there), today, dtype=np.int32))
        for due in [due for due in self.due if due <= today]:
            for rank, positions in self.due.pop(due):
                # Whoever has left and come back began later.
                over = positions[self.began[rank][positions] == due - self.lasting[rank]]
                self.expired[rank // BITS][over] |= np.uint64(1 << rank % BITS)
        self.expired &= own

    def win(self, chunks: Iterable[Chunk], ranks: NDArray[np.int64], members: Mask | None = None) -> None:
        """Note wins in the spells of ``members``; None where every winner is a member.

        ``ranks`` are those of the sources, -1 for none.
        """
        if not self.spent.size:
            return
        for chunk in chunks:
            rank = ranks[chunk.sources]
            own = rank >= 0
            positions = chunk.positions[own]
            word, bit = bit_of(rank[own])
            bit &= self.once[word]
            self.spent[word, positions] |= bit if members is None else bit & members[word, positions]
