"""From variants as read to what can be walked: past members, real history, suppression, all pinned."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.assignment.contenders import CONTACT
from segmentation_pipeline.assignment.history import contact_history_before, history_inputs
from segmentation_pipeline.assignment.remembered import Remembered
from segmentation_pipeline.assignment.suppressed import suppressed_on, suppressing, suppression_inputs
from segmentation_pipeline.assignment.windows import warm_up_from
from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.index.build import HISTORY
from segmentation_pipeline.index.stored import input_tables
from segmentation_pipeline.simulation.day_masks.members import past_members
from segmentation_pipeline.simulation.day_masks.reading import read_past
from segmentation_pipeline.simulation.replay.contest import Contest
from segmentation_pipeline.simulation.replay.pressure import REACH
from segmentation_pipeline.simulation.replay.walk import PART, Stage, chosen, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.lake.reading import Snapshot
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.simulation.replay.tally import Tally
    from segmentation_pipeline.simulation.variants import Side

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a replay, and how much is simulated: ``percent`` of all contacts, ``samples`` traced."""

    days: tuple[dt.date, ...]
    samples: int = 0
    percent: float = 100

    @property
    def share(self) -> float:
        return self.percent / 100


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was counted of one variant; ``basis`` says of fields and tables how their past is known."""

    side: Side
    tally: Tally
    basis: dict[str, str]


def needed_tables(catalogs: Iterable[Catalog]) -> list[str]:
    """Return every table that a replay reads."""
    names = {HISTORY}
    for catalog in catalogs:
        names |= {*input_tables(catalog), *history_inputs(catalog), *suppression_inputs(catalog)}
    return sorted(names)


def replay(store: DeltaStore, inputs: Snapshot, sides: Sequence[Side], span: Span) -> dict[str, Replayed]:
    """Replay every variant; those with the same members in the same zone share them.

    ``inputs`` are `needed_tables`, pinned. Raises `RunFailed` where members cannot be evaluated.
    """
    groups: dict[tuple[str, str], list[Side]] = {}
    for side in sides:
        groups.setdefault((side.meaning, side.zone), []).append(side)
    found: dict[str, Replayed] = {}
    for alike in groups.values():
        found |= _replay(store, inputs, alike, span)
    return {side.name: found[side.name] for side in sides}


def _replay(store: DeltaStore, inputs: Snapshot, sides: Sequence[Side], span: Span) -> dict[str, Replayed]:
    one, first = sides[0], span.days[0]
    definitions, weeks = one.definitions, one.definitions.week_starts
    # The evening before is walked by all, so that it is known who enters on the first day.
    starts = {
        side.name: min(warm_up_from(side.policy, side.ranking, first, weeks), first - _DAY) for side in sides
    }
    earliest = min(starts.values())
    dates = [earliest + number * _DAY for number in range((span.days[-1] - earliest).days + 1)]
    keeping = {side.name: _suppressing(side) for side in sides}
    names = [*one.ranking.ids, *(name for masks in keeping.values() for name in masks)]
    segments = tuple(dict.fromkeys(names))
    past = read_past(store, definitions, inputs, segments, dates, one.zone, PART)
    members = past_members(definitions, past, segments)
    for name, failure in members.failed.items():
        hint = "mend it, or write `active: false`"
        raise RunFailed(f"segment `{name}` cannot be evaluated: {failure.cause}", where=name, hint=hint)
    back = min(earliest, first - (REACH - 1) * _DAY)
    history = contact_history_before(inputs, definitions.catalog, back, first - _DAY, zone=one.zone)
    contacts: NDArray[np.int64] = members.contacts[chosen(members.contacts, span.percent)]
    told = Remembered.of(history, one.ranking, definitions)
    kept = suppressed_on(inputs, definitions.catalog, one.ranking, contacts, one.zone)
    contests = [
        Contest(
            side.name,
            side.policy,
            side.ranking,
            told,
            kept,
            keeping[side.name],
            starts[side.name],
            weeks,
            span.share,
        )
        for side in sides
    ]
    stage = Stage(members, first, back, span.samples, span.percent)
    tallies = walk(stage, contests)
    basis = {**members.basis, **kept.basis}
    return {side.name: Replayed(side, tallies[side.name], basis) for side in sides}


def _suppressing(side: Side) -> dict[str, NDArray[np.uint64]]:
    """Return the segments whose members are kept from contenders.

    Raises `RunFailed` where one of them has no members to look at: nobody knows whom to spare.
    """
    segments = side.definitions.segments
    of_type = [
        one.id
        for one in segments.values()
        if one.type == "suppression" and one.active and one.object == CONTACT
    ]
    found = suppressing(side.policy, side.ranking, of_type)
    for name in found:
        known = segments.get(name)
        if known is None or not known.active or known.object != CONTACT:
            raise RunFailed(
                f"segment `{name}` suppresses, and is no active segment of contacts", where=side.policy.id
            )
    return found
