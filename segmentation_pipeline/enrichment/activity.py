"""The activity `contact_enriched`: a row each time a provider's answer landed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import MONTH
from segmentation_pipeline.enrichment.providers import OBJECT
from segmentation_pipeline.ingest.stored_ids import present
from segmentation_pipeline.lake.commit import Commit
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.lake.store import DeltaStore

ENRICHED = "contact_enriched"


def tell_enriched(store: DeltaStore, catalog: Catalog, provider: str, done: pl.DataFrame) -> None:
    """Append an activity for every row of the queue in ``done``, once however often it is told.

    Nothing where the catalog declares no such type of event.
    """
    source = catalog.event_source(OBJECT, ENRICHED)
    if source is None or done.is_empty():
        return
    table = catalog_table(catalog, source.table)
    ids = [
        _identifier(provider, *row)
        for row in done.select("contact_id", pl.col("queued_at").cast(pl.Int64)).iter_rows()
    ]
    values = {
        source.id: pl.Series(ids, dtype=pl.String),
        source.key: done.get_column("contact_id"),
        source.type: pl.repeat(ENRICHED, done.height, dtype=pl.String, eager=True),
        source.time: done.get_column("answered_at"),
        "provider": pl.repeat(provider, done.height, dtype=pl.String, eager=True),
    }
    if source.partition_by_month:
        values[MONTH] = done.get_column("answered_at").dt.strftime("%Y-%m")
    rows = pl.DataFrame(
        {
            name: values[name].cast(kind)
            if name in values
            else pl.repeat(None, done.height, dtype=kind, eager=True)
            for name, kind in table.schema.items()
        }
    )
    if store.exists(table.name):
        there = present(store, table.name, source, rows)
        rows = rows.filter(~pl.col(source.id).is_in(there.implode()))
    if rows.height:
        store.append(table, rows, Commit({"job": f"enrichment {provider}"}))


def _identifier(provider: str, contact: str, queued_at: int) -> str:
    said = "\x00".join((provider, contact, str(queued_at)))
    return f"enriched-{hashlib.sha256(said.encode()).hexdigest()[:32]}"
