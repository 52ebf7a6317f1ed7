"""Rows that say of which workspace they are: those of another do not land, and nothing of them is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.ingest.batch import FINDINGS, ROW
from segmentation_pipeline.ingest.text import as_text

if TYPE_CHECKING:
    from segmentation_pipeline.ingest.batch import Batch
    from segmentation_pipeline.ingest.mapping import SourceMapping
    from segmentation_pipeline.tenant import Tenant

COLUMN = "workspace_id"


def foreign_rows(tenant: Tenant | None, frame: pl.DataFrame) -> pl.DataFrame:
    """Return findings (`FINDINGS`) on typed rows whose ``workspace_id`` is another's."""
    if tenant is None or COLUMN not in frame.columns:
        return pl.DataFrame(schema=FINDINGS)
    said = pl.col(COLUMN).cast(pl.String).str.strip_chars()
    others = frame.filter((said != "") & ~said.is_in(sorted(tenant.names)))
    return others.select(
        ROW,
        pl.lit(COLUMN).alias("column"),
        said.alias("value"),
        pl.format(
            "`{}` is not this workspace, which is {}", said, pl.lit(", ".join(sorted(tenant.names)))
        ).alias("reason"),
    )


def without_foreign(
    tenant: Tenant | None, mapping: SourceMapping, batch: Batch, findings: pl.DataFrame
) -> tuple[pl.DataFrame, frozenset[int]]:
    """Return findings of which those on rows of others say only that, and the numbers of those rows.

    What a row is called stands in the column that the mapping reads, whether or not the row can be typed.
    """
    origin = mapping.columns.get(COLUMN)
    if tenant is None or origin is None or origin.column not in batch.frame.columns or findings.is_empty():
        return findings, frozenset()
    named = batch.frame.select(ROW, as_text(batch.frame.get_column(origin.column)).alias(COLUMN))
    hidden = foreign_rows(tenant, named).get_column(ROW)
    told = pl.col(ROW).is_in(hidden.implode()) & (pl.col("column") != COLUMN)
    return findings.filter(~told.fill_null(value=False)), frozenset(hidden)
