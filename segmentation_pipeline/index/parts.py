"""The parts of the stored index: one an object, one an event source, and which tables each is made from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.merging import key_columns

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog, EventSource, ObjectType
    from segmentation_pipeline.lake.store import Snapshot

FORMAT = 2
"""Raised when the same inputs make another index: what is stored is then built again."""


def profile_table(kind: ObjectType) -> str:
    return f"profile_index_{kind.name}"


def event_table(source: EventSource) -> str:
    return f"event_index_{source.name}"


@dataclass(frozen=True, slots=True)
class IndexPart:
    """One table of the stored index: of which object or event source, and from which tables.

    ``merging`` are the objects whose merges it follows, ``merges`` their tables.
    """

    name: str
    subject: str
    is_profile: bool
    inputs: tuple[str, ...]
    comment: str
    merging: tuple[str, ...] = ()
    merges: tuple[str, ...] = ()


def index_parts(catalog: Catalog) -> list[IndexPart]:
    """Return the tables of the index, profiles before events."""
    parts = []
    for kind in catalog.objects.values():
        comment = f"what rules read of each `{kind.name}`, coded, by bucket and index"
        inputs = _profile_inputs(kind)
        followed = _merging(catalog, kind, inputs)
        parts.append(IndexPart(profile_table(kind), kind.name, True, inputs, comment, *followed))
    for source in catalog.events.values():
        owner = next((kind for kind in catalog.objects.values() if source.name in kind.events), None)
        if owner is not None:
            inputs = (source.table, owner.table)
            comment = f"the `{source.name}` of known objects, coded, by bucket, type and time"
            followed = _merging(catalog, owner, ())
            parts.append(IndexPart(event_table(source), source.name, False, inputs, comment, *followed))
    return parts


def input_tables(catalog: Catalog) -> list[str]:
    """Return every table the index is derived from."""
    parts = index_parts(catalog)
    # Which merges hold depends on the objects there are, so their table is read with that of the merges.
    followed = {catalog.objects[name].table for part in parts for name in part.merging}
    return sorted(followed | {table for part in parts for table in (*part.inputs, *part.merges)})


def catalog_hash(catalog: Catalog) -> str:
    """Return a hash of what the catalog says of objects and events."""
    return _hash((catalog.objects, catalog.events))


def part_hash(part: IndexPart, catalog: Catalog) -> str:
    """Return a hash of what a part depends on beside data: the catalog's word on it, and this program."""
    if part.is_profile:
        return _hash((FORMAT, catalog.objects[part.subject]))
    owner = catalog.owner_of_source(part.subject)
    return _hash((FORMAT, catalog.events[part.subject], owner.key, owner.fields.get(owner.key)))


def pinned(part: IndexPart, inputs: Snapshot) -> dict[str, tuple[str, int]]:
    """Return identity and version of the tables a part is made from, those that are there."""
    return {name: (inputs.identity(name), inputs.versions[name]) for name in part.inputs if name in inputs}


def followed(part: IndexPart, catalog: Catalog, inputs: Snapshot) -> dict[str, tuple[str, int]]:
    """Return identity and version of the tables that decide which merges a part follows."""
    owners = (catalog.objects[name].table for name in part.merging)
    return {
        name: (inputs.identity(name), inputs.versions[name])
        for name in (*owners, *part.merges)
        if name in inputs
    }


def _merging(
    catalog: Catalog, kind: ObjectType, inputs: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the objects whose merges decide a part, with the tables of these merges."""
    followed = {
        other.name: other.merges
        for other in catalog.objects.values()
        if other.merges is not None
        and (other.name == kind.name or not key_columns(catalog, other).keys().isdisjoint(inputs))
    }
    return tuple(followed), tuple(followed.values())


def _profile_inputs(kind: ObjectType) -> tuple[str, ...]:
    satellites = {found.satellite.table for found in kind.fields.values() if found.satellite is not None}
    return (kind.table, *sorted(satellites))


def _hash(said: object) -> str:
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]
