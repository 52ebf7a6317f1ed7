"""Decides day after day who gets what: at most so many contacts a customer, each loss with its reason.

The order of one day is that of `Reason`. Dense work is a few operations on masks; rules, gaps and spells
change only where a contact is won, told of, or leaves a window.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.assignment.bits import Mask, any_bit, best, with_bits
from segmentation_pipeline.assignment.caps import Caps
from segmentation_pipeline.assignment.choosing import Chosen, Rooms, by_rank, by_room
from segmentation_pipeline.assignment.contenders import Ranking, Sources
from segmentation_pipeline.assignment.decisions import Day, Decisions, Layer
from segmentation_pipeline.assignment.gaps import Gaps
from segmentation_pipeline.assignment.hashing import capacity_order, sampled
from segmentation_pipeline.assignment.past_contacts import Chunk, PastContacts, chunks_of
from segmentation_pipeline.assignment.reasons import Reason
from segmentation_pipeline.assignment.spells import Spells
from segmentation_pipeline.assignment.windows import history_from

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from segmentation_pipeline.assignment.policy import Policy
    from segmentation_pipeline.assignment.spells import Entered


class Arbiter:
    """Walks the days of some contacts, in order. Contacts are addressed by position in ``contacts``.

    First the past: of each day `remember` its contacts, then `pass_day` with its memberships, where they
    are known. Or, where only today's are, `begin_spells`. Then `decide`, day after day.

    ``share`` is that of a sample of contacts in all of them: capacities shrink with it. Without capacities
    every contact is on its own, so that parts of the contacts can be decided apart.
    """

    def __init__(
        self,
        policy: Policy,
        ranking: Ranking,
        contacts: NDArray[np.int64],
        sources: Sources | None = None,
        *,
        week_starts: int = 0,
        share: float = 1.0,
    ) -> None:
        self.policy = policy
        self.ranking = ranking
        self.contacts = contacts
        self.sources = sources if sources is not None else Sources(ranking)
        self.week_starts = week_starts
        self.share = share
        count = len(contacts)
        self._past = PastContacts()
        self._caps = Caps(policy.rules, ranking, self.sources, count, week_starts)
        self._gaps = Gaps(ranking, self.sources, count)
        self._spells = Spells(ranking, count)
        self._groups = tuple(
            ranking.mask(lambda one, name=name: one.delivery.exclusivity_group == name)  # type: ignore[misc]  # mypy infers no lambda with a default
            for name in dict.fromkeys(policy.exclusive_groups)
        )
        held = policy.holdout
        self._held = np.flatnonzero(sampled(contacts, held.percent, held.salt)) if held is not None else None
        self._nothing: Mask = np.zeros((ranking.words, count), dtype=np.uint64)
        self._nothing.flags.writeable = False
        self._day = self._told = self._passed = dt.date.min
        self._last: Decisions | None = None
        self._won: list[Chunk] = []

    def remember(self, day: dt.date, positions: NDArray[np.int64], sources: NDArray[np.int64]) -> None:
        """Take in the contacts of a past day, all of them at once; a contact may have had several.

        Raises `ValueError` for a day that has been before.
        """
        self._turn_to(day)
        self._told = day
        self._enter(chunks_of(positions, sources))

    def pass_day(self, day: dt.date, members: Mask | None) -> None:
        """Walk one day of the past: windows move on, spells begin and end; None tells of no spells.

        Raises `ValueError` for a day that has been before, unless as the day last remembered.
        """
        if day != self._told or day == self._passed:
            self._turn_to(day)
        self._passed = day
        if members is not None:
            self._spells.walk(day, members)
            self._spells.win(self._past.days.get(day, ()), self.sources.ranks, members)

    def begin_spells(self, entered: Mapping[int, Entered], spent: Mapping[int, NDArray[np.int64]]) -> None:
        """Take over the spells of members, by rank: since which day each lasts, and who has won in his.

        Days are ``datetime64[D]``. A member that nobody tells of here enters on the day that is decided next.
        """
        self._spells.begin(entered, spent)

    def decide(self, day: dt.date, members: Mask, suppressed: Mask | None = None) -> Decisions:
        """Decide a day; its winners are history to the next. Masks are read, and never written.

        ``suppressed`` has the segments that may not reach a contact. Raises `ValueError` for a day that
        has been before.
        """
        self._turn_to(day)
        self._spells.walk(day, members)
        masks = dict.fromkeys(Reason, self._nothing)
        left = members & self.ranking.mask(lambda one: one.delivery.is_active_on(day))[:, None]
        rivals = left
        if self.policy.exclusive == "membership":
            left = self._without_losers(left, masks)
        for reason, blocked in self._blocks(day, suppressed):
            hit = left & blocked
            masks[reason] = hit
            left = left ^ hit
        closed = self._caps.closed()
        if closed is not None:
            hit = left & closed[0]
            masks[Reason.COOLDOWN] = hit & closed[1]
            masks[Reason.CAP] = hit ^ masks[Reason.COOLDOWN]
            left = left ^ hit
        if self.policy.exclusive == "claim":
            rivals = left
            left = self._without_losers(left, masks)
        return self._settle(day, left, rivals, masks)

    def _without_losers(self, left: Mask, masks: dict[Reason, Mask]) -> Mask:
        """Return the mask with one segment a group; the others are noted."""
        lost = None
        for group in self._groups:
            mine = left & group[:, None]
            mine ^= best(mine)
            lost = mine if lost is None else lost | mine
        if lost is None:
            return left
        masks[Reason.GROUP_LOSER] = lost
        return left ^ lost

    def _blocks(self, day: dt.date, suppressed: Mask | None) -> Iterator[tuple[Reason, Mask]]:
        """Yield what blocks before the rules do, in order."""
        if self._spells.spent.size:
            yield Reason.SPENT, self._spells.spent
        if self._spells.expired.size:
            yield Reason.EXPIRED, self._spells.expired
        if suppressed is not None:
            yield Reason.SUPPRESSED, suppressed
        if self._held is not None:
            held: Mask = np.zeros_like(self._nothing)
            held[:, self._held] = ~np.uint64(0)
            yield Reason.HOLDOUT, held
        quiet = self.policy.quiet_channels(day)
        if quiet is None or quiet:
            resting = self.ranking.mask(lambda one: quiet is None or one.delivery.channel in quiet)
            yield Reason.QUIET, np.broadcast_to(resting[:, None], self._nothing.shape)
        if self._gaps.running.size:
            yield Reason.GAP, self._gaps.running

    def _settle(self, day: dt.date, left: Mask, rivals: Mask, masks: dict[Reason, Mask]) -> Decisions:
        """Choose among the claims that stand, and note what became of them."""
        at = np.flatnonzero(any_bit(left))
        chosen = self._choose(day, at, left[:, at])
        wins = [Chunk(at[where], ranks) for where, ranks in chosen.wins]
        words, count = self._nothing.shape
        won: Mask = np.zeros_like(self._nothing)
        for chunk in wins:
            won |= with_bits(words, count, chunk.positions, chunk.sources)
        masks[Reason.WON] = won
        if chosen.full is not None:
            masks[Reason.CAPACITY] = np.zeros_like(self._nothing)
            masks[Reason.CAPACITY][:, at] = chosen.full
        masks[Reason.OUTRANKED] = left ^ won ^ masks[Reason.CAPACITY]
        outranked = tuple(Layer(at[one.at], one.mask, one.winners) for one in chosen.outranked)
        self._won = wins
        self._last = Decisions(
            day,
            masks,
            (
                np.concatenate([chunk.positions for chunk in wins]),
                np.concatenate([chunk.sources for chunk in wins]),
            ),
            Day(self.policy, self.ranking, self.sources, self._groups, rivals, outranked, self._capped),
        )
        return self._last

    def _choose(self, day: dt.date, at: NDArray[np.int64], claims: Mask) -> Chosen:
        most = self.policy.max_contacts_per_day

        def crowded(where: NDArray[np.int64], won: NDArray[np.int64]) -> Mask:
            return self._caps.crowded(at[where], won)

        if not self.policy.couples_contacts(self.ranking):
            return by_rank(claims, most, crowded)
        rooms = Rooms(self.ranking, self.policy.capacity, self.share)
        queue = capacity_order(self.contacts[at], day)
        return by_room(claims, most, crowded, queue, rooms)

    def _capped(self, mask: Mask) -> Iterator[Layer]:
        return (Layer(*part) for part in self._caps.blocked(mask))

    def _turn_to(self, day: dt.date) -> None:
        """Let the winners of the last day into the history, and go on to ``day``."""
        if day <= self._day:
            raise ValueError(f"{day} is not after {self._day}: days are walked in their order")
        if self._last is not None:
            self._enter(self._won)
            self._spells.win(self._won, self.sources.ranks)
            self._last.close()
            self._last = None
        self._day = day
        self._caps.turn_to(day, self._past)
        self._gaps.turn_to(day, self._past, self._told)
        self._past.forget(history_from(self.policy, self.ranking, day, self.week_starts))

    def _enter(self, chunks: list[Chunk]) -> None:
        self._past.add(self._day, chunks)
        for chunk in chunks:
            self._caps.add(chunk)
            self._gaps.add(chunk)
