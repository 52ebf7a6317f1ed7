"""What one variant decides by, in terms of the contacts of a replay: policy, history, suppression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.assignment.arbiter import Arbiter
from segmentation_pipeline.assignment.suppressed import keep_back

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from segmentation_pipeline.assignment.contenders import Ranking
    from segmentation_pipeline.assignment.policy import Policy
    from segmentation_pipeline.assignment.remembered import Remembered
    from segmentation_pipeline.assignment.suppressed import Suppressions

    Masks = NDArray[np.uint64]
    Numbers = NDArray[np.int64]
    Made = Mapping[dt.date, tuple[Numbers, Numbers]]

BITS = 64


@dataclass(frozen=True, slots=True)
class Contest:
    """One variant, ready to be replayed.

    ``suppressing`` is, by segment, from which contenders its members are kept. ``warm_up`` is the first
    day whose memberships it walks. ``share`` is that of the sample in all contacts.
    """

    name: str
    policy: Policy
    ranking: Ranking
    remembered: Remembered
    suppressions: Suppressions
    suppressing: Mapping[str, Masks]
    warm_up: dt.date
    week_starts: int
    share: float

    @property
    def couples_contacts(self) -> bool:
        return self.policy.couples_contacts(self.ranking)

    def arbiter(self, contacts: Numbers) -> Arbiter:
        return Arbiter(
            self.policy,
            self.ranking,
            contacts,
            self.remembered.sources,
            week_starts=self.week_starts,
            share=self.share,
        )

    def history(self, contacts: Numbers) -> Made:
        """Return the contacts of past days: positions among ``contacts``, and sources."""
        return {day: (positions, sources) for day, positions, sources in self.remembered.days(contacts)}


@dataclass(frozen=True, slots=True)
class Line:
    """The order of segments as bits of words: the contenders by rank, then those that suppress."""

    ranking: Ranking
    suppressing: tuple[str, ...]

    @property
    def segments(self) -> tuple[str, ...]:
        return (*self.ranking.ids, *self.suppressing)

    def members(self, words: Masks) -> Masks:
        """Return the memberships of the contenders alone, of shape (words, contacts)."""
        if not self.suppressing:
            return words
        mine = words[: self.ranking.words]
        found: Masks = mine & self.ranking.mask(lambda _: True)[:, None]
        return found

    def kept_back(self, words: Masks, kept: Masks, suppressing: Mapping[str, Masks]) -> Masks:
        """Return ``kept`` with the members of suppressing segments kept from contenders, too."""
        for name, mask in suppressing.items():
            place = self.segments.index(name)
            who = (words[place // BITS] >> np.uint64(place % BITS)) & np.uint64(1) != 0
            if who.any():
                keep_back(kept, mask, who)
        return kept


def lined_up(ranking: Ranking, contests: Sequence[Contest]) -> Line:
    """Return the contenders with every segment that suppresses in one of the contests."""
    names = dict.fromkeys(name for contest in contests for name in contest.suppressing)
    return Line(ranking, tuple(name for name in names if name not in ranking))
