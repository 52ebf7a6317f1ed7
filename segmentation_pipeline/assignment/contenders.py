"""The segments that compete for a contact, in rank order, and whatever else a contact can come from.

Bit ``r % 64`` of word ``r // 64`` stands for the contender of rank r. Masks are ``uint64`` arrays of
shape (words, contacts); the mask of a selection has shape (words,).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.rules.delivery import EveryDays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from segmentation_pipeline.rules.delivery import Delivery
    from segmentation_pipeline.rules.segment import Definitions

BITS = 64
CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class Contender:
    """An active segment of contacts with a ``delivery:`` block."""

    segment_id: str
    delivery: Delivery

    @property
    def once(self) -> bool:
        """Whether it wins a member once, until that one has left and come back."""
        return self.delivery.repeat == "once_per_entry"

    @property
    def gap_days(self) -> int:
        """The days from one contact to the next it may have; 0 and 1 are no bar."""
        repeat = self.delivery.repeat
        every = repeat.every_days if isinstance(repeat, EveryDays) else 0
        return max(every, self.delivery.reentry_gap_days or 0)


@dataclass(frozen=True, slots=True)
class Source:
    """What a contact came from, as far as rules ask; ``segment_id`` is None where nobody knows."""

    channel: str
    group: str | None = None
    segment_id: str | None = None
    counts_toward_caps: bool = True


@dataclass(frozen=True)
class Ranking:
    """Contenders by priority, highest first, then by id: a strict order, so nothing is left to chance."""

    contenders: tuple[Contender, ...]
    _ranks: Mapping[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        order = sorted(self.contenders, key=lambda one: (-one.delivery.priority, one.segment_id))
        object.__setattr__(self, "contenders", tuple(order))
        object.__setattr__(self, "_ranks", {one.segment_id: rank for rank, one in enumerate(order)})

    @classmethod
    def of(cls, definitions: Definitions) -> Ranking:
        """Return the contenders of a folder of definitions; broken segments do not compete."""
        return cls(
            tuple(
                Contender(name, segment.delivery)
                for name, segment in definitions.segments.items()
                if segment.delivery is not None
                and segment.active
                and segment.object == CONTACT
                and segment.type != "suppression"
            )
        )

    @property
    def words(self) -> int:
        return max(1, -(-len(self.contenders) // BITS))

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(one.segment_id for one in self.contenders)

    def rank_of(self, segment_id: str) -> int:
        """Return its rank, 0 the highest. Raises `KeyError` for what does not compete."""
        return self._ranks[segment_id]

    def __contains__(self, segment_id: str) -> bool:
        return segment_id in self._ranks

    def __len__(self) -> int:
        return len(self.contenders)

    def mask(self, select: Callable[[Contender], bool]) -> NDArray[np.uint64]:
        """Return the bits of those selected, shape (words,)."""
        words = [0] * self.words
        for rank, one in enumerate(self.contenders):
            if select(one):
                words[rank // BITS] |= 1 << rank % BITS
        return np.array(words, dtype=np.uint64)


class Sources:
    """What history may name, by number: the contenders by their rank, then ``others``."""

    def __init__(self, ranking: Ranking, others: Iterable[Source] = ()) -> None:
        own = [
            Source(
                one.delivery.channel,
                one.delivery.exclusivity_group,
                one.segment_id,
                one.delivery.counts_toward_caps,
            )
            for one in ranking.contenders
        ]
        known = {(one.channel, one.segment_id) for one in own}
        more = {(one.channel, one.segment_id): one for one in others}
        self.all = (*own, *(one for name, one in more.items() if name not in known))
        ranks = {name: rank for rank, name in enumerate(ranking.ids)}
        self.ranks = np.array([ranks.get(one.segment_id or "", -1) for one in self.all], dtype=np.int64)
        """The rank of the contender that each belongs to, -1 for none: also where its channel was another."""
        self._numbers = {(one.channel, one.segment_id): number for number, one in enumerate(self.all)}

    @classmethod
    def of(
        cls, ranking: Ranking, named: Iterable[tuple[str, str | None]], deliveries: Mapping[str, Delivery]
    ) -> Sources:
        """Return the sources for pairs (channel, segment or None) that a history names.

        ``deliveries`` are those of all segments, competing or not: a past contact keeps the group and
        the weight of its segment. What is no segment any more counts, and is in no group.
        """
        others = []
        for channel, segment_id in sorted(set(named), key=lambda pair: (pair[0], pair[1] or "")):
            known = deliveries.get(segment_id) if segment_id is not None else None
            if known is None:
                others.append(Source(channel, None, segment_id))
            else:
                others.append(Source(channel, known.exclusivity_group, segment_id, known.counts_toward_caps))
        return cls(ranking, others)

    @property
    def segment_ids(self) -> tuple[str | None, ...]:
        return tuple(one.segment_id for one in self.all)

    def __len__(self) -> int:
        return len(self.all)

    def number_of(self, channel: str, segment_id: str | None) -> int:
        """Return the number of a pair it was made for. Raises `KeyError` for any other."""
        return self._numbers[channel, segment_id]
