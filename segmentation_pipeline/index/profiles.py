"""The profiles of the index: built some buckets at a time, and only those anew whose objects changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.types import Enum, Text
from segmentation_pipeline.index.build import build_profile, object_keys
from segmentation_pipeline.index.coding import BUCKET
from segmentation_pipeline.index.merged import live_frames
from segmentation_pipeline.index.moves import merged_before, moved_buckets
from segmentation_pipeline.index.nfc import in_nfc
from segmentation_pipeline.index.pieces import Pieces
from segmentation_pipeline.index.scratch import Scratch
from segmentation_pipeline.index.writing import commit_change, commit_whole
from segmentation_pipeline.lake.file_changes import file_changes
from segmentation_pipeline.lake.reading import scan_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.model import ObjectType
    from segmentation_pipeline.index.coding import Coding
    from segmentation_pipeline.index.state import PartState
    from segmentation_pipeline.index.writing import Build

_STEP = 2
"""Buckets whose profiles are in memory at once."""


def build_profiles(build: Build) -> int:
    """Build a part from nothing; return its version."""
    kind = build.catalog.objects[build.part.subject]
    with Scratch(build.store) as scratch:
        pieces = Pieces(build.values.collect_schema(), scratch, plain=(kind.key,))
        for first in range(0, _buckets(build, kind), _STEP):
            pieces.add(_rows(build, kind, first, first + _STEP))
        return commit_whole(build, pieces, build.state, (OBJECT_INDEX,))


def refresh_profiles(build: Build, before: PartState, codings: Mapping[str, Coding]) -> int | None:
    """Build the buckets of changed objects anew; None where that is the better part of all, or unsure.

    Raises `OutgrownError` where the new rows do not fit the codings.
    """
    kind = build.catalog.objects[build.part.subject]
    touched, former = _touched(build, kind, before), merged_before(build, before)
    if touched is None or former is None:
        return None
    if before.merged != build.state.merged:
        touched |= moved_buckets(build, kind, former)
    if len(touched) * 2 > _buckets(build, kind):
        return None
    with Scratch(build.store) as scratch:
        pieces = Pieces(build.values.collect_schema(), scratch, known=codings)
        for bucket in sorted(touched):
            pieces.add(_rows(build, kind, bucket, bucket + 1))
        state = replace(build.state, shapes=before.shapes, dictionary=before.dictionary)
        return commit_change(build, pieces, state, (OBJECT_INDEX,), emptied=touched)


def _buckets(build: Build, kind: ObjectType) -> int:
    last = build.inputs.scan(kind.table).select(pl.col(OBJECT_INDEX).max()).collect().item()
    return 0 if last is None else int(last) // BUCKET + 1


def _rows(build: Build, kind: ObjectType, first: int, end: int) -> pl.DataFrame:
    """Return the profiles of buckets, from the rows of their objects alone."""
    inside = pl.col(OBJECT_INDEX).is_between(first * BUCKET, end * BUCKET, closed="left")
    read = {table: build.inputs.scan(table) for table in build.part.inputs if table in build.inputs}
    frames = dict(live_frames(build.catalog, read, build.merged))
    frames[kind.table] = frames[kind.table].filter(inside)
    keys = object_keys(kind, frames[kind.table]).select(kind.key).collect().lazy()
    dtype = keys.collect_schema()[kind.key]
    for table in build.part.inputs[1:]:
        if table in frames and frames[table].collect_schema().get(kind.key) == dtype:
            frames[table] = frames[table].join(keys, on=kind.key, how="semi", maintain_order="left")
    text = {name for name, field in kind.fields.items() if isinstance(field.type, (Text, Enum))} - {kind.key}
    untold = {name: "" for name in kind.fields if name not in build.values.collect_schema()}
    found = build_profile(kind, frames, untold, raw=text)
    assert found is not None
    rows = found.collect()
    return rows.with_columns(in_nfc(rows[name]) for name in rows.columns if name in text)


def _touched(build: Build, kind: ObjectType, before: PartState) -> set[int] | None:
    """Return the buckets of objects with rows in files that came or went; None where that is unsure."""
    touched: set[int] = set()
    if not build.store.root.local or before.inputs.keys() != build.state.inputs.keys():
        return None
    for name, (_, version) in build.state.inputs.items():
        changes = file_changes(build.store, name, before.inputs[name][1], version)
        if changes is None or changes.altered:
            return None
        paths = {*changes.added, *changes.removed}
        table = build.inputs.tables[name]
        rows = scan_files(build.store.root.table(name), table, sorted(paths))
        if name != kind.table:
            keys = object_keys(kind, build.inputs.scan(kind.table))
            if (merged := build.merged.get(kind.name)) is not None:
                keys = merged.numbered(keys.filter(~merged.is_merged(kind.key)), kind.key)
            rows = keys.join(rows.select(kind.key).unique(), on=kind.key, how="semi")
        buckets = rows.select((pl.col(OBJECT_INDEX) // BUCKET).unique()).collect()
        touched |= set(buckets.to_series().to_list())
    return touched
