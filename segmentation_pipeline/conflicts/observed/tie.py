"""What was proved beside what the data shows: it tests the prover and the compiler on every run.

A proof speaks of rules. So only segments count that, with all they embed, were evaluated by the last
run as they are written now; objects that are pinned or listed in any of them, and those that break an
invariant of the catalog, are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.conflicts.observed.bits import both, count, either, first_of_both, row_of, without
from segmentation_pipeline.evaluation.members import look_up, named_keys
from segmentation_pipeline.rules.graph import closure_hashes, dependencies

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.conflicts.model import Relation
    from segmentation_pipeline.conflicts.observed.bits import Bits, Row
    from segmentation_pipeline.conflicts.observed.overlaps import Overlap
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.segments.record import RunRecord


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Objects whose memberships contradict what was proved of a pair; ``example`` is one of them."""

    proved: Relation
    message: str
    objects: int
    example: int


@dataclass(frozen=True, slots=True)
class Tie:
    """How many pairs proofs and data could be held against each other, and where they disagree."""

    checked: int
    contradictions: tuple[Contradiction, ...]


def evaluated(definitions: Definitions, record: RunRecord) -> set[str]:
    """Return the segments that the run evaluated, with all they embed, by the rules they have now."""
    segments = definitions.segments
    hashes = closure_hashes(segments)
    fresh = {
        name
        for name, state in record.segments.items()
        if state.status == "fresh"
        and state.run_id == record.run_id
        and name in segments
        and segments[name].active
        and state.hash == hashes[name]
    }
    return {name for name in fresh if dependencies(segments, {name}) <= fresh}


def left_out(definitions: Definitions, index: Index, names: Iterable[str]) -> dict[str, Row]:
    """Return, by segment, the objects that are pinned or listed in it or in what it embeds.

    Segments are missing for which that cannot be said: they embed one of another object that pins or
    lists some of its own.
    """
    segments = definitions.segments
    rows: dict[str, Row] = {}
    for kind in definitions.catalog.objects.values():
        named = [one for one in segments.values() if one.object == kind.name and named_keys(one)]
        if not named or kind.name not in index.profiles:
            continue
        lookup = look_up(named, kind, index.profiles[kind.name], index.merged.get(kind.name))
        rows |= {one.id: row_of(lookup.ids(named_keys(one)).to_numpy()) for one in named}
    found: dict[str, Row] = {}
    for name in names:
        read = {name, *dependencies(segments, {name})}
        listing = [one for one in sorted(read) if named_keys(segments[one])]
        if all(segments[one].object == segments[name].object and one in rows for one in listing):
            out = row_of([])
            for one in listing:
                out = either(out, rows[one])
            found[name] = out
    return found


def check_tie(
    relations: Iterable[Relation],
    counted: Mapping[tuple[str, str], Overlap],
    bits: Bits,
    unruled: Mapping[str, Row],
) -> Tie:
    """Hold every proof against the members; ``unruled`` are the objects left out, by segment that counts."""
    checked = 0
    found: list[Contradiction] = []
    for relation in relations:
        a, b = relation.segment_a, relation.segment_b
        demands = _demands(relation)
        if not demands or (a, b) not in counted or a not in unruled or b not in unruled:
            continue
        checked += 1
        for demand in demands:
            if demand.kept_by(counted[a, b]):
                continue
            wrong = without(demand.broken_by(bits), either(unruled[a], unruled[b]))
            example = first_of_both(wrong, wrong, row_of([]))
            if example is not None:
                found.append(Contradiction(relation, demand.said, count(wrong), example))
    return Tie(checked, tuple(found))


@dataclass(frozen=True, slots=True)
class _Demand:
    """Nobody is a member of ``inner`` and, as ``apart`` says, also of ``outer``, or not of it."""

    inner: str
    outer: str
    apart: bool

    @property
    def said(self) -> str:
        return f"members of `{self.inner}` are {'also' if self.apart else 'not'} in `{self.outer}`"

    def kept_by(self, counted: Overlap) -> bool:
        size = counted.size_a if self.inner == counted.segment_a else counted.size_b
        return counted.overlap == (0 if self.apart else size)

    def broken_by(self, bits: Bits) -> Row:
        inner, outer = bits[self.inner], bits[self.outer]
        return both(inner, outer) if self.apart else without(inner, outer)


def _demands(relation: Relation) -> list[_Demand]:
    a, b = relation.segment_a, relation.segment_b
    a_in_b, b_in_a = _Demand(a, b, apart=False), _Demand(b, a, apart=False)
    match relation.relation:
        case "disjoint":
            return [_Demand(a, b, apart=True)]
        case "a_implies_b":
            return [a_in_b]
        case "b_implies_a":
            return [b_in_a]
        case "equivalent":
            return [a_in_b, b_in_a]
        case _:
            return []
