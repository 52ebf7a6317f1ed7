"""The parts of the stored index: one an object, one an event source, and which tables each is made from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    """One table of the stored index: of which object or event source, and from which tables."""

    name: str
    subject: str
    is_profile: bool
    inputs: tuple[str, ...]
    comment: str


def index_parts(catalog: Catalog) -> list[IndexPart]:
    """Return the tables of the index, profiles before events."""
    parts = []
    for kind in catalog.objects.values():
        comment = f"what rules read of each `{kind.name}`, coded, by bucket and index"
        parts.append(IndexPart(profile_table(kind), kind.name, True, _profile_inputs(kind), comment))
    for source in catalog.events.values():
        owner = next((kind for kind in catalog.objects.values() if source.name in kind.events), None)
        if owner is not None:
            inputs = (source.table, owner.table)
            comment = f"the `{source.name}` of known objects, coded, by bucket, type and time"
            parts.append(IndexPart(event_table(source), source.name, False, inputs, comment))
    return parts


def input_tables(catalog: Catalog) -> list[str]:
    """Return every table the index is derived from."""
    return sorted({table for part in index_parts(catalog) for table in part.inputs})


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


def _profile_inputs(kind: ObjectType) -> tuple[str, ...]:
    satellites = {found.satellite.table for found in kind.fields.values() if found.satellite is not None}
    return (kind.table, *sorted(satellites))


def _hash(said: object) -> str:
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]
