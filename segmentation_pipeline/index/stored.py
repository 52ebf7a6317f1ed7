"""The index kept in the lake: coded, by bucket, and brought up to date where an input changed.

A part is one table. Its commit says which versions of its inputs it was built from and which
dictionaries its codes belong to, so a killed build is simply done again. Where it is certain what
changed, only that is done; else the part is built anew.

``Index.coded`` of a stored part scans its files by their names, which the log gave once: a filter on
``bucket`` leaves out the files of other buckets, and one on an event's type or on ``object_index``
most of the rest, so that collecting one bucket's events of one type costs milliseconds.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.index.build import Index, build_index
from segmentation_pipeline.index.coding import Coded
from segmentation_pipeline.index.dictionaries import load_codings
from segmentation_pipeline.index.events import build_events, event_order, extend_events
from segmentation_pipeline.index.merged import digest_of
from segmentation_pipeline.index.parts import (
    IndexPart,
    catalog_hash,
    event_table,
    followed,
    index_parts,
    input_tables,
    part_hash,
    pinned,
    profile_table,
)
from segmentation_pipeline.index.pieces import OutgrownError
from segmentation_pipeline.index.profiles import build_profiles, refresh_profiles
from segmentation_pipeline.index.state import PartState, read_state
from segmentation_pipeline.index.writing import Build, compact_part, part_table
from segmentation_pipeline.lake.file_changes import live_files
from segmentation_pipeline.lake.reading import scan_files

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.lake.store import DeltaStore, Snapshot

__all__ = [
    "catalog_hash",
    "compact_index",
    "event_table",
    "index_of",
    "index_parts",
    "input_tables",
    "open_index",
    "profile_table",
    "read_index",
    "refresh_index",
    "stored_profiles",
]

_LOOK_BACK = 100
MOST_FILES = 16
"""A bucket of events with more files than that is compacted on the way."""


def index_of(catalog: Catalog, inputs: Snapshot, given: Mapping[str, pl.LazyFrame] | None = None) -> Index:
    """Return the index over pinned tables of the lake, lazy and unstored.

    ``given`` are frames in place of tables. Of a table that lost its ``object_index`` nothing is read:
    other numbers would be other objects.
    """
    unnumbered = [
        kind
        for kind in catalog.objects.values()
        if kind.table in inputs and inputs.schema(kind.table).get(OBJECT_INDEX) != pl.Int64
    ]
    left_out = {kind.table for kind in unnumbered}
    frames = {name: inputs.scan(name) for name in inputs.versions if name not in left_out}
    frames |= given or {}
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
    """Bring the parts up to date whose inputs changed; return the version of every part that exists.

    ``only`` names the parts that may be written, by table. Needs the lake's lock. Raises `LakeError`
    for inputs that cannot be read.
    """
    versions, problems = _refresh(store, catalog, inputs, index_of(catalog, inputs), only)
    for name, problem in problems.items():
        raise LakeError(problem, where=name)
    return versions


def compact_index(store: DeltaStore, catalog: Catalog) -> dict[str, int]:
    """Rewrite every bucket of events in one file, in order; return the versions. Needs the lake's lock."""
    return {
        part.name: _compacted(store, catalog, part, 1)
        for part in index_parts(catalog)
        if not part.is_profile and store.exists(part.name)
    }


def open_index(store: DeltaStore, catalog: Catalog, inputs: Snapshot) -> Index:
    """Return the stored index, brought up to date where the pinned inputs are not those it was made from.

    A part whose inputs cannot be read is left out, and the problems say so.
    """
    built = index_of(catalog, inputs)
    _, unreadable = _refresh(store, catalog, inputs, built, None)
    profiles, events, problems = dict(built.profiles), dict(built.events), dict(built.problems)
    coded: dict[str, Coded] = {}
    for part in index_parts(catalog):
        mine = profiles if part.is_profile else events
        if part.name in unreadable:
            problems[part.subject] = dict.fromkeys(
                mine.pop(part.subject).collect_schema(), unreadable[part.name]
            )
        elif part.subject in mine:
            found = stored_part(store, part.name)
            assert found is not None, "it was just brought up to date"
            coded[part.subject] = found[1]
            mine[part.subject] = _values(part, found[1])
    return Index(profiles, events, problems, built.transitions, coded, built.merged)


def read_index(
    store: DeltaStore, catalog: Catalog, inputs: Snapshot, given: Mapping[str, pl.LazyFrame] | None = None
) -> Index:
    """Return the index over pinned tables without writing: stored parts where there are, others built.

    ``given`` are frames in place of tables. Of older inputs the part as it was then is taken.
    """
    built = index_of(catalog, inputs, given)
    profiles, events = dict(built.profiles), dict(built.events)
    coded: dict[str, Coded] = {}
    for part in index_parts(catalog):
        mine = profiles if part.is_profile else events
        stored = part.subject in mine and set(given or ()).isdisjoint(part.inputs)
        found = _part_of(store, catalog, part, inputs, built) if stored else None
        if found is not None:
            coded[part.subject] = found
            mine[part.subject] = _values(part, found)
    return Index(profiles, events, built.problems, built.transitions, coded, built.merged)


