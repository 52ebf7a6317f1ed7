"""The index kept in the lake: one table an object, one an event source, rebuilt when an input changed.

Each commit says which input versions it was built from, so a killed rebuild is simply done again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.evaluation.index import OBJECT_INDEX, Index, build_index
from segmentation_pipeline.lake.store import Commit
from segmentation_pipeline.lake.tables import Table

if TYPE_CHECKING:
    from collections.abc import Collection

    from segmentation_pipeline.catalog.model import Catalog, EventSource, ObjectType
    from segmentation_pipeline.lake.store import DeltaStore, Snapshot

INPUTS = "inputs"
_FORMAT = 1
"""Raised when the same inputs make another index: what is stored is then built again."""


def profile_table(kind: ObjectType) -> str:
    return f"profile_index_{kind.name}"


def event_table(source: EventSource) -> str:
    return f"event_index_{source.name}"


@dataclass(frozen=True, slots=True)
class IndexPart:
    """One table of the stored index: of which object or event source, from which tables, in what order."""

    name: str
    subject: str
    is_profile: bool
    inputs: tuple[str, ...]
    order: tuple[str, ...]
    comment: str

    def frame(self, index: Index) -> pl.LazyFrame | None:
        """Return the rows of this part, in order; None where the index has none of it."""
        found = (index.profiles if self.is_profile else index.events).get(self.subject)
        return None if found is None else found.sort(self.order)


def index_parts(catalog: Catalog) -> list[IndexPart]:
    """Return the tables of the index, profiles before the events that take their keys from them."""
    parts = []
    for kind in catalog.objects.values():
        comment = f"what rules read of each `{kind.name}`, in index order"
        parts.append(
            IndexPart(profile_table(kind), kind.name, True, _profile_inputs(kind), (OBJECT_INDEX,), comment)
        )
    for source in catalog.events.values():
        owner = next((kind for kind in catalog.objects.values() if source.name in kind.events), None)
        if owner is not None:
            inputs = (source.table, owner.table)
            order = (OBJECT_INDEX, source.type, source.time, source.id)
            comment = f"the `{source.name}` of known objects, by index, type and time"
            parts.append(IndexPart(event_table(source), source.name, False, inputs, order, comment))
    return parts


def input_tables(catalog: Catalog) -> list[str]:
    """Return every table the index is derived from."""
    return sorted({table for part in index_parts(catalog) for table in part.inputs})


def catalog_hash(catalog: Catalog) -> str:
    """Return a hash of what the catalog says of objects and events: what the index depends on beside data."""
    return hashlib.sha256(repr((catalog.objects, catalog.events)).encode()).hexdigest()[:16]


def index_of(catalog: Catalog, inputs: Snapshot) -> Index:
    """Return the index over pinned tables of the lake, lazy and unstored.

    Of a table that lost its ``object_index`` nothing is read: other numbers would be other objects.
    """
    unnumbered = [
        kind
        for kind in catalog.objects.values()
        if kind.table in inputs and inputs.schema(kind.table).get(OBJECT_INDEX) != pl.Int64
    ]
    left_out = {kind.table for kind in unnumbered}
    frames = {name: inputs.scan(name) for name in inputs.versions if name not in left_out}
    built = build_index(catalog, frames)
    causes = {
        kind.name: dict.fromkeys(
            (kind.key, *kind.fields), f"table `{kind.table}` has no integer column `{OBJECT_INDEX}`"
        )
        for kind in unnumbered
    }
    return replace(built, problems={**built.problems, **causes})


def refresh_index(
    store: DeltaStore, catalog: Catalog, inputs: Snapshot, *, only: Collection[str] | None = None
) -> dict[str, int]:
    """Rebuild the parts whose inputs changed; return the version of every part that exists.

    ``only`` names the parts that may be rebuilt, by table. Raises `LakeError` for inputs that cannot
    be read.
    """
    versions, problems = _refresh(store, catalog, inputs, index_of(catalog, inputs), only)
    for name, problem in problems.items():
        raise LakeError(problem, where=name)
    return versions


def open_index(store: DeltaStore, catalog: Catalog, inputs: Snapshot) -> Index:
    """Return the stored index, rebuilt where the pinned inputs are not those it was made from.

    A part whose inputs cannot be read is left out, and the problems say so.
    """
    built = index_of(catalog, inputs)
    versions, unreadable = _refresh(store, catalog, inputs, built, None)
    profiles, events, problems = {}, {}, dict(built.problems)
    for part in index_parts(catalog):
        if part.name in unreadable:
            columns = (built.profiles if part.is_profile else built.events)[part.subject].collect_schema()
            problems[part.subject] = dict.fromkeys(columns, unreadable[part.name])
        elif part.name in versions and part.frame(built) is not None:
            stored = store.scan(part.name, versions[part.name])
            if part.is_profile:
                profiles[part.subject] = stored.sort(OBJECT_INDEX)
            else:
                events[part.subject] = stored
    return Index(profiles, events, problems, built.transitions)


def read_index(store: DeltaStore, catalog: Catalog, inputs: Snapshot) -> Index:
    """Return the index over pinned tables without writing: stored parts where current, others built."""
    built = index_of(catalog, inputs)
    profiles, events = dict(built.profiles), dict(built.events)
    for part in index_parts(catalog):
        if part.frame(built) is not None and _is_current(store, part, _basis(part, catalog, inputs)):
            stored = store.scan(part.name, store.version(part.name))
            if part.is_profile:
                profiles[part.subject] = stored.sort(OBJECT_INDEX)
            else:
                events[part.subject] = stored
    return Index(profiles, events, built.problems, built.transitions)


def _refresh(
    store: DeltaStore, catalog: Catalog, inputs: Snapshot, built: Index, only: Collection[str] | None
) -> tuple[dict[str, int], dict[str, str]]:
    """Return the version of every part, and why those that could not be rebuilt are not there."""
    versions: dict[str, int] = {}
    unreadable: dict[str, str] = {}
    for part in index_parts(catalog):
        frame = part.frame(built)
        basis = _basis(part, catalog, inputs)
        if frame is not None and (only is None or part.name in only) and not _is_current(store, part, basis):
            try:
                rows = frame.collect()
            except (pl.exceptions.PolarsError, OSError) as error:
                unreadable[part.name] = (
                    f"{' or '.join(f'`{name}`' for name in part.inputs)} cannot be read: {error}"
                )
                continue
            table = Table(part.name, rows.schema, comment=part.comment, packed=(OBJECT_INDEX,))
            versions[part.name] = store.replace(table, rows, Commit({INPUTS: basis}))
        elif store.exists(part.name):
            versions[part.name] = store.version(part.name)
    return versions, unreadable


def _profile_inputs(kind: ObjectType) -> tuple[str, ...]:
    satellites = {found.satellite.table for found in kind.fields.values() if found.satellite is not None}
    return (kind.table, *sorted(satellites))


def _basis(part: IndexPart, catalog: Catalog, inputs: Snapshot) -> str:
    versions = {name: inputs.versions[name] for name in part.inputs if name in inputs.versions}
    said = {"versions": versions, "catalog": catalog_hash(catalog), "format": _FORMAT}
    return json.dumps(said, sort_keys=True)


def _is_current(store: DeltaStore, part: IndexPart, basis: str) -> bool:
    return (
        store.exists(part.name)
        and store.commit_metadata(part.name, store.version(part.name)).get(INPUTS) == basis
    )
