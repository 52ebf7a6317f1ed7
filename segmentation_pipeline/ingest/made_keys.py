"""Keys of rows whose source brings none, made of the columns that tell one row from another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.ingest.identity import row_hash
from segmentation_pipeline.ingest.indexes import indexed
from segmentation_pipeline.ingest.targets import target_of
from segmentation_pipeline.lake.commit import Commit
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.ingest.targets import Target
    from segmentation_pipeline.lake.store import DeltaStore


def with_made_keys(target: Target, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with their key made where it is missing.

    A column of `made_from` that is left out counts as empty. Where all of those are empty that may be,
    nothing tells the row from others: the key stays null.
    """
    key = target.key[0]
    if key in frame.columns and not frame.get_column(key).null_count():
        return frame
    parts = [name for name in target.made_from if name in frame.columns]
    optional = [name for name in target.made_from if not target.fields[name].required]
    made = pl.lit(None, pl.String).alias(key)
    if parts:
        hashes = row_hash(frame.select(parts), {name: target.fields[name] for name in parts})
        there = [pl.col(name).is_not_null() for name in optional if name in parts]
        told_apart = pl.any_horizontal(there) if there else pl.lit(value=not optional)
        made = pl.when(told_apart).then(hashes).alias(key)
    return frame.with_columns(pl.coalesce(key, made).alias(key) if key in frame.columns else made)


def complete_keys(store: DeltaStore, catalog: Catalog, table: str) -> None:
    """Give the rows of a table that is older than its made keys their key and their index.

    One commit, none where every row has a key. Needs the lake's lock and the table's columns.
    """
    target = target_of(catalog, table)
    if not target.made_from:
        return
    key, shape = target.key[0], catalog_table(catalog, table)
    if not store.scan(table).filter(pl.col(key).is_null()).head(1).collect().height:
        return
    rows = with_made_keys(target, store.scan(table).select(shape.schema.names()).collect())
    rows = rows.unique(key, keep="last", maintain_order=True)
    mark = None
    if OBJECT_INDEX in shape.schema:
        rows, after = indexed(store, table, rows, pl.col(OBJECT_INDEX).is_null())
        mark = (OBJECT_INDEX, after)
    store.replace(shape, rows, Commit({"keys": "made"}, mark))
