"""The feature tables brought up to date: one commit a table, or none where nothing changed."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.features.additions import prepared
from segmentation_pipeline.features.engagement import Counting, engagement_inputs, engagement_table
from segmentation_pipeline.features.suppressions import Matching, matches_table
from segmentation_pipeline.features.tables import (
    FAILURES,
    computable,
    feature_tables,
    micros,
    stored_numbers,
    stored_state,
    telling,
)
from segmentation_pipeline.lake.commit import Commit
from segmentation_pipeline.lake.guard import wrapping
from segmentation_pipeline.lake.log import table_folder
from segmentation_pipeline.lake.tables import catalog_table
from segmentation_pipeline.lake.writing import FileWriter

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterator

    from deltalake.transaction import AddAction

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.lake.store import DeltaStore, Snapshot
    from segmentation_pipeline.lake.tables import Table


@dataclass(frozen=True, slots=True)
class RefreshedTable:
    """What became of one table: ``written`` as a new version, ``whole`` if not only what was added.

    ``recomputed`` counts the contacts with newly counted events, of matches the rows.
    """

    name: str
    version: int
    rows: int
    recomputed: int
    written: bool
    whole: bool
    seconds: float


def refresh_features(
    store: DeltaStore,
    catalog: Catalog,
    as_of: dt.datetime,
    *,
    full: bool = False,
    only: Collection[str] | None = None,
) -> tuple[RefreshedTable, ...]:
    """Bring the feature tables up to date as of an instant; return those whose inputs are there.

    ``full`` computes them from nothing, ``only`` names those wanted. Needs the lake's lock. Raises
    `LakeError` for inputs that cannot be read, `ContractError` for merges that go in a circle.
    """
    wanted = {name: of for name, of in feature_tables(catalog).items() if only is None or name in only}
    tables = store.snapshot({*wanted, *(table for inputs in wanted.values() for table in inputs)})
    done = []
    for name, inputs in computable(catalog, tables.tables).items():
        if name not in wanted:
            continue
        started = time.perf_counter()
        with telling(name, inputs):
            if name == engagement_table(catalog):
                found = _refresh_engagement(store, catalog, tables, micros(as_of), full=full)
            else:
                found = _refresh_matches(store, catalog, tables, full=full)
        done.append(replace(found, seconds=time.perf_counter() - started))
    return tuple(done)


def _refresh_engagement(
    store: DeltaStore, catalog: Catalog, tables: Snapshot, as_of: int, *, full: bool
) -> RefreshedTable:
    counting, current = prepared(store, catalog, tables, as_of, full=full)
    name = str(engagement_table(catalog))
    if current:
        return _unchanged(tables, name)
    table = catalog_table(catalog, name)
    numbers = [one for one, kind in table.schema.items() if kind.is_temporal() or kind == pl.Int64]
    table = replace(table, packed=tuple(numbers))
    try:
        rows, version = _written(store, table, counting)
    except (*FAILURES, LakeError):
        if counting.additions is None:
            raise
        counting = Counting.of(store, catalog, tables, as_of)
        rows, version = _written(store, table, counting)
    whole = counting.additions is None
    return RefreshedTable(name, version, rows, counting.recomputed, written=True, whole=whole, seconds=0.0)


def _written(store: DeltaStore, table: Table, counting: Counting) -> tuple[int, int]:
    """Write the rows, then commit them in place of all others; return how many, and the version."""
    rows = 0

    def counted() -> Iterator[pl.DataFrame]:
        nonlocal rows
        with telling(table.name, engagement_inputs(counting.catalog)):
            for frame in counting.frames():
                rows += frame.height
                yield frame

    files = new_files(store, table, counted())
    return rows, store.commit_files(table, files, Commit(counting.state().metadata()), whole=True)


def _refresh_matches(store: DeltaStore, catalog: Catalog, tables: Snapshot, *, full: bool) -> RefreshedTable:
    name = str(matches_table(catalog))
    matching = Matching.of(catalog, tables)
    if not full and stored_state(store, catalog, tables, name) == matching.state():
        return _unchanged(tables, name)
    before, start = stored_numbers(store, tables, name)
    rows = matching.rows(before, start)
    mark = max(start, 0 if rows.is_empty() else int(rows.select(pl.col(OBJECT_INDEX).max()).item()) + 1)
    # The mark outlives the rows: the index of a match that is gone is never given again.
    commit = Commit(matching.state().metadata(), (OBJECT_INDEX, mark))
    table = catalog_table(catalog, name)
    version = store.commit_files(table, new_files(store, table, iter([rows])), commit, whole=True)
    return RefreshedTable(name, version, rows.height, rows.height, written=True, whole=True, seconds=0.0)


def new_files(store: DeltaStore, table: Table, frames: Iterator[pl.DataFrame]) -> list[AddAction]:
    """Write rows in files that count from the commit that names them."""
    if store.root.local:
        Path(store.root.table(table.name)).mkdir(parents=True, exist_ok=True)
    with wrapping("cannot write the table", table.name):
        return FileWriter(table, table_folder(store.root, table.name, store.storage_options)).write(
            {}, frames
        )


def _unchanged(tables: Snapshot, name: str) -> RefreshedTable:
    rows = tables.files(name).rows or 0
    return RefreshedTable(name, tables.versions[name], rows, 0, written=False, whole=False, seconds=0.0)
