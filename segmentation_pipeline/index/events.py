"""The events of the index: built in one pass over their table, and extended by what was appended to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.index.build import object_keys
from segmentation_pipeline.index.event_rows import add_events
from segmentation_pipeline.index.moves import merged_before, moved_events, moved_objects
from segmentation_pipeline.index.pieces import Pieces
from segmentation_pipeline.index.scratch import Scratch
from segmentation_pipeline.index.state import Keys, digest
from segmentation_pipeline.index.writing import commit_change, commit_whole
from segmentation_pipeline.lake.file_changes import file_changes, live_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.model import EventSource
    from segmentation_pipeline.index.coding import Coding
    from segmentation_pipeline.index.merged import Merged
    from segmentation_pipeline.index.state import PartState
    from segmentation_pipeline.index.writing import Build


def event_order(source: EventSource) -> tuple[str, ...]:
    """Return the columns that the events of a file are in order of."""
    return source.type, source.time


def build_events(build: Build) -> int:
    """Build a part from nothing; return its version."""
    source = build.catalog.events[build.part.subject]
    table = build.inputs.tables[source.table]
    schema = build.values.collect_schema()
    keys = _keys(build, source, build.merged)
    with Scratch(build.store) as scratch:
        pieces = Pieces(schema, scratch, plain=(source.id, source.key), always=(source.type,))
        if _are_sliced(build, source):
            pieces.add(build.values.collect())
            unmatched = 0
        else:
            unmatched = add_events(build.store, source, live_files(table), keys, pieces)
        state = replace(build.state, keys=Keys(_next(keys), _digest(keys, source), unmatched))
        return commit_whole(build, pieces, state, event_order(source))


def extend_events(build: Build, before: PartState, codings: Mapping[str, Coding]) -> int | None:
    """Add the events of files that were appended since; None where the part must be built anew.

    That is where rows went, where an object that was there has another index or none (unless it was
    merged, or is itself again), and where events that had no object may have one now. Raises
    `OutgrownError` where the new rows do not fit the codings.
    """
    source = build.catalog.events[build.part.subject]
    owner = build.catalog.owner_of_source(source.name).table
    upto = build.inputs.versions[source.table]
    changes = file_changes(build.store, source.table, before.inputs[source.table][1], upto)
    if changes is None or changes.altered or changes.removed:
        return None
    if before.keys is None or _are_sliced(build, source):
        return None
    if before.merged != build.state.merged and not build.store.root.local:
        return None
    keys, held, rewriting = _keys(build, source, build.merged), before.keys, None
    if before.merged != build.state.merged or before.inputs[owner] != build.state.inputs[owner]:
        former = merged_before(build, before)
        if former is None:
            return None
        past = keys if before.merged == build.state.merged else _keys(build, source, former)
        old = past.filter(pl.col(OBJECT_INDEX) < held.next)
        if _digest(old, source) != held.digest:
            return None
        if held.unmatched and (old.height != keys.height or past is not keys):
            return None
        if past is not keys:
            moved = moved_objects(old, keys, source.key)
            if moved is None:
                return None
            rewriting = moved_events(build, source.key, moved) if moved.height else None
        held = Keys(_next(keys), _digest(keys, source), held.unmatched)
    with Scratch(build.store) as scratch:
        pieces = Pieces(build.values.collect_schema(), scratch, known=codings)
        added = add_events(build.store, source, changes.added, keys, pieces)
        state = replace(
            build.state,
            shapes=before.shapes,
            dictionary=before.dictionary,
            keys=replace(held, unmatched=held.unmatched + added),
        )
        return commit_change(build, pieces, state, event_order(source), rewriting=rewriting)


def _are_sliced(build: Build, source: EventSource) -> bool:
    """Whether the table is sliced by a column that rules see: such values stand in no file."""
    slices = build.inputs.tables[source.table].metadata().partition_columns
    return bool(set(slices) & set(source.columns))


def _keys(build: Build, source: EventSource, merged: Mapping[str, Merged]) -> pl.DataFrame:
    """Return the keys of the objects, named as the events name them, and ``object_index``."""
    owner = build.catalog.owner_of_source(source.name)
    keys = object_keys(owner, build.inputs.scan(owner.table))
    if (mine := merged.get(owner.name)) is not None:
        keys = mine.numbered(keys.filter(~mine.is_merged(owner.key)), owner.key)
    return keys.rename({owner.key: source.key}).collect()


def _next(keys: pl.DataFrame) -> int:
    return 0 if keys.is_empty() else int(keys.select(pl.col(OBJECT_INDEX).max()).item()) + 1


def _digest(keys: pl.DataFrame, source: EventSource) -> str:
    return digest(keys, source.key, OBJECT_INDEX)
