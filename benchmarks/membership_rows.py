"""The output that is compared: integers only, a row (segment, object_index) a membership, as Delta."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
from deltalake import ColumnProperties, DeltaTable, WriterProperties, write_deltalake

from benchmarks.peer import Tally, numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from segmentation_pipeline.rules.segment import Definitions

_SCHEMA = pa.schema([("segment", pa.int32()), ("object_index", pa.int32())])
_BATCH = 1 << 17
_PACKED = ColumnProperties(dictionary_enabled=False, encoding="DELTA_BINARY_PACKED")


def write_memberships(folder: Path, members: Iterable[tuple[int, pl.Series]]) -> None:
    """Write ascending members by the number of their segment; one segment is held at a time."""
    reader = pa.RecordBatchReader.from_batches(_SCHEMA, _batches(members))
    properties = WriterProperties(
        compression="ZSTD",
        compression_level=1,
        column_properties=dict.fromkeys(_SCHEMA.names, _PACKED),
    )
    write_deltalake(str(folder), reader, mode="overwrite", writer_properties=properties)


def read_tallies(folder: Path, definitions: Definitions) -> Mapping[str, Tally]:
    """Count what was written."""
    rows = pl.scan_delta(DeltaTable(str(folder))).group_by("segment")
    sums = rows.agg(pl.len().cast(pl.Int64), pl.col("object_index").cast(pl.Int64).sum())
    found = {number: Tally(*sums) for number, *sums in sums.collect(engine="streaming").iter_rows()}
    return {name: found.get(number, Tally(0, 0)) for name, number in numbers(definitions).items()}


def read_members(folder: Path) -> dict[int, pl.Series]:
    """Return ascending members by the number of their segment, as `write_memberships` takes them."""
    rows = pl.read_delta(DeltaTable(str(folder)))
    parts = rows.partition_by("segment", as_dict=True)
    return {int(key[0]): part["object_index"].sort() for key, part in parts.items()}


def _batches(members: Iterable[tuple[int, pl.Series]]) -> Iterator[pa.RecordBatch]:
    """Yield short batches: what is written while it is in the cache costs half."""
    for number, ids in members:
        segment = pa.repeat(pa.scalar(number, pa.int32()), min(_BATCH, len(ids)))
        for start in range(0, len(ids), _BATCH):
            indexes = ids.slice(start, _BATCH).cast(pl.Int32).to_arrow()
            yield pa.record_batch([segment.slice(0, len(indexes)), indexes], schema=_SCHEMA)
