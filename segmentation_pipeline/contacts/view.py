"""One contact whole: what is known of it, where it stands, and what happened with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.scores import CONTACT
from segmentation_pipeline.contacts.person import Person, find_person
from segmentation_pipeline.contacts.stays import Stay, stays
from segmentation_pipeline.contacts.timeline import ALWAYS, Entry, Window, related_rows, timeline
from segmentation_pipeline.index.stored import input_tables, read_index

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.lake.store import DeltaStore

ASSIGNMENTS = "contact_assignments"
_DECIDED = ("day", "segment_id", "channel", "decision", "blocked_by", "rule", "policy", "contact_id")
_ENTRIES = pl.Schema(
    {
        "at": pl.Datetime("us", "UTC"),
        "kind": pl.String(),
        "what": pl.String(),
        "details": pl.String(),
        "key": pl.String(),
    }
)


@dataclass(frozen=True, slots=True)
class ContactView:
    """A contact with everything the lake has of it: nothing is hidden, personal fields neither.

    ``profile`` has the fields that have a value, ``parents`` those of the rows that it leads to
    (company, engagement), ``related`` the rows that name it, by relation. ``stays`` are the segments it
    is in, then those it was in; ``entries`` what happened, the latest first.
    """

    person: Person
    profile: Mapping[str, Any]
    parents: Mapping[str, Mapping[str, Any]]
    related: Mapping[str, pl.DataFrame]
    stays: tuple[Stay, ...]
    assignments: pl.DataFrame
    entries: tuple[Entry, ...]

    @property
    def key(self) -> str:
        return self.person.key

    @property
    def segments(self) -> list[str]:
        """The segments it is in."""
        return [stay.segment for stay in self.stays if stay.left is None]

    @property
    def timeline(self) -> pl.DataFrame:
        """What happened, the latest first: ``at``, ``kind``, ``what``, ``details`` as text, ``key``."""
        rows = [
            (
                entry.at,
                entry.kind,
                entry.what,
                ", ".join(f"{name}={value}" for name, value in entry.details.items()),
                entry.key or self.key,
            )
            for entry in self.entries
        ]
        return pl.DataFrame(rows, schema=_ENTRIES, orient="row")


def index_now(store: DeltaStore, catalog: Catalog) -> Index:
    """Return what rules read now; nothing is written."""
    return read_index(store, catalog, store.snapshot(input_tables(catalog)))


def view_contact(
    store: DeltaStore,
    catalog: Catalog,
    asked: str,
    *,
    window: Window = ALWAYS,
    limit: int | None = None,
    object_name: str = "contact",
) -> ContactView:
    """Return a contact by its key or e-mail; one that was merged leads to its primary.

    At most ``limit`` entries of the ``window``, the latest. Raises `UsageError` for nobody, `RunFailed`
    before any import.
    """
    index = index_now(store, catalog)
    person = find_person(index, catalog.objects[object_name], asked)
    profile = _row(index, object_name, person.kind.key, person.key)
    entries = timeline(store, catalog, index, person, window)
    return ContactView(
        person,
        profile,
        _parents(catalog, index, person, profile),
        _related(catalog, index, person),
        tuple(stays(store, person)),
        _assignments(store, person),
        tuple(entries if limit is None else entries[:limit]),
    )


def _row(index: Index, object_name: str, column: str, key: object) -> dict[str, Any]:
    """Return the fields of a row that have a value; nothing where there is no such row."""
    frame = index.profiles.get(object_name)
    if frame is None:
        return {}
    rows = frame.filter(pl.col(column).cast(pl.String) == str(key)).drop(OBJECT_INDEX).head(1).collect()
    return {name: value for row in rows.to_dicts() for name, value in row.items() if value not in (None, [])}


def _parents(
    catalog: Catalog, index: Index, person: Person, profile: Mapping[str, Any]
) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for relation in person.kind.relations.values():
        if relation.key is not None and relation.key in profile:
            other = catalog.objects[relation.object]
            if row := _row(index, other.name, other.key, profile[relation.key]):
                found[relation.name] = row
    return found


def _related(catalog: Catalog, index: Index, person: Person) -> dict[str, pl.DataFrame]:
    found = {}
    for relation in person.kind.relations.values():
        if relation.foreign_key is not None:
            rows = related_rows(index, relation.object, relation.foreign_key, person)
            if rows.height:
                order = relation.time or catalog.objects[relation.object].key
                found[relation.name] = rows.sort(order, descending=True, nulls_last=True)
    return found


def _assignments(store: DeltaStore, person: Person) -> pl.DataFrame:
    """Return what was decided of the contact and those merged into it, the latest day first."""
    if person.kind.name != CONTACT or not store.exists(ASSIGNMENTS):
        return pl.DataFrame()
    rows = store.scan(ASSIGNMENTS).filter(pl.col(OBJECT_INDEX).is_in(person.indexes))
    return rows.sort("day", "rank", descending=[True, False]).select(_DECIDED).collect()
