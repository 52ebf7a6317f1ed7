"""The rules of a policy over the contacts so far: who has as many as may be, and of what the last was.

Counts change only where a contact is added or leaves a window. A bit a rule says at whom the rule is full;
of every eight rules, a table of 256 entries says what that closes.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.assignment.bits import Mask, any_bit
from segmentation_pipeline.assignment.reasons import Reason
from segmentation_pipeline.assignment.windows import first_day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from segmentation_pipeline.assignment.contenders import Ranking, Sources
    from segmentation_pipeline.assignment.past_contacts import Chunk, PastContacts
    from segmentation_pipeline.assignment.policy import CapRule

_GROUP = 8


class _Rule:
    """One rule's window, the sources it counts, the segments it binds, and the count of each contact."""

    def __init__(self, rule: CapRule, ranking: Ranking, sources: Sources, contacts: int) -> None:
        self.rule = rule
        # The entry past the last is a win that did not happen.
        fits = [rule.fits(one) for one in sources.all]
        counted = [fit and one.counts_toward_caps for fit, one in zip(fits, sources.all, strict=True)]
        self.counted = np.array([*counted, False], dtype=np.bool_)
        self.binds = ranking.mask(
            lambda one: fits[ranking.rank_of(one.segment_id)] and not one.delivery.ignores_caps
        )
        self.counts = np.zeros(contacts, dtype=np.uint16)
        self.start = dt.date.min


class Caps:
    """The state of all rules; ``n`` contacts, masks as everywhere."""

    def __init__(
        self, rules: tuple[CapRule, ...], ranking: Ranking, sources: Sources, contacts: int, week_starts: int
    ) -> None:
        self.rules = [_Rule(rule, ranking, sources, contacts) for rule in rules]
        self.words = ranking.words
        self.week_starts = week_starts
        scopes = dict.fromkeys(rule.scope for rule in rules)
        narrow = np.min_scalar_type(len(sources))
        self.last = {scope: np.zeros(contacts, dtype=narrow) for scope in scopes}
        """The source of the last contact that each scope counts; means something where its count is not 0."""
        self.full = np.zeros((-(-len(rules) // _GROUP), contacts), dtype=np.uint8)
        for place, rule in enumerate(rules):
            if rule.most == 0:
                self.full[place // _GROUP] |= np.uint8(1 << place % _GROUP)
        self.tables = [self._table(group) for group in range(len(self.full))]

    def _table(self, group: int) -> tuple[Mask, Mask]:
        """Return what eight rules close, and what of it a cooldown closes first, by the bits of the full."""
        closed: Mask = np.zeros((self.words, 256), dtype=np.uint64)
        cooled: Mask = np.zeros((self.words, 256), dtype=np.uint64)
        states = np.arange(256)
        for place, one in enumerate(self.rules[group * _GROUP : (group + 1) * _GROUP]):
            binding = np.where(states >> place & 1, one.binds[:, None], np.uint64(0))
            if one.rule.reason is Reason.COOLDOWN:
                cooled |= binding & ~closed
            closed |= binding
        return closed, cooled

    def turn_to(self, day: dt.date, past: PastContacts) -> None:
        """Let leave every window what it does not reach on ``day``."""
        for place, one in enumerate(self.rules):
            start = first_day(one.rule, day, self.week_starts)
            for chunk in past.between(one.start, start):
                positions = chunk.positions[one.counted[chunk.sources]]
                counts = one.counts[positions] - np.uint16(1)
                one.counts[positions] = counts
                freed = positions[counts == one.rule.most - 1]
                self.full[place // _GROUP][freed] &= np.uint8(0xFF ^ 1 << place % _GROUP)
            one.start = start

    def add(self, chunk: Chunk) -> None:
        """Count one more contact at each position of a chunk."""
        done = set()
        for place, one in enumerate(self.rules):
            counted = one.counted[chunk.sources]
            positions = chunk.positions[counted]
            counts = one.counts[positions] + np.uint16(1)
            one.counts[positions] = counts
            filled = positions[counts == one.rule.most]
            self.full[place // _GROUP][filled] |= np.uint8(1 << place % _GROUP)
            if one.rule.scope not in done:
                self.last[one.rule.scope][positions] = chunk.sources[counted]
                done.add(one.rule.scope)

    def closed(self) -> tuple[Mask, Mask] | None:
        """Return what the rules close at each contact, and what of it a cooldown closes first."""
        found = None
        for states, (closed, cooled) in zip(self.full, self.tables, strict=True):
            if not states.any():
                continue
            if found is None:
                found = closed.take(states, axis=1), cooled.take(states, axis=1)
            else:
                found[1][:] |= cooled.take(states, axis=1) & ~found[0]
                found[0][:] |= closed.take(states, axis=1)
        return found

    def crowded(self, positions: NDArray[np.int64], won: NDArray[np.int64]) -> Mask:
        """Return what the rules close once today's wins count too; of shape (words, positions).

        ``won`` are the ranks of those wins, shape (wins, positions), -1 for none.
        """
        found: Mask = np.zeros((self.words, len(positions)), dtype=np.uint64)
        for one in self.rules:
            counts = one.counts[positions] + one.counted[won].sum(axis=0)
            found |= np.where(counts >= one.rule.most, one.binds[:, None], np.uint64(0))
        return found

    def blocked(self, mask: Mask) -> Iterator[tuple[NDArray[np.int64], Mask, NDArray[np.int64], int]]:
        """Yield for each rule the positions where it is the first to close some of ``mask``, with that part.

        The last two are the source of the contact that filled it (-1: none did) and the rule's place.
        """
        at = np.flatnonzero(any_bit(mask))
        left = mask[:, at]
        for place, one in enumerate(self.rules):
            full = self.full[place // _GROUP][at] & np.uint8(1 << place % _GROUP) != 0
            first = np.where(full, left & one.binds[:, None], np.uint64(0))
            hit = np.flatnonzero(any_bit(first))
            if not len(hit):
                continue
            left ^= first
            positions = at[hit]
            last = self.last[one.rule.scope][positions].astype(np.int64)
            yield positions, first[:, hit], np.where(one.counts[positions] > 0, last, -1), place
