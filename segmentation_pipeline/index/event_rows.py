"""The events of known objects, read file by file in parts of bounded size, as rules see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.index.build import normal
from segmentation_pipeline.index.key_lookup import KeyLookup
from segmentation_pipeline.index.nfc import in_nfc
from segmentation_pipeline.lake.arrow import arrow_schema
from segmentation_pipeline.lake.chunks import read_chunks
from segmentation_pipeline.lake.log import table_folder
from segmentation_pipeline.lake.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.catalog.model import EventSource
    from segmentation_pipeline.catalog.types import FieldType
    from segmentation_pipeline.index.pieces import Pieces
    from segmentation_pipeline.lake.store import DeltaStore

CHUNK_CELLS = 16_000_000
"""Values that are in memory at once: rows times columns."""


def add_events(
    store: DeltaStore, source: EventSource, paths: Iterable[str], keys: pl.DataFrame, pieces: Pieces
) -> int:
    """Give the events of files to ``pieces``; return how many had a key that no object has.

    ``keys`` has the objects' key, named as the source's, and ``object_index``. Events without a time
    or a key are left out.
    """
    schema = pl.Schema({name: dtype for name, dtype in pieces.schema.items() if name != OBJECT_INDEX})
    wanted = arrow_schema(Table(source.table, schema))
    folder = table_folder(store.root, source.table, store.storage_options)
    coded = {name for name in schema if pieces.is_coded(name)}
    lookup = KeyLookup.of(keys[source.key], keys[OBJECT_INDEX])
    unmatched = 0
    rows = max(1, CHUNK_CELLS // len(schema))
    for chunk in read_chunks(folder, paths, wanted, rows, coded):
        frame, words = _values(chunk, source)
        indexed, missed = _indexed(frame, keys, lookup, source)
        unmatched += missed
        pieces.add(indexed, words)
        coded &= {name for name in schema if pieces.is_coded(name)}
    return unmatched


def _indexed(
    frame: pl.DataFrame, keys: pl.DataFrame, lookup: KeyLookup | None, source: EventSource
) -> tuple[pl.DataFrame, int]:
    """Return the events of known objects with ``object_index``, and how many others there are."""
    timed = pl.col(source.time).is_not_null() & pl.col(source.key).is_not_null()
    if lookup is None:
        frame = frame.filter(timed)
        missed = frame.join(keys, on=source.key, how="anti").height
        return frame.join(keys, on=source.key, how="inner"), missed
    found = frame.with_columns(lookup.find(frame[source.key]))
    if not found[OBJECT_INDEX].null_count() and not found[source.time].null_count():
        # The common case: nothing is left out, so no column has to be gathered.
        return found, 0
    found = found.filter(timed)
    known = found.filter(pl.col(OBJECT_INDEX).is_not_null())
    return known, found.height - known.height


def _values(chunk: pa.Table, source: EventSource) -> tuple[pl.DataFrame, dict[str, pl.Series]]:
    """Return the columns as rules see them; of coded text the positions, and the words by column."""
    columns: list[pl.Series] = []
    words: dict[str, pl.Series] = {}
    for name in chunk.column_names:
        column, kind = chunk.column(name), source.columns[name].type
        if pa.types.is_dictionary(column.type):
            whole = column.unify_dictionaries().combine_chunks()
            words[name] = _normal(_series(name, whole.dictionary), kind)
            columns.append(_series(name, whole.indices))
        else:
            columns.append(_normal(_series(name, column), kind))
    return pl.DataFrame(columns), words


def _normal(column: pl.Series, kind: FieldType) -> pl.Series:
    if column.dtype == pl.String:
        return in_nfc(column)
    return column.to_frame().select(normal(pl.col(column.name), kind)).to_series()


def _series(name: str, array: pa.Array | pa.ChunkedArray) -> pl.Series:
    found = pl.from_arrow(array)
    assert isinstance(found, pl.Series)
    return found.alias(name)
