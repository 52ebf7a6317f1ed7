"""Buckets of the index into files of its tables, and the one commit that makes them count."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.index.coding import BUCKET_COLUMN, Bits, Codes
from segmentation_pipeline.index.dictionaries import save_values, shapes
from segmentation_pipeline.lake.commit import Commit
from segmentation_pipeline.lake.file_changes import files_by, removals
from segmentation_pipeline.lake.guard import wrapping
from segmentation_pipeline.lake.log import table_folder
from segmentation_pipeline.lake.reading import scan_files
from segmentation_pipeline.lake.tables import Table
from segmentation_pipeline.lake.writing import FileWriter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from deltalake.transaction import AddAction, RemoveAction

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.index.coding import Coding
    from segmentation_pipeline.index.merged import Merged
    from segmentation_pipeline.index.moves import Rewriting
    from segmentation_pipeline.index.parts import IndexPart
    from segmentation_pipeline.index.pieces import Pieces
    from segmentation_pipeline.index.state import PartState
    from segmentation_pipeline.lake.store import DeltaStore, Snapshot

_GROUP_ROWS = 1 << 17
_MINOR = 4
_ONE_NUMBER = 1 << 62
SORTED_ROWS = 4_000_000
"""Rows that are sorted at once; a bucket with more gets several files."""


@dataclass(frozen=True, slots=True)
class Build:
    """One part to be made from pinned inputs: its rows as rules see them, and what its commit will say.

    ``merged`` are the objects that count as others, by kind.
    """

    store: DeltaStore
    catalog: Catalog
    part: IndexPart
    inputs: Snapshot
    values: pl.LazyFrame
    state: PartState
    merged: Mapping[str, Merged] = field(default_factory=dict)


def part_table(part: IndexPart, values: pl.Schema, codings: Mapping[str, Coding]) -> Table:
    """Return a part's table: the columns of its values as they are stored, and ``bucket``.

    Numbers and times are stored as differences; but not bits, and not the indexes of events, which
    follow their times.
    """
    schema = pl.Schema({BUCKET_COLUMN: pl.Int16()})
    packed = []
    for name, dtype in values.items():
        coding = codings.get(name)
        if name == OBJECT_INDEX:
            stored: pl.DataType = pl.Int32()
        elif isinstance(coding, Codes):
            stored = coding.dtype
        else:
            stored = dtype if coding is None else pl.Int64()
        schema |= dict.fromkeys(coding.columns(name) if coding is not None else (name,), stored)
        ascending = stored.is_temporal() or (stored == pl.Int64 and not isinstance(coding, Bits))
        if ascending or (part.is_profile and name == OBJECT_INDEX):
            packed.append(name)
    return Table(part.name, pl.Schema(schema), (BUCKET_COLUMN,), part.comment, packed=tuple(packed))


def write_buckets(
    store: DeltaStore, table: Table, buckets: Iterable[tuple[int, pl.DataFrame]], order: Sequence[str]
) -> list[AddAction]:
    """Write every bucket in files of its own, rows in ``order``; nothing is committed yet."""
    if store.root.local:
        Path(store.root.table(table.name)).mkdir(parents=True, exist_ok=True)
    writer = FileWriter(table, table_folder(store.root, table.name, store.storage_options))
    files: list[AddAction] = []
    for bucket, rows in buckets:
        for piece in rows.iter_slices(SORTED_ROWS):
            groups = _ordered(piece, order).iter_slices(_GROUP_ROWS)
            with wrapping("cannot write the table", table.name):
                files += writer.write({BUCKET_COLUMN: str(bucket)}, groups)
    return files


def _ordered(rows: pl.DataFrame, order: Sequence[str]) -> pl.DataFrame:
    """Sort by a code and an instant, as one number where both fit one: three times as fast."""
    if len(order) == 2 and rows.schema[order[0]].is_integer() and rows.schema[order[1]].is_temporal():
        code, instant = pl.col(order[0]).cast(pl.Int64), pl.col(order[1]).to_physical().cast(pl.Int64)
        most, first, last = rows.select(code.max(), instant.min(), instant.max().alias("last")).row(0)
        if rows.height and most < _ONE_NUMBER // (last - first + 1):
            place = (code * (last - first + 1) + instant - first).alias("place:")
            return rows.with_columns(place).sort("place:").drop("place:")
    return rows.sort(order)


def commit_whole(build: Build, pieces: Pieces, state: PartState, order: Sequence[str]) -> int:
    """Replace a part by ``pieces``, its dictionaries first; return its version."""
    codings = pieces.codings()
    table = part_table(build.part, pieces.schema, codings)
    files = write_buckets(build.store, table, pieces.buckets(SORTED_ROWS), order)
    version = save_values(build.store, table.name, codings)
    told = replace(state, shapes=shapes(codings), dictionary=version)
    return build.store.commit_files(table, files, Commit(told.metadata()), whole=True)


def commit_change(
    build: Build,
    pieces: Pieces,
    state: PartState,
    order: Sequence[str],
    *,
    emptied: Collection[int] = (),
    rewriting: Rewriting | None = None,
) -> int:
    """Add ``pieces`` to a part, whose buckets ``emptied`` lose the rows they had; return its version.

    ``state`` has the shapes and the dictionary of what is there.
    """
    codings = pieces.codings()
    table = part_table(build.part, pieces.schema, codings)
    files = write_buckets(build.store, table, pieces.buckets(SORTED_ROWS), order)
    target = build.store.open(table.name)
    there = files_by(target, BUCKET_COLUMN)
    old = {path for bucket in emptied for path in there.get(str(bucket), ())}
    if rewriting is not None:
        files += write_buckets(build.store, table, rewriting.rows, order)
        old |= set(rewriting.taken)
    taken = removals(target, BUCKET_COLUMN, old) if old else []
    grown = shapes(codings)
    if grown != state.shapes:
        state = replace(state, shapes=grown, dictionary=save_values(build.store, table.name, codings))
    return build.store.commit_files(table, [*files, *taken], Commit(state.metadata()))


def compact_part(store: DeltaStore, table: Table, state: PartState, order: Sequence[str], most: int) -> int:
    """Join the small files of every bucket that has more than ``most``; return the latest version.

    Rows stay as they are. Where one file may stay, all are joined; else those that hold a quarter of
    their bucket are left alone.
    """
    target = store.open(table.name)
    for bucket, files in files_by(target, BUCKET_COLUMN).items():
        total = sum(files.values())
        small = [path for path, rows in files.items() if most == 1 or rows * _MINOR < total]
        if len(files) <= most or len(small) < 2:
            continue
        chosen = [unquote(path) for path in small]
        rows = scan_files(store.root.table(table.name), target, chosen).drop(BUCKET_COLUMN).collect()
        added = write_buckets(store, table, iter([(int(bucket), rows)]), order)
        actions: list[AddAction | RemoveAction] = [
            *(replace(action, data_change=False) for action in added),
            *removals(target, BUCKET_COLUMN, small, data_change=False),
        ]
        store.commit_files(table, actions, Commit(state.metadata(maintenance="compact")))
        target = store.open(table.name)
    return target.version()
