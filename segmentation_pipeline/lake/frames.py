"""How a frame gets into a table that is there: added, in place of others, or row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deltalake import write_deltalake

from segmentation_pipeline.lake.arrow import arrow_reader
from segmentation_pipeline.lake.commit import commit_properties
from segmentation_pipeline.lake.creation import writer_properties
from segmentation_pipeline.lake.predicates import same_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from deltalake import DeltaTable
    from deltalake.table import TableMerger

    from segmentation_pipeline.lake.commit import Commit
    from segmentation_pipeline.lake.tables import Table


def append_rows(target: DeltaTable, table: Table, rows: pl.DataFrame, commit: Commit) -> int:
    """Add rows; return the new version."""
    write_deltalake(
        target,
        arrow_reader(table, rows),
        mode="append",
        writer_properties=writer_properties(table),
        commit_properties=commit_properties(commit),
    )
    return target.version()


def overwrite_rows(
    target: DeltaTable,
    table: Table,
    rows: pl.DataFrame,
    commit: Commit,
    *,
    predicate: str | None = None,
    retype: bool = False,
) -> int:
    """Replace the rows that meet ``predicate``, or all, the columns too with ``retype``."""
    write_deltalake(
        target,
        arrow_reader(table, rows, commented=retype),
        mode="overwrite",
        predicate=predicate,
        schema_mode="overwrite" if retype else None,
        partition_by=list(table.partition_by) if retype else None,
        writer_properties=writer_properties(table),
        commit_properties=commit_properties(commit),
    )
    return target.version()


def merger(
    target: DeltaTable, table: Table, rows: pl.DataFrame, key: Sequence[str], commit: Commit
) -> TableMerger:
    """Return a merge of rows by key that says nothing yet of what becomes of a match."""
    return target.merge(
        arrow_reader(table, rows),
        same_key(key),
        source_alias="source",
        target_alias="target",
        writer_properties=writer_properties(table),
        commit_properties=commit_properties(commit),
    )
