"""The outbox: deliveries as rows of the lake, and the locks under which they change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.lake.store import Commit
from segmentation_pipeline.notifications.tables import DELIVERIES, KEY

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.partners.webhooks import Webhook

PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"
LOCK = ".notifications.lock"
"""One process delivers at a time: order would be lost, and receivers told twice for nothing."""
_SAVE_SECONDS = 60.0
GONE = "its webhook is no longer declared"


class Outbox:
    """The table of deliveries of one lake."""

    def __init__(self, store: DeltaStore, wait_seconds: float) -> None:
        self._store = store
        self._wait_seconds = wait_seconds

    def pending(self, webhook: str) -> list[dict[str, Any]]:
        """Return a webhook's deliveries that are not made, in their order."""
        mine = pl.col("webhook") == webhook
        return self._rows(mine & (pl.col("status") == PENDING)).to_dicts()

    def counts(self) -> list[dict[str, Any]]:
        """Return webhook, status, how many deliveries, the last error and when the next is due."""
        if not self._store.exists(DELIVERIES.name):
            return []
        found = (
            self._store.scan(DELIVERIES.name)
            .sort("version", "position")
            .group_by("webhook", "status")
            .agg(
                pl.len().cast(pl.Int64).alias("deliveries"),
                pl.col("next_attempt_at").min().alias("next_attempt"),
                pl.col("last_error").drop_nulls().last(),
            )
            .sort("webhook", "status")
        )
        return found.collect().to_dicts()

    def save(self, rows: Sequence[dict[str, Any]]) -> None:
        """Write deliveries as they now are, in one commit."""
        if not rows:
            return
        frame = pl.DataFrame(rows, schema=DELIVERIES.schema)
        # What is not noted is sent again: it is worth waiting for an import to end.
        with lake_lock(self._store.root.folder, "notifications", max(self._wait_seconds, _SAVE_SECONDS)):
            self._store.merge(DELIVERIES, frame, KEY, Commit())

    def put_back(self, webhooks: Mapping[str, Webhook], now: dt.datetime) -> None:
        """Make everything that is not delivered due now, as if never tried. Needs the lake's lock."""
        mine = pl.col("webhook").is_in(list(webhooks))
        rows = self._rows(mine & pl.col("status").is_in([PENDING, FAILED]))
        instant = DELIVERIES.schema["queued_at"]
        again = rows.with_columns(
            pl.lit(PENDING).alias("status"),
            pl.lit(0, pl.Int64).alias("attempts"),
            pl.lit(now).cast(instant).alias("queued_at"),
            pl.lit(now).cast(instant).alias("next_attempt_at"),
        )
        if again.height:
            self._store.merge(DELIVERIES, again, KEY, Commit())

    def close_undeclared(self, webhooks: Mapping[str, Webhook]) -> None:
        """Give up what waits for a webhook whose file is gone. Needs the lake's lock."""
        rows = self._rows(~pl.col("webhook").is_in(list(webhooks)) & (pl.col("status") == PENDING))
        closed = rows.with_columns(
            pl.lit(FAILED).alias("status"),
            pl.lit(GONE).alias("last_error"),
            pl.lit(None, DELIVERIES.schema["next_attempt_at"]).alias("next_attempt_at"),
        )
        if closed.height:
            self._store.merge(DELIVERIES, closed, KEY, Commit())

    def alone(self) -> AbstractContextManager[None]:
        return lake_lock(self._store.root.folder, "notifications", self._wait_seconds, LOCK)

    def lake(self) -> AbstractContextManager[None]:
        return lake_lock(self._store.root.folder, "notifications", self._wait_seconds)

    def _rows(self, wanted: pl.Expr) -> pl.DataFrame:
        if not self._store.exists(DELIVERIES.name):
            return pl.DataFrame(schema=DELIVERIES.schema)
        found = self._store.scan(DELIVERIES.name).filter(wanted).sort("version", "position")
        return found.select(DELIVERIES.schema.names()).collect()
