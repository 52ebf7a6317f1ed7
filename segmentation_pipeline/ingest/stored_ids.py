"""Which events a table has already, by id, without reading it again for every batch.

Sixty-four bits of a hash say what is certainly new; what may be there is looked up in the table, so
that two ids with one hash stay two events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import MONTH
from segmentation_pipeline.ingest.hash_set import HashSet

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import EventSource
    from segmentation_pipeline.lake.store import DeltaStore


class StoredIds:
    """The ids of one table of events during one import, which alone writes to it.

    ``made`` ids are hashes of the row, its time included, so only the rows' own months are read; an
    id that the source gives may come again with another time.
    """

    def __init__(self, store: DeltaStore, table: str, source: EventSource, *, made: bool) -> None:
        self._store = store
        self._table = table
        self._source = source
        self._made = made
        self._seen: HashSet | None = None if store.exists(table) else HashSet()
        self._asked = False

    def new(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows whose id the table does not have."""
        if rows.is_empty():
            return rows
        if self._seen is None and self._asked:
            # A second batch: reading all ids once is less than looking into the table every time.
            ids = self._store.scan(self._table).select(pl.col(self._source.id).hash())
            self._seen = HashSet()
            self._seen.add(ids.collect(engine="streaming").to_series().to_numpy())
        self._asked = True
        there = self._there(rows)
        if there.is_empty():
            return rows
        return rows.filter(~pl.col(self._source.id).is_in(there.implode()))

    def add(self, ids: pl.Series) -> None:
        """Take note of rows that were written."""
        if self._seen is not None:
            self._seen.add(ids.hash().to_numpy())

    def _there(self, rows: pl.DataFrame) -> pl.Series:
        if self._seen is None:
            return present(self._store, self._table, self._source, rows, made=self._made)
        hashes = rows.get_column(self._source.id).hash()
        common = self._seen.common(hashes.to_numpy())
        if not len(common):
            return rows.get_column(self._source.id).clear()
        maybe = rows.filter(hashes.is_in(pl.Series(common).implode()))
        return present(self._store, self._table, self._source, maybe, made=self._made)


def present(
    store: DeltaStore, table: str, source: EventSource, rows: pl.DataFrame, *, made: bool = False
) -> pl.Series:
    """Return the ids of ``rows`` that ``table`` has now, looking into the rows' own months first.

    ``made`` ids are in no other.
    """
    ids = rows.get_column(source.id)
    if rows.is_empty() or not store.exists(table):
        return ids.clear()
    stored = store.scan(table)
    if not source.partition_by_month:
        return _found(stored, source, ids)
    own = pl.col(MONTH).is_in(rows.get_column(MONTH).unique().sort().to_list())
    found = _found(stored.filter(own), source, ids)
    if made or len(found) == len(ids):
        return found
    others = ids.filter(~ids.is_in(found.implode()))
    return pl.concat([found, _found(stored.filter(~own), source, others)])


def _found(stored: pl.LazyFrame, source: EventSource, ids: pl.Series) -> pl.Series:
    # The bounds let files and row groups be passed over, all of them where ids ascend.
    bounded = pl.col(source.id).is_between(pl.lit(ids.min()), pl.lit(ids.max()))
    found = stored.select(source.id).filter(bounded).join(ids.to_frame().lazy(), on=source.id, how="semi")
    return found.collect(engine="streaming").to_series().unique()
