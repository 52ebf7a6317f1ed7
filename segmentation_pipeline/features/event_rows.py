"""Events that count, read in parts of bounded size, each with the index of the contact it counts for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX, polars_type
from segmentation_pipeline.catalog.types import Text
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.lake.arrow import arrow_schema
from segmentation_pipeline.lake.chunks import read_chunks
from segmentation_pipeline.lake.log import table_folder
from segmentation_pipeline.lake.reading import scan_files
from segmentation_pipeline.lake.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deltalake import DeltaTable

    from segmentation_pipeline.features.counted import Counted
    from segmentation_pipeline.lake.store import DeltaStore

KIND, AT = "kind", "at"
CHUNK_ROWS = 1 << 20
"""Events that are in memory at once."""


@dataclass
class Reader:
    """Reads the events of one source that happened until ``until`` (µs), for contacts found in ``keys``.

    ``keys`` has the contacts' key in NFC and ``object_index``; a merged contact's key has the index of
    its primary. ``strays`` counts the events whose key is not among them.
    """

    store: DeltaStore
    table: DeltaTable
    counted: Counted
    keys: pl.DataFrame
    until: int
    strays: int = 0

    def files(self, paths: Iterable[str]) -> Iterator[pl.DataFrame]:
        """Yield the events of files: ``object_index``, ``kind`` (place of the type), ``at`` (µs), revenue."""
        source, chosen = self.counted.source, list(paths)
        schema = self._schema()
        if set(self.table.metadata().partition_columns) & set(schema):
            # What a table is sliced by stands in no file.
            rows = scan_files(self.store.root.table(source.table), self.table, chosen)
            yield self._found(_arrow(rows.select(schema.names()).collect()))
            return
        folder = table_folder(self.store.root, source.table, self.store.storage_options)
        wanted = arrow_schema(Table(source.table, schema))
        for chunk in read_chunks(folder, chosen, wanted, CHUNK_ROWS, {source.type}):
            yield self._found(chunk)

    def frame(self, rows: pl.LazyFrame) -> pl.DataFrame:
        """Return the same of rows of the table."""
        return self._found(_arrow(rows.select(self._schema().names()).collect(engine="streaming")))

    def _schema(self) -> pl.Schema:
        """Return the columns that are read; raise `LakeError` for one of another type than the catalog's."""
        source = self.counted.source
        names = [source.key, source.type, source.time, *self.counted.revenue]
        schema = pl.Schema({name: polars_type(source.columns[name].type) for name in names})
        there = pl.Schema(self.table.schema())
        for name, kind in schema.items():
            if there.get(name, kind) != kind:
                message = f"column `{name}` of table `{source.table}` is {there[name]}, not {kind}"
                raise LakeError(message, where=source.table)
        return schema

    def _found(self, chunk: pa.Table) -> pl.DataFrame:
        source = self.counted.source
        kinds = self._kinds(chunk.column(source.type))
        rows = pl.DataFrame(pl.from_arrow(chunk.drop_columns([source.type])))
        at = pl.col(source.time).to_physical()
        rows = rows.select(
            pl.col(source.key),
            pl.Series(KIND, kinds),
            at.alias(AT),
            *(pl.col(name) for name in self.counted.revenue),
        ).filter(pl.col(KIND) >= 0, pl.col(AT) <= self.until, pl.col(source.key).is_not_null())
        found = self._indexed(rows)
        missed = found[OBJECT_INDEX].is_null()
        if not missed.any():
            return found
        known = found.filter(~missed)
        if not isinstance(source.columns[source.key].type, Text):
            self.strays += found.height - known.height
            return known
        # Keys are in NFC, and to normalise every event's would cost more than all the rest.
        others = rows.filter(missed).with_columns(pl.col(source.key).str.normalize("NFC"))
        again = self._indexed(others).filter(pl.col(OBJECT_INDEX).is_not_null())
        self.strays += others.height - again.height
        return pl.concat([known, again])

    def _indexed(self, rows: pl.DataFrame) -> pl.DataFrame:
        key = self.counted.source.key
        keys = self.keys.rename({self.keys.columns[0]: key})
        return rows.join(keys, on=key, how="left", maintain_order="left").drop(key)

    def _kinds(self, column: pa.ChunkedArray) -> np.ndarray:
        """Return the place of every type among those that count, -1 for the others."""
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        coded = column.unify_dictionaries().combine_chunks()
        if isinstance(coded, pa.ChunkedArray):
            coded = pa.concat_arrays(coded.chunks) if coded.num_chunks else column.type.wrap_array([])
        words = pl.Series(coded.dictionary.to_pylist(), dtype=pl.String).str.normalize("NFC")
        places = {name: place for place, name in enumerate(self.counted.types)}
        by_code = np.array([*(places.get(word, -1) for word in words), -1], dtype=np.int16)
        found: np.ndarray = by_code[coded.indices.fill_null(len(words)).to_numpy(zero_copy_only=False)]
        return found


def _arrow(rows: pl.DataFrame) -> pa.Table:
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())
