"""The contacts that have engagement: who is counted under which index, and how complete a profile is."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.scores import COMPLETENESS, CONTACT
from segmentation_pipeline.catalog.types import Text
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.ingest.merges import redirects_in

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.lake.reading import Snapshot

MERGED, PRIMARY = "merged", "primary"


def contacts_merged(catalog: Catalog, tables: Snapshot) -> pl.DataFrame:
    """Return ``merged`` and ``primary``: the contacts that count as another, and that other, in NFC."""
    return redirects_in(tables, catalog.objects[CONTACT])


def merges_digest(merged: pl.DataFrame) -> str:
    said = "\n".join(f"{one!r} {other!r}" for one, other in merged.sort(MERGED).iter_rows())
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def live_contacts(catalog: Catalog, tables: Snapshot, merged: pl.DataFrame) -> pl.LazyFrame:
    """Return the rows of contacts that count as themselves."""
    kind = catalog.objects[CONTACT]
    if tables.schema(kind.table).get(OBJECT_INDEX) != pl.Int64:
        message = f"table `{kind.table}` has no integer column `{OBJECT_INDEX}`"
        raise LakeError(message, where=kind.table)
    rows = tables.scan(kind.table)
    return rows if merged.is_empty() else rows.filter(~_key(kind).is_in(merged[MERGED].implode()))


def counted_keys(catalog: Catalog, live: pl.LazyFrame, merged: pl.DataFrame) -> pl.DataFrame:
    """Return ``key`` in NFC and the index that its events count for: of a merged contact its primary's."""
    keys = live.select(_key(catalog.objects[CONTACT]).alias("key"), OBJECT_INDEX).collect()
    if merged.is_empty():
        return keys
    others = merged.join(keys, left_on=PRIMARY, right_on="key", how="inner")
    return pl.concat([keys, others.select(pl.col(MERGED).alias("key"), OBJECT_INDEX)])


def completeness(catalog: Catalog, tables: Snapshot) -> pl.Expr:
    """Return the share of the weights whose field is filled, in whole percent, half up; 0 without weights.

    Text of blanks and an empty list are not filled, nor is a column that the table lacks.
    """
    kind = catalog.objects[CONTACT]
    there = tables.schema(kind.table)
    weights = catalog.engagement.completeness if catalog.engagement is not None else ()
    filled = [_filled(name, there[name]).cast(pl.Int64) * weight for name, weight in weights if name in there]
    total = max(1, sum(weight for _, weight in weights))
    reached = pl.sum_horizontal(filled) if filled else pl.lit(0, pl.Int64)
    return ((200 * reached + total) // (2 * total)).cast(pl.Int64).alias(COMPLETENESS)


def _filled(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype == pl.String:
        return (column.str.strip_chars() != "").fill_null(value=False)
    if isinstance(dtype, pl.List):
        return (column.list.len() > 0).fill_null(value=False)
    return column.is_not_null()


def _key(kind: ObjectType) -> pl.Expr:
    """Return a contact's key as rules see it."""
    column = pl.col(kind.key)
    return column.str.normalize("NFC") if isinstance(kind.fields[kind.key].type, Text) else column
