"""Who wins among the claims that nothing blocks: by contact, or segment by segment for what room is left.

Both walk a contact's claims in rank order. A claim is `outranked` by the last win before it once there are
as many wins as may be, or where a rule closes it that was open before the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.assignment.bits import Mask, any_bit, best, better_than, ranks_of
from segmentation_pipeline.assignment.contenders import BITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from segmentation_pipeline.assignment.contenders import Ranking

    Crowded = Callable[[NDArray[np.int64], NDArray[np.int64]], Mask]
    """What rules close at contacts after today's wins, given as ranks of shape (wins, contacts)."""


@dataclass(frozen=True, slots=True)
class Outranked:
    """Claims at contacts that the winner of a rank outranks."""

    at: NDArray[np.int64]
    mask: Mask
    winners: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Chosen:
    """``wins`` are contacts and ranks: first wins of the day, second ones, and so on.

    ``full`` are the claims for which there was no room, None where all have room. Contacts are numbered
    by their column in the claims.
    """

    wins: tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]
    outranked: tuple[Outranked, ...]
    full: Mask | None = None


class Rooms:
    """What is left of a day's capacities, of segments and of channels, in contacts."""

    def __init__(self, ranking: Ranking, channels: dict[str, int], share: float) -> None:
        self.channels = {channel: round(room * share) for channel, room in channels.items()}
        self.of = [one.delivery.channel for one in ranking.contenders]
        self.segments = [
            None if one.delivery.capacity_per_day is None else round(one.delivery.capacity_per_day * share)
            for one in ranking.contenders
        ]

    def take(self, rank: int, wanted: int) -> int:
        """Return how many of ``wanted`` contacts a segment gets, and take them off."""
        own, shared = self.segments[rank], self.channels.get(self.of[rank])
        granted = min(room for room in (wanted, own, shared) if room is not None)
        if shared is not None:
            self.channels[self.of[rank]] = shared - granted
        return granted


def by_rank(claims: Mask, most: int, crowded: Crowded) -> Chosen:
    """Choose where every segment has room; ``claims`` has a bit at every contact."""
    at = np.arange(claims.shape[1])
    won = np.empty((0, len(at)), dtype=np.int64)
    wins: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    outranked: list[Outranked] = []
    for turn in range(most):
        first = best(claims & ~crowded(at, won) if turn else claims)
        ranks = ranks_of(first)
        better = better_than(first)
        if turn:
            _note(outranked, at, claims & better, won[-1])
        later = claims & ~better & ~first
        got = ranks >= 0
        wins.append((at[got], ranks[got]))
        on = np.flatnonzero(got & any_bit(later))
        at, claims, won = at[on], later[:, on], np.vstack([won, ranks])[:, on]
        if not len(at):
            break
    _note(outranked, at, claims, won[-1])
    return Chosen(tuple(wins), tuple(outranked))


def _note(outranked: list[Outranked], at: NDArray[np.int64], mask: Mask, winners: NDArray[np.int64]) -> None:
    there = np.flatnonzero(any_bit(mask))
    if len(there):
        outranked.append(Outranked(at[there], mask[:, there], winners[there]))


def by_room(claims: Mask, most: int, crowded: Crowded, queue: NDArray[np.uint64], rooms: Rooms) -> Chosen:
    """Choose segment by segment; who is earlier in ``queue`` comes first where room runs out."""
    contacts = claims.shape[1]
    won = np.full((most, contacts), -1, dtype=np.int64)
    count = np.zeros(contacts, dtype=np.int64)
    passed = np.zeros((most, *claims.shape), dtype=np.uint64)
    full: Mask = np.zeros(claims.shape, dtype=np.uint64)
    for rank in range(len(rooms.of)):
        word, bit = rank // BITS, np.uint64(1 << rank % BITS)
        here = np.flatnonzero(claims[word] & bit)
        late = count[here] == most
        again = np.flatnonzero((count[here] > 0) & ~late)
        if len(again):
            closed = crowded(here[again], won[:, here[again]])[word] & bit != 0
            late[again[closed]] = True
        out = here[late]
        passed[count[out] - 1, word, out] |= bit
        here = here[~late]
        room = rooms.take(rank, len(here))
        if room < len(here):
            order = np.argpartition(queue[here], room) if room else np.arange(len(here))
            full[word][here[order[room:]]] |= bit
            here = here[order[:room]]
        won[count[here], here] = rank
        count[here] += 1
    wins: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    outranked: list[Outranked] = []
    for turn in range(most):
        at = np.flatnonzero(won[turn] >= 0)
        wins.append((at, won[turn, at]))
        _note(outranked, np.arange(contacts), passed[turn], won[turn])
    return Chosen(tuple(wins), tuple(outranked), full)
