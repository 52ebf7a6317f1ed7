"""The members as the last run published them, looked at together: overlaps, claims, broken invariants."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segmentation_pipeline.conflicts.formulas.premises import OBJECT
from segmentation_pipeline.conflicts.observed.bits import either, first_of_both, read_bits, row_of
from segmentation_pipeline.conflicts.observed.claims import find_contests
from segmentation_pipeline.conflicts.observed.invariants import find_breaches
from segmentation_pipeline.conflicts.observed.overlaps import find_overlaps
from segmentation_pipeline.conflicts.observed.tie import Tie, check_tie, evaluated, left_out
from segmentation_pipeline.index.build import HISTORY
from segmentation_pipeline.index.stored import input_tables, read_index
from segmentation_pipeline.segments.published import read_published

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from segmentation_pipeline.conflicts.model import Relation
    from segmentation_pipeline.conflicts.observed.bits import Bits, Row
    from segmentation_pipeline.conflicts.observed.claims import Contest
    from segmentation_pipeline.conflicts.observed.invariants import Breach
    from segmentation_pipeline.conflicts.observed.overlaps import Overlap
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.lake.store import DeltaStore, Snapshot
    from segmentation_pipeline.rules.segment import Definitions, Segment
    from segmentation_pipeline.segments.record import RunRecord

    Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Observation:
    """What the members published by one run show.

    ``version`` is that of the memberships. ``contests`` name the kind of object whose segments
    compete. ``unruled`` are the segments that proofs can be held against, with the objects of which
    proofs say nothing; it is empty, and ``untied`` says why, where data came after the run.
    """

    version: int
    record: RunRecord
    index: Index
    bits: Bits
    overlaps: Mapping[Pair, Overlap]
    contests: tuple[tuple[str, Contest], ...]
    breaches: tuple[Breach, ...]
    unruled: Mapping[str, Row]
    untied: str | None

    def tie(self, relations: Iterable[Relation]) -> Tie:
        """Hold what was proved, at the run's instant, against the members."""
        return check_tie(relations, self.overlaps, self.bits, self.unruled)

    def about(self, names: Collection[str]) -> Observation:
        """Return the same with only those contests in which one of some segments competes."""
        chosen = tuple(
            (kind, contest)
            for kind, contest in self.contests
            if any(segment.id in names for segment in contest.segments)
        )
        return replace(self, contests=chosen)

    def example(self, pair: Pair) -> int | None:
        """Return an object that the rules of both segments let in, if there is one."""
        a, b = pair
        if pair not in self.overlaps or not {a, b} <= self.unruled.keys() or not self.overlaps[pair].overlap:
            return None
        out = either(self.unruled[a], self.unruled[b])
        return first_of_both(self.bits[a], self.bits[b], out)


def observe(store: DeltaStore, definitions: Definitions, zone: str) -> Observation | None:
    """Look at what the last run published, without writing; None where there was none.

    Days are local to ``zone``.
    """
    published = read_published(store)
    record = published.record
    if record is None:
        return None
    here = [one for one in definitions.segments.values() if _has_members(one, record)]
    bits = read_bits(published.memberships, [segment.id for segment in here])
    day = record.as_of.astimezone(zoneinfo.ZoneInfo(zone)).date()
    inputs = store.snapshot([*input_tables(definitions.catalog), HISTORY])
    index = read_index(store, definitions.catalog, inputs)
    breaches = find_breaches(definitions, index, record.as_of, zone)
    untied = _untied(record, inputs, breaches)
    tied = evaluated(definitions, record) & set(bits) if untied is None else set()
    return Observation(
        published.version,
        record,
        index,
        bits,
        {overlap.pair: overlap for overlap in find_overlaps(here, bits)},
        tuple(
            (kind, contest)
            for kind in definitions.catalog.objects
            for contest in find_contests(here, bits, day, kind)
        ),
        tuple(breaches),
        _unruled(definitions, index, tied, breaches),
        untied,
    )


def _has_members(segment: Segment, record: RunRecord) -> bool:
    """Return whether a segment was evaluated, for the object that it names now."""
    state = record.segments.get(segment.id)
    held = state is not None and state.evaluated_at is not None and state.object == segment.object
    return held and segment.active


def _unruled(
    definitions: Definitions, index: Index, names: Iterable[str], breaches: Iterable[Breach]
) -> dict[str, Row]:
    """Return, by segment, who is in or out for another reason than its rules, or breaks an invariant."""
    breakers = row_of([])
    for breach in breaches:
        if breach.objects is not None:
            breakers = either(breakers, row_of(breach.objects.to_numpy()))
    return {
        name: either(row, breakers) if definitions.segments[name].object == OBJECT else row
        for name, row in left_out(definitions, index, sorted(names)).items()
    }


def _untied(record: RunRecord, inputs: Snapshot, breaches: Iterable[Breach]) -> str | None:
    """Return why proofs and members cannot be held against each other."""
    now = {table: version for table, version in inputs.versions.items() if table != HISTORY}
    then = {table: version for table, version in record.inputs.items() if table != HISTORY}
    if now != then:
        return "data came in after the last run"
    unknown = next((breach for breach in breaches if breach.objects is None), None)
    return None if unknown is None else f"whether “{unknown.invariant}” holds cannot be told: {unknown.cause}"
