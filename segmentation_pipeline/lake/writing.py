"""Data files written batch by batch, before the one commit that names them.

The Delta library's writer keeps a file open for every slice and looks at every text: for 27 million
memberships it takes four times the processor and three times the memory of writing slice by slice.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

import polars as pl
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from segmentation_pipeline.errors import ContractError
from segmentation_pipeline.lake.arrow import arrow_schema
from segmentation_pipeline.lake.guard import differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from segmentation_pipeline.lake.tables import Table

FILE_ROWS = 1 << 25
"""After so many rows a slice goes on in another file."""
_GROUP_ROWS = 1 << 20
_LEAST_ROWS = 1 << 17
_BOUNDED = (pl.Int64, pl.Int32, pl.Int16, pl.Int8, pl.Date, pl.Datetime)


@dataclass(frozen=True, slots=True)
class FileWriter:
    """Writes files of one table into its folder; they count from the commit that adds them.

    Frames have the table's columns without those of its slices. A text column may come as `pl.Enum`:
    it is the same text in the file, and quicker where values repeat. Raises `ContractError` for other
    columns than the table's.
    """

    table: Table
    folder: pafs.FileSystem

    def write(self, slices: Mapping[str, str], frames: Iterable[pl.DataFrame]) -> list[AddAction]:
        """Return what adds the rows of one slice to the table; nothing for no rows."""
        place = "".join(
            f"{column}={quote(value, safe='')}/" for column, value in self._checked(slices).items()
        )
        added = []
        for group in _grouped(_joined(frames)):
            path = f"{place}part-{uuid4().hex}.zstd.parquet"
            said = self._write_file(path, group)
            size = self.folder.get_file_info([path])[0].size
            now = int(time.time() * 1000)
            added.append(AddAction(path, size, dict(slices), now, data_change=True, stats=said.text()))
        return added

    def _write_file(self, path: str, frames: Iterator[pl.DataFrame]) -> _Statistics:
        first = next(frames)
        schema = self._file_schema(first)
        said = _Statistics(first.columns)
        with (
            self.folder.open_output_stream(path) as sink,
            pq.ParquetWriter(
                sink,
                schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=[
                    column
                    for column in schema.names
                    if _repeats(first.schema[column]) and column not in self.table.packed
                ],
                column_encoding=dict.fromkeys(self.table.packed, "DELTA_BINARY_PACKED"),
                store_schema=False,
            ) as writer,
        ):
            for frame in _chained(first, frames):
                self._check(frame)
                said.count(frame)
                rows = frame.select(schema.names).to_arrow(compat_level=pl.CompatLevel.oldest())
                writer.write_table(rows.cast(schema), row_group_size=_GROUP_ROWS)
        return said

    def _checked(self, slices: Mapping[str, str]) -> Mapping[str, str]:
        if tuple(slices) != self.table.partition_by or not all(slices.values()):
            raise ContractError(
                f"({', '.join(slices)}) names no slice of the table",
                where=self.table.name,
                allowed=self.table.partition_by,
            )
        return slices

    def _check(self, frame: pl.DataFrame) -> None:
        sliced = self.table.partition_by
        expected = {name: kind for name, kind in self.table.schema.items() if name not in sliced}
        got = {
            name: pl.String() if isinstance(kind, pl.Enum) else kind for name, kind in frame.schema.items()
        }
        if faults := differences(pl.Schema(expected), pl.Schema(got)):
            raise ContractError("the frame is not the table's: " + "; ".join(faults), where=self.table.name)

    def _file_schema(self, frame: pl.DataFrame) -> pa.Schema:
        self._check(frame)
        plain = arrow_schema(self.table)
        return pa.schema(
            [
                pa.field(name, pa.dictionary(pa.int32(), pa.string()))
                if isinstance(frame.schema[name], pl.Enum)
                else pa.field(name, plain.field(name).type)
                for name in self.table.schema
                if name not in self.table.partition_by
            ]
        )


@dataclass(slots=True)
class _Statistics:
    """What the log says of a file: rows, nulls, the bounds of numbers, times and repeated text."""

    columns: list[str]
    rows: int = 0
    nulls: dict[str, int] = field(default_factory=dict)
    least: dict[str, Any] = field(default_factory=dict)
    most: dict[str, Any] = field(default_factory=dict)

    def count(self, frame: pl.DataFrame) -> None:
        self.rows += frame.height
        for column in frame.iter_columns():
            self.nulls[column.name] = self.nulls.get(column.name, 0) + column.null_count()
            if isinstance(column.dtype, _BOUNDED) and column.null_count() < column.len():
                self._widen(column.name, column.min(), column.max())
            elif isinstance(column.dtype, pl.Enum) and column.null_count() < column.len():
                texts = column.unique().drop_nulls().cast(pl.String)
                self._widen(column.name, texts.min(), texts.max())

    def _widen(self, column: str, low: Any, high: Any) -> None:
        self.least[column] = min(self.least.get(column, low), low)
        self.most[column] = max(self.most.get(column, high), high)

    def text(self) -> str:
        said = {
            "numRecords": self.rows,
            "minValues": self.least,
            "maxValues": self.most,
            "nullCount": self.nulls,
        }
        return json.dumps(said, default=_written)


def _written(value: Any) -> str:
    """Return a date or an instant as the Delta protocol writes it."""
    return str(value.isoformat()).replace("+00:00", "Z")


def _repeats(kind: pl.DataType) -> bool:
    return isinstance(kind, (pl.Enum, pl.Datetime, pl.Int16, pl.Float64))


def _joined(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Yield the rows in frames of some size: each becomes a row group of its own."""
    kept: list[pl.DataFrame] = []
    for frame in frames:
        kept.append(frame)
        if sum(one.height for one in kept) >= _LEAST_ROWS:
            yield pl.concat(kept)
            kept = []
    if any(frame.height for frame in kept):
        yield pl.concat(kept)


def _grouped(frames: Iterator[pl.DataFrame]) -> Iterator[Iterator[pl.DataFrame]]:
    """Yield the frames in groups of at most about `FILE_ROWS`, each to be used up before the next."""
    for first in frames:
        yield _limited(first, frames)


def _limited(first: pl.DataFrame, rest: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    rows = first.height
    yield first
    while rows < FILE_ROWS and (frame := next(rest, None)) is not None:
        rows += frame.height
        yield frame


def _chained(first: pl.DataFrame, rest: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    yield first
    yield from rest
