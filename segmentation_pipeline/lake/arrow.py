"""Frames as plain Arrow: utf8 and lists that every reader of Parquet knows, and comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.lake.tables import Table

_SLICE_ROWS = 1 << 17


def arrow_schema(table: Table) -> pa.Schema:
    """Return the table's columns as Arrow fields, each with its comment as Delta keeps it."""
    # Polars' own export declares string_view, which some readers of Parquet do not know.
    exported = pl.DataFrame(schema=table.schema).to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    return pa.schema(
        [_commented(_plain(column), table.column_comments.get(column.name)) for column in exported]
    )


def arrow_reader(table: Table, frame: pl.DataFrame, *, commented: bool = False) -> pa.RecordBatchReader:
    """Stream ``frame``, columns of ``table``, in slices, so that only one slice is held twice.

    Rows for a table that is there come without comments: it has its own, perhaps older than those
    declared now, and the Delta library refuses rows whose comments differ.
    """
    declared = arrow_schema(table)
    fields = [declared.field(name) for name in frame.columns]
    schema = pa.schema([field if commented else field.remove_metadata() for field in fields])
    return pa.RecordBatchReader.from_batches(schema, _batches(schema, frame))


def _batches(schema: pa.Schema, frame: pl.DataFrame) -> Iterator[pa.RecordBatch]:
    for part in frame.iter_slices(_SLICE_ROWS):
        yield from part.to_arrow(compat_level=pl.CompatLevel.newest()).cast(schema).to_batches()


def _commented(column: pa.Field, comment: str | None) -> pa.Field:
    return column.with_metadata({"comment": comment}) if comment else column


def _plain(column: pa.Field) -> pa.Field:
    return pa.field(column.name, _plain_type(column.type))


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_binary(kind):
        return pa.binary()
    if pa.types.is_large_list(kind):
        return pa.list_(_plain_type(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([_plain(part) for part in kind])
    return kind
