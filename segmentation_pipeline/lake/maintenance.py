"""What keeps a table quick and small: added columns, compaction, removal of unreadable files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from deltalake import Schema

from segmentation_pipeline.errors import ContractError
from segmentation_pipeline.lake.arrow import arrow_schema
from segmentation_pipeline.lake.commit import Commit, commit_properties
from segmentation_pipeline.lake.guard import wrapping
from segmentation_pipeline.lake.log import changes

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import timedelta

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.lake.tables import Table

TARGET_BYTES = 128 << 20
"""Files are joined until they are as large."""


def add_columns(store: DeltaStore, table: Table, commit: Commit | None = None) -> int:
    """Add the columns that ``table`` declares and the lake's table lacks, null in every row so far.

    Returns the latest version; without a missing column nothing is committed. Raises
    `ContractError` if the two differ in anything else: a retyped or dropped column is rewritten by
    `DeltaStore.replace`, on purpose.
    """
    with wrapping("cannot add columns", table.name):
        target = store.open(table.name)
        there = store.schema(table.name)
        missing = [name for name in table.schema if name not in there]
        faults = [fault for fault in changes(table, target) if "is missing" not in fault]
        if faults:
            raise ContractError(
                "more than columns must be added: " + "; ".join(faults),
                where=table.name,
                hint="`replace` the whole table",
            )
        if missing:
            declared = arrow_schema(table)
            fields = [field for field in Schema.from_arrow(declared).fields if field.name in missing]
            target.alter.add_columns(fields, commit_properties=commit_properties(commit or Commit()))
        return target.version()


def small_files(store: DeltaStore, name: str) -> int:
    """Return how many files a compaction would join: the small ones of slices that have several."""
    listed = pl.DataFrame(store.open(name).get_add_actions(flatten=True))
    if listed.is_empty():
        return 0
    slices = [column for column in listed.columns if column.startswith("partition.")]
    small = listed.filter(pl.col("size_bytes") < TARGET_BYTES // 2)
    counted = small.group_by(slices).len() if slices else small.select(pl.len())
    return int(counted.filter(pl.col("len") > 1).get_column("len").sum())


def compact(store: DeltaStore, name: str) -> int:
    """Join small files into large ones; the rows stay. Returns the latest version."""
    with wrapping("cannot compact the table", name):
        target = store.open(name)
        commit = commit_properties(Commit({"maintenance": "compact"}))
        target.optimize.compact(target_size=TARGET_BYTES, commit_properties=commit)
        return target.version()


def vacuum(
    store: DeltaStore, name: str, keep: timedelta, versions: Collection[int] = (), *, dry_run: bool = False
) -> list[str]:
    """Delete files that no version younger than ``keep`` reads, and return their names.

    So are those that no version names at all, left by a killed writer more than ``keep`` ago.
    ``versions`` stay readable however old: those a running job has pinned, and those that repair,
    replay and time travel promise. Reading an older one afterwards fails with FileNotFoundError.
    A dry run returns what would go; without a file to delete nothing is committed either.
    """
    hours = int(keep.total_seconds() // 3600)
    kept = sorted(versions) or None
    with wrapping("cannot vacuum the table", name):
        target = store.open(name)
        found = target.vacuum(hours, True, False, full=True, keep_versions=kept)
        if dry_run or not found:
            return found
        commit = commit_properties(Commit({"maintenance": "vacuum"}))
        return target.vacuum(hours, False, False, full=True, keep_versions=kept, commit_properties=commit)
