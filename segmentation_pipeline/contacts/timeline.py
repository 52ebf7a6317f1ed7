"""Everything that happened with one object, in order of time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.catalog.contracts import MONTH, OBJECT_INDEX
from segmentation_pipeline.catalog.merging import ACTION, MERGE, MERGE_ID, MERGED, MERGED_AT, PRIMARY
from segmentation_pipeline.contacts.stays import moves

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from segmentation_pipeline.catalog.model import Catalog, EventSource
    from segmentation_pipeline.contacts.person import Person
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.lake.store import DeltaStore

CHANGE, SEGMENT, MERGING = "change", "segment", "merge"
_HIDDEN = {OBJECT_INDEX, MONTH}


@dataclass(frozen=True, slots=True)
class Window:
    """Instants from ``since`` (included) to ``until`` (excluded); None leaves a side open."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def holds(self, time: str) -> pl.Expr:
        """Whether a column lies in the window; false for null."""
        inside = pl.col(time).is_not_null()
        if self.since is not None:
            inside &= pl.col(time) >= self.since
        if self.until is not None:
            inside &= pl.col(time) < self.until
        return inside


ALWAYS = Window()


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: when, of which kind, what, and what else is known of it.

    ``kind`` is a source of events or a relation by its name, `CHANGE`, `SEGMENT` or `MERGING`.
    ``key`` is that of the merged object it happened to, None for the object's own.
    """

    at: dt.datetime
    kind: str
    what: str
    details: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None


def timeline(
    store: DeltaStore, catalog: Catalog, index: Index, person: Person, window: Window = ALWAYS
) -> list[Entry]:
    """Return what happened, the latest first: events, changes, related rows with a time, segments, merges.

    Of one instant, what is found in the same place keeps its order.
    """
    found = [
        *_events(catalog, index, person, window),
        *_related(catalog, index, person, window),
        *_moves(store, person, window),
        *_merges(store, person, window),
    ]
    return sorted(found, key=lambda entry: entry.at)[::-1]


def events_of(index: Index, source: EventSource, person: Person, window: Window = ALWAYS) -> pl.DataFrame:
    """Return the events of one source, of the object and those merged into it, in order of time."""
    if source.name not in index.events:
        return pl.DataFrame()
    mine = index.events[source.name].filter(pl.col(OBJECT_INDEX) == person.index, window.holds(source.time))
    return mine.sort(source.time, source.id).collect()


def _events(catalog: Catalog, index: Index, person: Person, window: Window) -> Iterator[Entry]:
    for source in (catalog.events[name] for name in person.kind.events):
        said = {source.key, source.type, source.time, source.id}
        for row in events_of(index, source, person, window).iter_rows(named=True):
            details = _known(row, said)
            own = None if row[source.key] == person.key else str(row[source.key])
            if source.name == person.kind.history:
                yield Entry(row[source.time], CHANGE, _change(row[source.type], details), details, own)
            else:
                yield Entry(row[source.time], source.name, row[source.type], details, own)


def _change(kind: str, details: dict[str, Any]) -> str:
    """Return what a row of history says in a few words, and take these from its details."""
    name, old, new = (details.pop(part, None) for part in ("field_name", "old_value", "new_value"))
    if name is None:
        return kind
    return f"{name}: {'nothing' if old is None else old} → {'nothing' if new is None else new}"


def _related(catalog: Catalog, index: Index, person: Person, window: Window) -> Iterator[Entry]:
    for relation in person.kind.relations.values():
        if relation.foreign_key is None or relation.time is None:
            continue
        other = catalog.objects[relation.object]
        said = {relation.foreign_key, relation.time, other.key}
        rows = related_rows(index, relation.object, relation.foreign_key, person)
        if relation.time not in rows.columns:
            continue
        at = pl.col(relation.time)
        times = rows.with_columns(
            at.cast(pl.Datetime("us", "UTC")) if rows.schema[relation.time] == pl.Date else at
        )
        for row in times.filter(window.holds(relation.time)).iter_rows(named=True):
            noun = relation.object.replace("_", " ")
            yield Entry(row[relation.time], relation.name, noun, _known(row, said))


def related_rows(index: Index, object_name: str, foreign_key: str, person: Person) -> pl.DataFrame:
    """Return the rows of another object that name the object; none where that was not imported."""
    profile = index.profiles.get(object_name)
    if profile is None or foreign_key not in profile.collect_schema():
        return pl.DataFrame()
    return profile.filter(pl.col(foreign_key).cast(pl.String) == person.key).collect().drop(OBJECT_INDEX)


def _moves(store: DeltaStore, person: Person, window: Window) -> Iterator[Entry]:
    rows = moves(store, person).filter(window.holds("at"))
    for segment, index, change, at, reason in rows.iter_rows():
        details = {} if reason is None else {"reason": reason}
        key = person.own_key(index)
        yield Entry(at, SEGMENT, f"{change} {segment}", details, None if key == person.key else key)


def _merges(store: DeltaStore, person: Person, window: Window) -> Iterator[Entry]:
    name = person.kind.merges
    if name is None or not store.exists(name):
        return
    mine = [person.key, *person.merged]
    named = pl.col(PRIMARY).cast(pl.String).is_in(mine) | pl.col(MERGED).cast(pl.String).is_in(mine)
    rows = store.scan(name).filter(named, window.holds(MERGED_AT)).collect()
    for row in rows.iter_rows(named=True):
        into = (
            f"merged into {row[PRIMARY]}" if row[ACTION] == MERGE else f"no longer merged into {row[PRIMARY]}"
        )
        details = _known(row, {PRIMARY, MERGED, ACTION, MERGED_AT, MERGE_ID})
        yield Entry(row[MERGED_AT], MERGING, f"{row[MERGED]} {into}", details)


def _known(row: Mapping[str, Any], said: Iterable[str]) -> dict[str, Any]:
    left_out = {*said, *_HIDDEN}
    return {name: value for name, value in row.items() if value is not None and name not in left_out}
