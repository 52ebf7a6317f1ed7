"""What is counted of a replay, day by day and part by part; parts add up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.assignment.bits import any_bit
from segmentation_pipeline.assignment.counting import block_counts, segment_counts
from segmentation_pipeline.assignment.reasons import CLAIMS, Reason
from segmentation_pipeline.simulation.replay.pressure import Pressure, added
from segmentation_pipeline.simulation.tables import REASONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segmentation_pipeline.assignment.contenders import Ranking, Sources
    from segmentation_pipeline.assignment.decisions import Decisions, Layer
    from segmentation_pipeline.simulation.replay.trace import Trace

    Masks = NDArray[np.uint64]
    Numbers = NDArray[np.int64]

FLOWS = ("size", "entered", "exited", "reentered")
_WON = REASONS.index("won")
LAYERED = frozenset({Reason.GROUP_LOSER, Reason.OUTRANKED, Reason.COOLDOWN, Reason.CAP})
"""The reasons with a blocker that must be asked for, contact by contact."""

_COUNTED = [
    place for place, name in enumerate(REASONS) if place != _WON and name not in {str(one) for one in LAYERED}
]


class Flows:
    """Who is in, comes and goes, of one part: counted a day, int64 of shape (flows, days, ranks)."""

    def __init__(self, days: int, ranks: int) -> None:
        self.counts = np.zeros((len(FLOWS), days, ranks), dtype=np.int64)
        self._before: Masks | None = None
        self._left: Masks | None = None
        self._size = np.zeros(ranks, dtype=np.int64)

    def turn(self, members: Masks, day: int | None) -> None:
        """Let a day pass; ``day`` is its place among the simulated ones, None before them."""
        before = self._before if self._before is not None else np.zeros_like(members)
        self._before = members
        ranks = self.counts.shape[2]
        if day is None:
            return
        if self._left is None:
            self._left = np.zeros_like(members)
            self._size = segment_counts([before], ranks)[0]
        at = np.flatnonzero(any_bit(members ^ before))
        new, old, left = members[:, at], before[:, at], self._left[:, at]
        entered, exited = new & ~old, old & ~new
        self._left[:, at] = left | exited
        moved = segment_counts([entered, exited, entered & left], ranks)
        self._size = self._size + moved[0] - moved[1]
        self.counts[:, day] = [self._size, *moved]


@dataclass(slots=True)
class Tally:
    """The counts of one variant. Days and ranks are places; ``winners`` are by day contacts and ranks.

    ``blocks`` are by reason and rule the contacts of every blocked rank and source, as `blocks` of the
    decisions have them.
    """

    ranking: Ranking
    sources: Sources
    days: int
    contacts: int = 0
    reasons: Numbers = field(init=False)
    flows: Numbers = field(init=False)
    wanting: Numbers = field(init=False)
    reached: Numbers = field(init=False)
    missed: Numbers = field(init=False)
    contacts_wanted: int = 0
    contacts_never_won: int = 0
    blocks: dict[tuple[Reason, int], Numbers] = field(default_factory=dict)
    pressure: dict[tuple[int, str | None], tuple[Numbers, Numbers]] = field(default_factory=dict)
    winners: list[list[tuple[Numbers, Numbers]]] = field(init=False)
    trace: list[Numbers] = field(default_factory=list)

    def __post_init__(self) -> None:
        ranks = len(self.ranking)
        self.reasons = np.zeros((len(REASONS), self.days, ranks), dtype=np.int64)
        self.flows = np.zeros((len(FLOWS), self.days, ranks), dtype=np.int64)
        self.wanting, self.reached, self.missed = (np.zeros(ranks, dtype=np.int64) for _ in range(3))
        self.winners = [[] for _ in range(self.days)]

    @property
    def channels(self) -> tuple[str, ...]:
        """Every channel that a contender sends through, or the history did."""
        return tuple(sorted({source.channel for source in self.sources.all}))

    def add_part(self, part: PartTally, flows: Flows) -> None:
        """Add what was counted of some of the contacts."""
        ranks = len(self.ranking)
        self.contacts += part.contacts.size
        self.flows += flows.counts
        wanting, reached, missed = segment_counts([part.wanted, part.won, part.wanted & ~part.won], ranks)
        self.wanting += wanting
        self.reached += reached
        self.missed += missed
        claimed = any_bit(part.claimed)
        self.contacts_wanted += int(claimed.sum())
        self.contacts_never_won += int((claimed & ~any_bit(part.won)).sum())
        for key, (customers, windows) in part.pressure.histograms().items():
            before = self.pressure.get(key, (_NONE, _NONE))
            self.pressure[key] = added(before[0], customers), added(before[1], windows)
        self.trace.append(part.trace.found())


_NONE = np.zeros(0, dtype=np.int64)


class PartTally:
    """Counts one part of the contacts, day by day, into a tally."""

    def __init__(self, whole: Tally, contacts: Numbers, trace: Trace) -> None:
        self.whole = whole
        self.contacts = contacts
        self.trace = trace
        self.pressure = Pressure(whole.channels, contacts.size)
        shape = (whole.ranking.words, contacts.size)
        self.claimed, self.wanted, self.won = (np.zeros(shape, dtype=np.uint64) for _ in range(3))
        places = {name: place for place, name in enumerate(whole.channels)}
        self._channel_of = np.array([places[one.channel] for one in whole.sources.all], dtype=np.int64)

    def before(self, positions: Numbers, sources: Numbers) -> None:
        """Note the real contacts of a day before the simulated ones."""
        self.pressure.turn(positions, self._channel_of[sources], counted=False)

    def add(self, day: int, decisions: Decisions) -> None:
        """Count a day, before the arbiter goes on."""
        masks, ranks = decisions.masks, len(self.whole.ranking)
        reasons = self.whole.reasons[:, day]
        reasons[_COUNTED] += segment_counts([masks[Reason(REASONS[place])] for place in _COUNTED], ranks)
        reasons[_WON] += np.bincount(decisions.ranks, minlength=ranks)
        for reason in CLAIMS:
            self.claimed |= masks[reason]
        self.wanted |= self.claimed
        self.wanted |= masks[Reason.GROUP_LOSER]
        self.won |= masks[Reason.WON]
        self.trace.note(day, masks, LAYERED)
        for reason in sorted(LAYERED):
            for layer in decisions.layers(reason):
                reasons[REASONS.index(reason)] += self._block(reason, layer)
                self.trace.note_layer(day, reason, layer)
        self.pressure.turn(decisions.positions, self._channel_of[decisions.ranks], counted=True)
        self.whole.winners[day].append((self.contacts[decisions.positions], decisions.ranks))

    def _block(self, reason: Reason, layer: Layer) -> Numbers:
        """Count what blocked whom; return the contacts of each rank that were blocked."""
        whole = self.whole
        counts = block_counts(layer.mask, layer.blockers, len(whole.ranking), len(whole.sources))
        key = (reason, layer.rule)
        whole.blocks[key] = whole.blocks[key] + counts if key in whole.blocks else counts
        blocked: Numbers = counts.sum(axis=1)
        return blocked
