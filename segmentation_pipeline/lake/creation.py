"""The first commit of a table: its columns, comments and settings, with or without rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deltalake import ColumnProperties, Schema, WriterProperties, write_deltalake
from deltalake.transaction import create_table_with_add_actions

from segmentation_pipeline.lake.arrow import arrow_reader, arrow_schema

if TYPE_CHECKING:
    import polars as pl
    from deltalake import CommitProperties
    from deltalake.transaction import AddAction

    from segmentation_pipeline.lake.root import Root
    from segmentation_pipeline.lake.tables import Table

# Reasons of transitions and repairs read old versions; the library forgets them after 30 days.
_CONFIGURATION = {"delta.logRetentionDuration": "interval 365 days"}


def create_table(
    root: Root,
    table: Table,
    rows: pl.DataFrame | list[AddAction],
    properties: CommitProperties,
    storage_options: dict[str, str] | None,
) -> None:
    """Create a table with a frame, or with files that are there already; fail if it exists."""
    if isinstance(rows, list):
        create_table_with_add_actions(
            root.table(table.name),
            Schema.from_arrow(arrow_schema(table)),
            rows,
            mode="error",
            partition_by=list(table.partition_by),
            name=table.name,
            description=table.comment or None,
            configuration=_CONFIGURATION,
            storage_options=storage_options,
            commit_properties=properties,
        )
        return
    write_deltalake(
        root.table(table.name),
        arrow_reader(table, rows, commented=True),
        mode="error",
        partition_by=list(table.partition_by) or None,
        name=table.name,
        description=table.comment or None,
        configuration=_CONFIGURATION,
        storage_options=storage_options,
        writer_properties=writer_properties(table),
        commit_properties=properties,
    )


def writer_properties(table: Table) -> WriterProperties:
    """Return how the Delta library encodes and compresses a table's columns."""
    packed = ColumnProperties(dictionary_enabled=False, encoding="DELTA_BINARY_PACKED")
    distinct = ColumnProperties(dictionary_enabled=False)
    return WriterProperties(
        compression="ZSTD",
        compression_level=1,
        column_properties={
            **dict.fromkeys(table.distinct, distinct),
            **dict.fromkeys(table.packed, packed),
        },
    )
