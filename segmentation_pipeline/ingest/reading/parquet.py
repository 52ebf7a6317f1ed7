"""Parquet with its own types, a few row groups at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.batch import ROW, Batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def parquet_headings(path: Path, name: str) -> Sequence[str]:
    """Return the names of the columns; raise `ImportFailed` for a file that is no Parquet."""
    with _opened(path, name) as file:
        return list(file.schema_arrow.names)


def parquet_batches(path: Path, name: str, rows: int, columns: Sequence[str]) -> Iterator[Batch]:
    """Yield ``columns`` of the rows, in the file's order."""
    with _opened(path, name) as file:
        there = [column for column in columns if column in file.schema_arrow.names]
        first = 1
        for part in _whole(file, rows, there):
            height = part.num_rows
            frame = pl.DataFrame(part) if there else pl.DataFrame()
            numbers = pl.int_range(first, first + height, dtype=pl.Int64, eager=True).alias(ROW)
            share = (first + height - 1) / file.metadata.num_rows
            yield Batch(frame.with_columns(numbers), share=share)
            first += height


def _whole(file: pq.ParquetFile, rows: int, columns: list[str]) -> Iterator[pa.Table]:
    """Yield full batches: the reader's own end where a row group does."""
    held: list[pa.RecordBatch] = []
    count = 0
    for part in file.iter_batches(batch_size=rows, columns=columns):
        rest = part
        while count + rest.num_rows >= rows:
            cut = rows - count
            yield pa.Table.from_batches([*held, rest.slice(0, cut)])
            held, count, rest = [], 0, rest.slice(cut)
        if rest.num_rows:
            held.append(rest)
            count += rest.num_rows
    if held:
        yield pa.Table.from_batches(held)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ImportFailed(f"not readable as Parquet: {reason}", where=name) from error
