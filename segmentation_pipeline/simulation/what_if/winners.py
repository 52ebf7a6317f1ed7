"""Who would win today: each policy over the members that its definitions have now, and the real history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.analytics.days import day_of
from segmentation_pipeline.assignment.assign import decide
from segmentation_pipeline.assignment.contenders import CONTACT
from segmentation_pipeline.assignment.entries import read_entries
from segmentation_pipeline.assignment.history import history_inputs
from segmentation_pipeline.assignment.night import Night
from segmentation_pipeline.assignment.people import positions_of
from segmentation_pipeline.assignment.suppressed import suppressing, suppression_inputs
from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.segments.published import Memberships, Published, records
from segmentation_pipeline.segments.tables import MEMBERSHIPS, TRANSITIONS
from segmentation_pipeline.simulation.replay.tally import Flows, PartTally, Tally
from segmentation_pipeline.simulation.replay.trace import Trace, watched

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.segments.dry_run import Standing
    from segmentation_pipeline.segments.sides import Side, Sides
    from segmentation_pipeline.simulation.variants import Side as Variant

    Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Supposed(Night):
    """A night over the members that one side's definitions have now, published or not.

    The spell of a member lasts since it was published; of one who was never published, it begins today.
    """

    side: Side

    @property
    def evaluated(self) -> list[str]:
        """The contenders that can be evaluated, in rank order."""
        return [name for name in self.ranking.ids if self.side.mask(name) is not None]

    def members(self, segment: str) -> Numbers:
        """Return the members of a segment by number; a merged contact counts as its primary."""
        mask = self.side.mask(segment)
        if mask is None:
            cause = self.side.fault(segment) or "it is not there"
            raise RunFailed(f"nobody can tell who is in `{segment}`: {cause}")
        return self.people.counted(np.flatnonzero(mask.to_numpy()))[0]

    def entered(self) -> dict[int, tuple[Numbers, NDArray[np.datetime64]]]:
        """Return, by rank, positions and the first days of the published spells that go on."""
        wanted = [name for name in self.evaluated if self._has_spells(name)]
        entries = read_entries(self.tables, self.published.memberships, self.people, wanted, self.zone)
        found = {}
        for name in wanted:
            numbers, days = entries.begun(name)
            there = positions_of(self.members(name), numbers)[1]
            found[self.ranking.rank_of(name)] = positions_of(self.contacts, numbers[there])[0], days[there]
        return found


def contending(variants: Iterable[Variant]) -> set[str]:
    """Return the segments whose members decide who wins: those that deliver, and those that suppress."""
    return {
        name
        for one in variants
        for name in (*one.ranking.ids, *one.policy.suppressing, *_of_type(one.definitions))
    }


def winners_inputs(variants: Iterable[Variant]) -> set[str]:
    """Return the tables that decide who wins, beside those that decide who is a member."""
    catalogs = [one.definitions.catalog for one in variants]
    tables = (name for one in catalogs for name in (*history_inputs(one), *suppression_inputs(one)))
    return {TRANSITIONS.name, MEMBERSHIPS.name, *tables}


def decide_today(sides: Sides, variants: Sequence[Variant], samples: int = 0) -> dict[str, Tally]:
    """Return what the day of the sides' instant would bring, counted by variant; nothing is written.

    ``variants`` are those of both sides, in order: their `contending` segments were evaluated, their
    `winners_inputs` pinned. Of ``samples`` contacts every decision is traced. Raises `RunFailed` where
    nobody can tell who is in a segment that suppresses.
    """
    published = _published(sides.standing)
    states = {} if published.record is None else published.record.segments
    suppress = {name for name, state in states.items() if state.type == "suppression"}
    suppress = suppress.union(*(_of_type(one.definitions) for one in variants))
    nights = [
        Supposed(
            variant.definitions,
            variant.policy,
            day_of(sides.standing.as_of, variant.zone),
            variant.zone,
            variant.ranking,
            # One that cannot be read any more is not one that suppresses nobody.
            suppressing(
                variant.policy,
                variant.ranking,
                _of_type(variant.definitions) | (suppress & variant.definitions.broken.keys()),
            ),
            published,
            sides.standing.inputs,
            side,
        )
        for variant, side in zip(variants, (sides.before, sides.after), strict=True)
    ]
    lots = {int(one) for night in nights for one in night.contacts[watched(night.contacts, samples)]}
    return {variant.name: _counted(night, lots) for variant, night in zip(variants, nights, strict=True)}


def _counted(night: Supposed, lots: set[int]) -> Tally:
    decisions, ledger = decide(night)
    tally = Tally(night.ranking, ledger.sources, days=1)
    traced = positions_of(night.contacts, np.array(sorted(lots), dtype=np.int64))[0]
    part = PartTally(tally, night.contacts, Trace(night.contacts, traced))
    part.add(0, decisions)
    flows = Flows(1, len(night.ranking))
    members = night.member_mask()
    # What came before today is not asked: nobody enters or exits.
    for day in (None, 0):
        flows.turn(members, day)
    tally.add_part(part, flows)
    tally.pressure.clear()
    return tally


def _published(standing: Standing) -> Published:
    """Return what was published as it is pinned."""
    version = standing.inputs.versions.get(MEMBERSHIPS.name, -1)
    record = next(records(standing.store, version), None) if version >= 0 else None
    return Published(version, record, Memberships.of(standing.inputs))


def _of_type(definitions: Definitions) -> set[str]:
    """Return the segments that suppress by their type."""
    active = (one for one in definitions.segments.values() if one.active and one.object == CONTACT)
    return {one.id for one in active if one.type == "suppression"}
