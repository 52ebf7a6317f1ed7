"""Events whose object is unknown wait beside the others until it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import MONTH
from segmentation_pipeline.ingest.stored_ids import present
from segmentation_pipeline.lake.commit import Commit
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.catalog.model import Catalog, EventSource
    from segmentation_pipeline.lake.store import DeltaStore


def adopt(
    store: DeltaStore, catalog: Catalog, source: EventSource, batch_rows: int, metadata: dict[str, str]
) -> pl.Series:
    """Move waiting events whose object is known to their table; return their ids.

    First added, then removed, a part at a time: a kill in between leaves rows that stand in both
    tables, and the next adoption only removes them.
    """
    waiting, owner = source.orphans, catalog.owner_of_source(source.name)
    if waiting is None or not store.exists(waiting) or not store.exists(owner.table):
        return pl.Series(dtype=pl.String)
    table, orphans = catalog_table(catalog, source.table), catalog_table(catalog, waiting)
    known = store.scan(owner.table).select(pl.col(owner.key).alias(source.key))
    arrived = store.scan(waiting).join(known, on=source.key, how="semi")
    adopted = [pl.Series(dtype=pl.String)]
    for months in _parts(arrived, source, batch_rows):
        part = arrived.filter(pl.col(MONTH).is_in(months)) if source.partition_by_month else arrived
        rows = part.select(table.schema.names()).collect()
        new = rows.filter(~pl.col(source.id).is_in(present(store, source.table, source, rows).implode()))
        if new.height:
            store.append(table, new, Commit(metadata))
        store.delete(orphans, rows.select(source.id), (source.id,), Commit(metadata))
        adopted.append(new.get_column(source.id))
    return pl.concat(adopted)


def _parts(arrived: pl.LazyFrame, source: EventSource, batch_rows: int) -> Iterator[list[str]]:
    """Group the months of the rows so that a group, if not a month, fits a batch."""
    if not source.partition_by_month:
        if arrived.select(pl.len()).collect().item():
            yield []
        return
    held: list[str] = []
    count = 0
    for month, rows in arrived.group_by(MONTH).len().sort(MONTH).collect().iter_rows():
        if held and count + rows > batch_rows:
            yield held
            held, count = [], 0
        held.append(month)
        count += rows
    if held:
        yield held