def stored_profiles(store: DeltaStore, kind: ObjectType) -> pl.LazyFrame | None:
    """Return what the index last had of an object, as rules see it; None where there is none."""
    found = stored_part(store, profile_table(kind))
    return None if found is None else found[1].values()


def stored_part(store: DeltaStore, name: str, version: int | None = None) -> tuple[PartState, Coded] | None:
    """Return a part as it is stored now, or was; None where there is none, or its dictionaries are gone.

    State, dictionaries and files are those of one version, whoever writes meanwhile.
    """
    if not store.exists(name):
        return None
    table = store.open(name, version)
    state = read_state(store, name, table.version())
    if state is None:
        return None
    try:
        codings = load_codings(store, name, state.shapes, state.dictionary)
    except LakeError:
        return None
    if not store.root.local:
        return state, Coded(store.scan(name, table.version()), codings)
    return state, Coded(scan_files(store.root.table(name), table, sorted(live_files(table))), codings)


def _part_of(
    store: DeltaStore, catalog: Catalog, part: IndexPart, inputs: Snapshot, built: Index
) -> Coded | None:
    """Return a part as it was made from these inputs; None where none of its last versions was.

    Files that maintenance has removed since make it none, too.
    """
    latest = store.version(part.name) if store.exists(part.name) else -1
    for version in range(latest, max(-1, latest - _LOOK_BACK), -1):
        try:
            state = read_state(store, part.name, version)
            if _is_current(state, part, catalog, inputs, built):
                lost = store.root.local and version < latest and _lost(store, part.name, version)
                found = None if lost else stored_part(store, part.name, version)
                return None if found is None else found[1]
        except LakeError:
            return None
    return None


def _lost(store: DeltaStore, name: str, version: int) -> bool:
    folder = Path(store.root.table(name))
    return not all((folder / path).exists() for path in live_files(store.open(name, version)))


def _values(part: IndexPart, found: Coded) -> pl.LazyFrame:
    return found.values().sort(OBJECT_INDEX) if part.is_profile else found.values()


def _refresh(
    store: DeltaStore, catalog: Catalog, inputs: Snapshot, built: Index, only: Collection[str] | None
) -> tuple[dict[str, int], dict[str, str]]:
    """Return the version of every part, and why those that could not be brought up to date are not there."""
    versions: dict[str, int] = {}
    unreadable: dict[str, str] = {}
    for part in index_parts(catalog):
        values = (built.profiles if part.is_profile else built.events).get(part.subject)
        if values is not None and (only is None or part.name in only):
            there = stored_part(store, part.name)
            if there is None or not _is_current(there[0], part, catalog, inputs, built):
                merged = digest_of(built.merged, part.merging)
                told = followed(part, catalog, inputs) if merged else {}
                made = part_hash(part, catalog)
                state = PartState(pinned(part, inputs), made, merged=merged, followed=told)
                build = Build(store, catalog, part, inputs, values, state, built.merged)
                try:
                    versions[part.name] = _update(build, there)
                except (pl.exceptions.PolarsError, pa.ArrowException, OSError) as error:
                    tables = " or ".join(f"`{name}`" for name in part.inputs)
                    unreadable[part.name] = f"{tables} cannot be read: {error}"
                continue
        if store.exists(part.name):
            versions[part.name] = store.version(part.name)
    return versions, unreadable


def _update(build: Build, there: tuple[PartState, Coded] | None) -> int:
    """Do what changed, if that is certain; else build the part anew. Returns its version."""
    version = _changed(build, *there) if there is not None else None
    if version is None:
        return build_profiles(build) if build.part.is_profile else build_events(build)
    return (
        version if build.part.is_profile else _compacted(build.store, build.catalog, build.part, MOST_FILES)
    )


def _changed(build: Build, before: PartState, there: Coded) -> int | None:
    """Return the version after what changed was done; None where it is not certain what that is.

    An input that was made anew, another catalog, a log or a file that is gone: nothing is certain.
    """
    now = build.state.inputs
    if before.made != build.state.made or before.inputs.keys() != now.keys():
        return None
    for name, (identity, version) in before.inputs.items():
        if now[name][0] != identity or now[name][1] < version:
            return None
    table = part_table(build.part, build.values.collect_schema(), there.codings)
    if table.schema != build.store.schema(table.name):
        return None
    try:
        change = refresh_profiles if build.part.is_profile else extend_events
        return change(build, before, there.codings)
    except (OutgrownError, pl.exceptions.PolarsError, pa.ArrowException, OSError):
        return None


def _compacted(store: DeltaStore, catalog: Catalog, part: IndexPart, most: int) -> int:
    there = stored_part(store, part.name)
    if there is None:
        return store.version(part.name)
    state, found = there
    table = part_table(part, found.values().collect_schema(), found.codings)
    return compact_part(store, table, state, event_order(catalog.events[part.subject]), most)


def _is_current(
    state: PartState | None, part: IndexPart, catalog: Catalog, inputs: Snapshot, built: Index
) -> bool:
    if state is None or state.merged != digest_of(built.merged, part.merging):
        return False
    return state.inputs == pinned(part, inputs) and state.made == part_hash(part, catalog)
