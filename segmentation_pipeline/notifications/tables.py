"""The outbox as a table: a row a delivery."""

from __future__ import annotations

import polars as pl

from segmentation_pipeline.lake.tables import Table

_INSTANT = pl.Datetime("us", "UTC")

KEY = ("delivery_id",)
DELIVERIES = Table(
    "webhook_deliveries",
    pl.Schema(
        {
            "delivery_id": pl.String(),
            "webhook": pl.String(),
            "run_id": pl.String(),
            "as_of": _INSTANT,
            "kind": pl.String(),
            "segment_id": pl.String(),
            "object": pl.String(),
            "first_object": pl.Int64(),
            "last_object": pl.Int64(),
            "changes": pl.Int64(),
            "summary": pl.String(),
            "version": pl.Int64(),
            "position": pl.Int64(),
            "status": pl.String(),
            "attempts": pl.Int64(),
            "queued_at": _INSTANT,
            "next_attempt_at": _INSTANT,
            "last_error": pl.String(),
            "delivered_at": _INSTANT,
        }
    ),
    comment="What webhooks are told, a row a delivery: which part of which run, and how it went.",
    column_comments={
        "kind": "segment_entered, segment_left or run_finished",
        "first_object": "object_index of the first of the transitions it tells of",
        "last_object": "object_index of the last of them",
        "changes": "how many there were when the run published",
        "summary": "of run_finished: the segments with their counts, as JSON",
        "version": "that of segment_memberships which the run committed; it orders, then the position",
        "status": "pending, delivered or failed (given up)",
        "queued_at": "when it was put here, or last put back",
    },
)
