"""What need not be evaluated again: nothing that decides its members can have moved since it was."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.evaluation.estimate import tables_read
from segmentation_pipeline.evaluation.members import active_pins
from segmentation_pipeline.index.build import HISTORY
from segmentation_pipeline.rules.clock import Clock, to_micros
from segmentation_pipeline.rules.graph import embeds
from segmentation_pipeline.rules.time_dependence import time_dependence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from segmentation_pipeline.rules.segment import Segment
    from segmentation_pipeline.rules.time_dependence import TimeDependence
    from segmentation_pipeline.segments.basis import Basis

_FORMAT = 1
"""Raised when the same rule on the same data has other members: everything is then evaluated again."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """``bases`` says, of every chosen segment that can be read, by hash what decides its members now.

    ``segments`` are those for which that is what decided them at their last, good evaluation.
    """

    bases: Mapping[str, str]
    segments: frozenset[str]


def find_unchanged(
    basis: Basis, chosen: Collection[str], refused: Collection[str], *, full: bool
) -> Unchanged:
    """Return which of the ``chosen`` segments need no evaluation; with ``full`` all do.

    One that embeds a segment that is evaluated is evaluated too; a ``refused`` one must be seen to fail.
    """
    segments = basis.definitions.segments
    wanted = {name: segment for name, segment in segments.items() if name in chosen and segment.active}
    looks = {name: time_dependence(segment, basis.catalog) for name, segment in wanted.items()}
    ahead = {
        place for place in {p for look in looks.values() for p in look.timed} if _is_ahead(basis, *place)
    }
    bases: dict[str, str] = {}
    same: set[str] = set()
    for name, segment in wanted.items():
        time = _time(basis, looks[name], ahead)
        bases[name] = _hash(basis, segment, time, bases)
        state = basis.states.get(name)
        held = state is not None and state.status == "fresh" and state.basis == bases[name]
        still = all(embedded in same for embedded in embeds(segment) if embedded in chosen)
        if held and still and not full and name not in refused:
            same.add(name)
    return Unchanged(bases, frozenset(same))


def _hash(basis: Basis, segment: Segment, time: Iterable[str], bases: Mapping[str, str]) -> str:
    parts = [
        f"format {_FORMAT}",
        f"setting {basis.setting}",
        f"rule {segment.hash}",
        *_tables(basis, segment),
        *_pins(basis, segment),
        *time,
        *(f"segment {name}: {_embedded(basis, name, bases)}" for name in embeds(segment)),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _tables(basis: Basis, segment: Segment) -> list[str]:
    return [_table(basis, name) for name in sorted(tables_read(segment, basis.catalog) - {HISTORY})]


def _table(basis: Basis, name: str) -> str:
    if name in basis.features:
        return f"table {name}: as of {to_micros(basis.as_of)}"
    if name not in basis.inputs:
        return f"no {name}"
    return f"table {name}: {basis.inputs.identity(name)} {basis.inputs.versions[name]}"


def _pins(basis: Basis, segment: Segment) -> list[str]:
    clock = Clock(to_micros(basis.as_of), segment.time_zone, basis.definitions.week_starts)
    return [f"pin {pin.key}: {pin.put}" for pin in active_pins(segment, clock)]


def _time(basis: Basis, looks: TimeDependence, ahead: Collection[tuple[str, str]]) -> list[str]:
    """Return what of the clock decides the members: nothing, where two instants are one to the rule."""
    now = f"as of {to_micros(basis.as_of)}"
    if looks.recalling:
        return [now, f"run {basis.number}"]
    return [now] if looks.moving or not looks.timed.isdisjoint(ahead) else []


def _is_ahead(basis: Basis, table: str, column: str) -> bool:
    """Whether a row of a table may lie in the future, unseen until its time comes."""
    if table not in basis.inputs:
        return False
    latest = basis.inputs.files(table).latest(column)
    return latest is None or latest > basis.as_of


def _embedded(basis: Basis, name: str, bases: Mapping[str, str]) -> str:
    """Return what decides the members of an embedded segment: in this run, or when it was published."""
    state = basis.states.get(name)
    return bases.get(name) or (state.basis if state is not None else "")
