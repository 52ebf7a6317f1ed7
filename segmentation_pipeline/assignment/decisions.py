"""What one day decided for every active (contact, segment), and what stood in the way of those that lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.assignment.bits import Mask, any_bit, best, ranks_of
from segmentation_pipeline.assignment.contenders import BITS
from segmentation_pipeline.assignment.counting import block_counts, segment_counts
from segmentation_pipeline.assignment.reasons import CLAIMS, WITH_BLOCKER, Reason

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from segmentation_pipeline.assignment.contenders import Ranking, Sources
    from segmentation_pipeline.assignment.policy import Policy


@dataclass(frozen=True, slots=True)
class Layer:
    """Some (contact, segment): the bits at some positions, with one blocker each, -1 for none.

    ``rule`` is the place of the rule that blocked, -1 for none.
    """

    positions: NDArray[np.int64]
    mask: Mask
    blockers: NDArray[np.int64]
    rule: int = -1


@dataclass(frozen=True, slots=True)
class Pairs:
    """Decisions one by one, by position and rank: what blocked (a source) and which rule, -1 for none."""

    positions: NDArray[np.int64]
    ranks: NDArray[np.int64]
    blockers: NDArray[np.int64]
    rules: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Day:
    """What the arbiter leaves of a day, for whoever asks before its next one."""

    policy: Policy
    ranking: Ranking
    sources: Sources
    groups: tuple[NDArray[np.uint64], ...]
    rivals: Mask
    """Among what the groups were resolved."""
    outranked: tuple[Layer, ...]
    capped: Callable[[Mask], Iterator[Layer]]


class Decisions:
    """One day's decisions: ``masks`` has every reason, with masks of shape (words, contacts).

    ``positions`` and ``ranks`` are the winners: a contact's first win, then second ones, each in the
    order of the contacts. What blocked can be asked until the arbiter goes on to another day.
    """

    def __init__(
        self,
        day: dt.date,
        masks: Mapping[Reason, Mask],
        winners: tuple[NDArray[np.int64], NDArray[np.int64]],
        left: Day,
    ) -> None:
        self.day = day
        self.masks = masks
        self.positions, self.ranks = winners
        self._day: Day | None = left
        self._segments, self._sources = len(left.ranking), len(left.sources)
        self._capped: list[Layer] | None = None
        self._counts: dict[Reason, NDArray[np.int64]] | None = None

    def close(self) -> None:
        """Forget what blocked: the history it is read from has moved on."""
        self._day = None

    def counts(self, reason: Reason) -> NDArray[np.int64]:
        """Return the contacts of each segment with a reason, by rank."""
        if self._counts is None:
            met = [reason for reason in Reason if self.masks[reason].flags.writeable]
            counts = segment_counts([self.masks[reason] for reason in met], self._segments)
            self._counts = dict.fromkeys(Reason, np.zeros(self._segments, dtype=np.int64))
            self._counts |= dict(zip(met, counts, strict=True))
        return self._counts[reason]

    def claims(self) -> NDArray[np.int64]:
        """Return the contacts on which each segment has a claim, by rank."""
        return sum((self.counts(reason) for reason in CLAIMS), np.zeros(self._segments, dtype=np.int64))

    def layers(self, reason: Reason) -> Iterator[Layer]:
        """Yield the decisions of a reason with what blocked; together they are its mask, each bit once.

        Raises `ValueError` after the arbiter has gone on.
        """
        if self._day is None:
            raise ValueError(f"the arbiter has gone on from {self.day}: ask what blocked before its next day")
        match reason:
            case Reason.GROUP_LOSER:
                yield from self._held(self._day)
            case Reason.OUTRANKED:
                yield from self._day.outranked
            case Reason.COOLDOWN | Reason.CAP:
                if self._capped is None:
                    both = self.masks[Reason.COOLDOWN] | self.masks[Reason.CAP]
                    self._capped = list(self._day.capped(both))
                rules = self._day.policy.rules
                yield from (layer for layer in self._capped if rules[layer.rule].reason is reason)
            case Reason.GAP:
                yield from _by_bit(self.masks[reason], self._segments)
            case _:
                at = np.flatnonzero(any_bit(self.masks[reason]))
                yield Layer(at, self.masks[reason][:, at], np.full(len(at), -1))

    def _held(self, day: Day) -> Iterator[Layer]:
        lost = self.masks[Reason.GROUP_LOSER]
        for group in day.groups:
            mine = lost & group[:, None]
            at = np.flatnonzero(any_bit(mine))
            holders = ranks_of(best(day.rivals[:, at] & group[:, None]))
            yield Layer(at, mine[:, at], holders)

    def blocks(self, reason: Reason) -> NDArray[np.int64]:
        """Return contacts by blocked segment and blocker, shape (segments, sources + 1).

        The last column are those without a blocker.
        """
        found = np.zeros((self._segments, self._sources + 1), dtype=np.int64)
        if reason is Reason.GAP or reason not in WITH_BLOCKER:
            counts = self.counts(reason)
            ranks = np.arange(self._segments)
            found[ranks, ranks if reason is Reason.GAP else -1] = counts
            return found
        for layer in self.layers(reason):
            found += block_counts(layer.mask, layer.blockers, self._segments, self._sources)
        return found

    def pairs(self, reason: Reason, among: NDArray[np.int64] | None = None) -> Pairs:
        """Return the decisions of a reason one by one; ``among`` are the positions asked for."""
        found: list[tuple[NDArray[np.int64], ...]] = []
        for layer in self.layers(reason):
            chosen = (
                np.arange(len(layer.positions))
                if among is None
                else np.flatnonzero(np.isin(layer.positions, among))
            )
            for single in _by_bit(layer.mask[:, chosen], self._segments):
                at = chosen[single.positions]
                ranks = single.blockers
                rules = np.full(len(at), layer.rule)
                found.append((layer.positions[at], ranks, layer.blockers[at], rules))
        empty = np.empty(0, dtype=np.int64)
        parts = [np.concatenate(part) for part in zip(*found, strict=True)] if found else [empty] * 4
        order = np.lexsort((parts[1], parts[0]))
        return Pairs(*(part[order] for part in parts))


def _by_bit(mask: Mask, segments: int) -> Iterator[Layer]:
    """Yield a layer a segment, blocked by itself."""
    there = [int(bits) for bits in np.bitwise_or.reduce(mask, axis=1)] if mask.size else [0] * len(mask)
    for rank in range(segments):
        word, place = divmod(rank, BITS)
        if there[word] >> place & 1:
            own = mask[word] & np.uint64(1 << place)
            at = np.flatnonzero(own)
            single: Mask = np.zeros((len(mask), len(at)), dtype=np.uint64)
            single[word] = own[at]
            yield Layer(at, single, np.full(len(at), rank))
