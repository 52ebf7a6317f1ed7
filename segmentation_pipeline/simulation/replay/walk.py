"""Walks the days: memberships once for all variants that share them, an arbiter a variant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.assignment.hashing import sampled
from segmentation_pipeline.simulation.replay.contest import lined_up
from segmentation_pipeline.simulation.replay.tally import Flows, PartTally, Tally
from segmentation_pipeline.simulation.replay.trace import Trace, watched

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from segmentation_pipeline.simulation.day_masks.members import PastMembers
    from segmentation_pipeline.simulation.replay.contest import Contest, Line

    Masks = NDArray[np.uint64]
    Numbers = NDArray[np.int64]

PART = 1 << 17
"""So many contacts are walked through all days at once, where no capacity couples them."""
SAMPLE_SALT = "sample"


@dataclass(frozen=True, slots=True)
class Stage:
    """What variants with the same memberships share: ``past`` begins before the day ``first``.

    ``history_from`` is the first day whose real contacts count. ``samples`` is how many contacts are
    traced, of ``percent`` of all that are simulated.
    """

    past: PastMembers
    first: dt.date
    history_from: dt.date
    samples: int
    percent: float


def walk(stage: Stage, contests: Sequence[Contest]) -> dict[str, Tally]:
    """Replay every contest over the days of the stage; return what was counted, by variant.

    The contests have one ranking. Contacts are walked part by part, or all at once where a capacity
    couples them.
    """
    days = [day for day in stage.past.days if day >= stage.first]
    tallies = {one.name: Tally(one.ranking, one.remembered.sources, len(days)) for one in contests}
    every = chosen(stage.past.contacts, stage.percent)
    seen = stage.past.contacts[every]
    lots = every[watched(seen, stage.samples)]
    for part in _parts(stage, contests):
        _Part(stage, part, every, lots).walk(contests, tallies)
    return tallies


def chosen(contacts: Numbers, percent: float) -> Numbers:
    """Return the positions of a sample of contacts, drawn by hash."""
    if percent >= 100:
        return np.arange(contacts.size)
    return np.flatnonzero(sampled(contacts, percent, SAMPLE_SALT))


def _parts(stage: Stage, contests: Sequence[Contest]) -> Iterator[slice]:
    if any(one.couples_contacts for one in contests):
        yield slice(0, stage.past.contacts.size)
    else:
        yield from stage.past.slices(PART)


class _Part:
    """Some of the contacts; ``mine`` are the positions in the part that are simulated."""

    def __init__(self, stage: Stage, part: slice, every: Numbers, lots: Numbers) -> None:
        self.stage = stage
        self.part = part
        self.bounds = np.searchsorted(every, [part.start, part.stop]).tolist()
        self.mine = every[slice(*self.bounds)] - part.start
        self.contacts = stage.past.contacts[part][self.mine]
        self.traced = np.flatnonzero(np.isin(self.mine + part.start, lots))
        self.whole = self.mine.size == part.stop - part.start
        self.places = {day: at for at, day in enumerate(stage.past.days)}

    def walk(self, contests: Sequence[Contest], tallies: Mapping[str, Tally]) -> None:
        """Walk all days, and add what was counted to the tallies."""
        first, before = self.stage.first, self.places[self.stage.first]
        ranking = contests[0].ranking
        line = lined_up(ranking, contests)
        runners = [
            _Runner(one, PartTally(tallies[one.name], self.contacts, Trace(self.contacts, self.traced)), self)
            for one in contests
        ]
        flows = Flows(len(self.places) - before, len(ranking))
        for day in _days(self.stage):
            if day < first:
                members = line.members(self._words(line, day)) if day in self.places else None
                if members is not None:
                    flows.turn(members, None)
                for runner in runners:
                    runner.pass_day(day, members)
                continue
            words, place = self._words(line, day), self.places[day] - before
            members = line.members(words)
            flows.turn(members, place)
            for runner in runners:
                kept = line.kept_back(words, runner.suppressions.on(day), runner.contest.suppressing)
                runner.tally.add(place, runner.arbiter.decide(day, members, kept))
        for runner in runners:
            tallies[runner.contest.name].add_part(runner.tally, flows)

    def _words(self, line: Line, day: dt.date) -> Masks:
        words = self.stage.past.words(line.segments, self.places[day], self.part)
        return words if self.whole else words[:, self.mine]


def _days(stage: Stage) -> Iterator[dt.date]:
    first = min(stage.history_from, stage.past.days[0])
    for number in range(first.toordinal(), stage.past.days[-1].toordinal() + 1):
        yield type(first).fromordinal(number)


class _Runner:
    """One contest over one part of the contacts."""

    def __init__(self, contest: Contest, tally: PartTally, part: _Part) -> None:
        self.contest = contest
        self.tally = tally
        self.arbiter = contest.arbiter(part.contacts)
        self.history = contest.history(part.contacts)
        self.suppressions = contest.suppressions.part(*part.bounds)

    def pass_day(self, day: dt.date, members: Masks | None) -> None:
        made = self.history.get(day, (_NONE, _NONE))
        self.tally.before(*made)
        if made[0].size:
            self.arbiter.remember(day, *made)
        if day >= self.contest.warm_up:
            self.arbiter.pass_day(day, members)


_NONE = np.zeros(0, dtype=np.int64)
