"""In which segments an object is and was, as published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.segments.published import SEGMENT, read_published
from segmentation_pipeline.segments.tables import MEMBERSHIPS, TRANSITIONS

if TYPE_CHECKING:
    import datetime as dt

    from segmentation_pipeline.contacts.person import Person
    from segmentation_pipeline.lake.store import DeltaStore

_MOVES = (SEGMENT, OBJECT_INDEX, "change", "at", "reason", "run_id")


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay in a segment, until it was ``left``; ``reason`` says why it ended, else why it began.

    ``entered`` is None where history does not reach back; ``via`` says how a present member was added.
    ``key`` is that of the merged object whose stay it was, else the object's own.
    """

    segment: str
    key: str
    entered: dt.datetime | None
    left: dt.datetime | None = None
    reason: str | None = None
    via: str | None = None


def moves(store: DeltaStore, person: Person) -> pl.DataFrame:
    """Return the published transitions of an object and those merged into it, in order of time."""
    if not store.exists(TRANSITIONS.name):
        return pl.DataFrame(schema={name: TRANSITIONS.schema[name] for name in _MOVES[:-1]})
    rows = store.scan(TRANSITIONS.name).filter(_is_of(store, person)).select(_MOVES)
    # Runs are counted, and two may share an instant.
    return rows.sort("at", "run_id", pl.col("change") == "entered", SEGMENT).collect().drop("run_id")


def stays(store: DeltaStore, person: Person) -> list[Stay]:
    """Return the present stays by segment, then those that ended, the latest first."""
    moved = moves(store, person)
    open_since: dict[tuple[str, int], tuple[dt.datetime, str | None]] = {}
    ended: list[Stay] = []
    for segment, index, change, at, reason in moved.iter_rows():
        if change == "entered":
            open_since[segment, index] = at, reason
            continue
        entered, _ = open_since.pop((segment, index), (None, None))
        ended.append(Stay(segment, person.own_key(index), entered, at, reason))
    present = [
        Stay(
            segment, person.key, added_at, None, open_since.get((segment, person.index), (None, None))[1], via
        )
        for segment, added_at, via in _memberships(store, person).iter_rows()
    ]
    return [*present, *reversed(ended)]


def _memberships(store: DeltaStore, person: Person) -> pl.DataFrame:
    memberships = read_published(store).memberships
    if memberships.files is None:
        return pl.DataFrame(
            schema={SEGMENT: pl.String, "added_at": MEMBERSHIPS.schema["added_at"], "via": pl.String}
        )
    rows = memberships.snapshot.scan(MEMBERSHIPS.name).filter(pl.col(OBJECT_INDEX) == person.index)
    known = _of_object(store, person)
    if known is not None:
        rows = rows.filter(pl.col(SEGMENT).is_in(known))
    return rows.select(SEGMENT, "added_at", pl.col("added_via").alias("via")).sort(SEGMENT).collect()


def _is_of(store: DeltaStore, person: Person) -> pl.Expr:
    mine = pl.col(OBJECT_INDEX).is_in(person.indexes)
    known = _of_object(store, person)
    return mine if known is None else mine & pl.col(SEGMENT).is_in(known)


def _of_object(store: DeltaStore, person: Person) -> list[str] | None:
    """Return the segments that hold such objects: the numbers of others mean other objects."""
    record = read_published(store).record
    if record is None:
        return None
    return sorted(name for name, state in record.segments.items() if state.object == person.kind.name)
