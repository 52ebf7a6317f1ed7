"""Months of `segment_analytics`, summed up."""

from __future__ import annotations

import polars as pl

from segmentation_pipeline.analytics.measures import with_rates
from segmentation_pipeline.analytics.tables import COUNTS, ENGAGEMENT_SUMMARY


def summed_months(days: pl.LazyFrame) -> pl.DataFrame:
    """Return the rows of `ENGAGEMENT_SUMMARY`; rates are of the sums, not means of rates."""
    ordered = pl.col("contact_count").sort_by("date")
    summed = days.group_by("segment_id", "month").agg(
        pl.len().cast(pl.Int64).alias("days"),
        ordered.first().alias("first_count"),
        ordered.last().alias("last_count"),
        # A sum over nulls alone is null: objects without such events have no counts.
        *(
            pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name)
            for name in (*COUNTS, "revenue")
        ),
        pl.col("entered", "exited").sum(),
    )
    rows = with_rates(summed.sort("segment_id", "month").collect())
    return rows.select(pl.col(name).cast(kind) for name, kind in ENGAGEMENT_SUMMARY.schema.items())
