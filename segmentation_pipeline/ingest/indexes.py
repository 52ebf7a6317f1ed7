"""The dense number that every object has in the lake, given at its first import."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX

if TYPE_CHECKING:
    from segmentation_pipeline.lake.store import DeltaStore


def next_index(store: DeltaStore, table: str) -> int:
    """Return the index for the table's next new object, counting from 0. Needs the lake's lock."""
    if not store.exists(table):
        return 0
    highest = store.scan(table).select(pl.col(OBJECT_INDEX).max()).collect().item()
    after = 0 if highest is None else int(highest) + 1
    return max(after, store.transaction(table, OBJECT_INDEX) or 0)


def indexed(store: DeltaStore, table: str, rows: pl.DataFrame, new: pl.Expr) -> tuple[pl.DataFrame, int]:
    """Return the rows with an index for each that is ``new``, and the next one after them.

    Committed as the transaction `OBJECT_INDEX`, it outlives the rows: the index of an object that was
    erased is never given again.
    """
    first = next_index(store, table)
    counted = first + new.cum_sum().cast(pl.Int64) - 1
    given = pl.when(new).then(counted).otherwise(pl.col(OBJECT_INDEX)).alias(OBJECT_INDEX)
    return rows.with_columns(given), first + int(rows.select(new.sum()).item())
