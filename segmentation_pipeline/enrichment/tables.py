"""The queue as a table: a row a contact and provider."""

from __future__ import annotations

import polars as pl

from segmentation_pipeline.lake.tables import Table

_INSTANT = pl.Datetime("us", "UTC")

KEY = ("contact_id", "enrichment_provider")
QUEUE = Table(
    "contact_enrichment_queue",
    pl.Schema(
        {
            "contact_id": pl.String(),
            "enrichment_provider": pl.String(),
            "priority": pl.Int64(),
            "status": pl.String(),
            "outcome": pl.String(),
            "error_message": pl.String(),
            "attempts": pl.Int64(),
            "queued_at": _INSTANT,
            "processed_at": _INSTANT,
            "answered_at": _INSTANT,
            "answer": pl.String(),
        }
    ),
    comment="Which contacts are to be enriched by whom, a row a contact and provider, and how it went.",
    column_comments={
        "priority": "the highest is asked first, of equal ones the longest waiting",
        "status": "pending, processing, completed or failed",
        "outcome": "of a completed one: enriched, or not_found where the provider knows nothing",
        "error_message": "why it failed",
        "attempts": "requests made since it was queued",
        "answered_at": "when the answer came; it is the contact's last_enriched_at",
        "answer": "an answer that is not yet applied, as JSON of texts; null before and after",
    },
)
