"""The index kept in the lake: one table an object, one an event source, rebuilt when an input changed.

Each commit says which input versions it was built from, so a killed rebuild is simply done again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.evaluation.index import OBJECT_INDEX, Index, build_index
from segmentation_pipeline.lake.store import Commit
from segmentation_pipeline.lake.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.catalog.model import Catalog, EventSource, ObjectType
    from segmentation_pipeline.lake.store import DeltaStore, Snapshot

INPUTS = "inputs"


def profile_table(kind: ObjectType) -> str:
    return f"profile_index_{kind.name}"


def event_table(source: EventSource) -> str:
    return f"event_index_{source.name}"


@dataclass(frozen=True, slots=True)
class IndexPart:
    """One table of the stored index and what it is derived from."""

    name: str
    inputs: tuple[str, ...]
    comment: str


def index_parts(catalog: Catalog) -> list[IndexPart]:
    """Return the tables of the index, profiles before the events that take their keys from them."""
    parts = [
        IndexPart(profile_table(kind), _profile_inputs(kind), f"what rules read of each `{kind.name}`, in index order")
        for kind in catalog.objects.values()
    ]
    for source in catalog.events.values():
        owner = next((kind for kind in catalog.objects.values() if source.name in kind.events), None)
        if owner is not None:
            inputs = (source.table, owner.table)
            comment = f"the `{source.name}` of known objects, by index, type and time"
            parts.append(IndexPart(event_table(source), inputs, comment))
    return parts


def input_tables(catalog: Catalog) -> list[str]:
    """Return every table the index is derived from."""
    return sorted({table for part in index_parts(catalog) for table in part.inputs})


def refresh_index(
    store: DeltaStore, catalog: Catalog, inputs: Snapshot, *, only: Iterable[str] | None = None
) -> dict[str, int]:
    """Rebuild the parts whose inputs changed; return the version of every part that exists."""
    built = build_index(catalog, {name: inputs.scan(name) for name in inputs.versions})
    frames = {profile_table(catalog.objects[name]): frame for name, frame in built.profiles.items()}
    frames |= {event_table(catalog.events[name]): frame for name, frame in built.events.items()}
    versions = {}
    for part in index_parts(catalog):
        if part.name not in frames:
            continue
        basis = _basis(part, catalog, inputs)
        if not _is_current(store, part, basis) and (only is None or part.name in only):
            _rebuild(store, part, frames[part.name], catalog, basis)
        if store.exists(part.name):
            versions[part.name] = store.version(part.name)
    return versions


def open_index(store: DeltaStore, catalog: Catalog, inputs: Snapshot) -> Index:
    """Return the stored index, rebuilt where the pinned inputs are not those it was made from."""
    versions = refresh_index(store, catalog, inputs)
    problems = build_index(catalog, {name: inputs.scan(name) for name in inputs.versions}).problems
    profiles = {
        kind.name: store.scan(name, versions[name]).sort(OBJECT_INDEX)
        for kind in catalog.objects.values()
        if (name := profile_table(kind)) in versions
    }
    events = {
        source.name: store.scan(name, versions[name])
        for source in catalog.events.values()
        if (name := event_table(source)) in versions
    }
    return Index(profiles, events, problems)


def _profile_inputs(kind: ObjectType) -> tuple[str, ...]:
    satellites = {found.satellite.table for found in kind.fields.values() if found.satellite is not None}
    return (kind.table, *sorted(satellites))


def _basis(part: IndexPart, catalog: Catalog, inputs: Snapshot) -> str:
    versions = {name: inputs.versions[name] for name in part.inputs if name in inputs.versions}
    declared = hashlib.sha256(repr((catalog.objects, catalog.events)).encode()).hexdigest()[:16]
    return json.dumps({"versions": versions, "catalog": declared}, sort_keys=True)


def _is_current(store: DeltaStore, part: IndexPart, basis: str) -> bool:
    return store.exists(part.name) and store.commit_metadata(part.name, store.version(part.name)).get(INPUTS) == basis


def _rebuild(store: DeltaStore, part: IndexPart, frame: pl.LazyFrame, catalog: Catalog, basis: str) -> None:
    source = next((s for s in catalog.events.values() if event_table(s) == part.name), None)
    order = [OBJECT_INDEX] if source is None else [OBJECT_INDEX, source.type, source.time, source.id]
    rows = frame.sort(order).collect()
    table = Table(part.name, rows.schema, comment=part.comment, packed=(OBJECT_INDEX,))
    store.replace(table, rows, Commit({INPUTS: basis}))
