"""The queue: what waits, what is being asked, what came of it. Every change is one commit.

Each function but `counts` and `failures` needs the lake's lock. A row is only ever changed where it
still stands: whoever was erased in the meantime stays erased.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.enrichment.tables import KEY, QUEUE
from segmentation_pipeline.lake.store import Commit

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from segmentation_pipeline.lake.store import DeltaStore

PENDING, PROCESSING, COMPLETED, FAILED = "pending", "processing", "completed", "failed"
_CONTACT, _PROVIDER = KEY


def enqueue(
    store: DeltaStore, provider: str, contacts: pl.Series, *, priority: int, now: dt.datetime, again: bool
) -> int:
    """Queue contacts by their keys; return how many were not waiting already.

    Those that were enriched before, or failed, are queued ``again`` or left as they are.
    """
    wanted = contacts.alias(_CONTACT).to_frame().unique(maintain_order=True)
    held = rows(store, provider).select(_CONTACT, "status")
    closed = held if not again else held.filter(pl.col("status").is_in([PENDING, PROCESSING]))
    new = wanted.join(closed, on=_CONTACT, how="anti", maintain_order="left").with_columns(
        pl.lit(provider).alias(_PROVIDER),
        pl.lit(priority, pl.Int64).alias("priority"),
        pl.lit(PENDING).alias("status"),
        pl.lit(0, pl.Int64).alias("attempts"),
        pl.lit(now).cast(QUEUE.schema["queued_at"]).alias("queued_at"),
    )
    _merge(store, _complete(new))
    return new.height


def retry_failed(store: DeltaStore, provider: str, now: dt.datetime) -> int:
    """Queue everything again that failed; return how many."""
    failed = rows(store, provider).filter(pl.col("status") == FAILED)
    fresh = failed.select(
        _CONTACT,
        _PROVIDER,
        "priority",
        pl.lit(PENDING).alias("status"),
        pl.lit(0, pl.Int64).alias("attempts"),
        pl.lit(now).cast(QUEUE.schema["queued_at"]).alias("queued_at"),
    )
    _merge(store, _complete(fresh))
    return fresh.height


def claim(store: DeltaStore, provider: str, limit: int) -> list[str]:
    """Mark the next contacts as being processed and return their keys, in their order."""
    waiting = rows(store, provider).filter(pl.col("status") == PENDING)
    ordered = waiting.sort("priority", "queued_at", _CONTACT, descending=[True, False, False]).head(limit)
    _merge(store, ordered.with_columns(pl.lit(PROCESSING).alias("status")))
    return ordered.get_column(_CONTACT).to_list()


def recover(store: DeltaStore, provider: str) -> None:
    """Put back what a process that died was asking for; what was answered is kept for `answered`."""
    orphaned = _open(store, provider).filter(pl.col("answer").is_null())
    _merge(store, orphaned.with_columns(pl.lit(PENDING).alias("status")))


def save(store: DeltaStore, provider: str, changes: Sequence[dict[str, Any]]) -> None:
    """Write columns of contacts that are being processed: dicts of `contact_id` and the new values.

    A value that a dict leaves out stays as it is; ``attempts`` are added.
    """
    if not changes:
        return
    said = {change[_CONTACT]: change for change in changes}
    found = _open(store, provider).filter(pl.col(_CONTACT).is_in(list(said)))
    merged = []
    for row in found.iter_rows(named=True):
        change = said[row[_CONTACT]]
        merged.append(row | change | {"attempts": row["attempts"] + change.get("attempts", 0)})
    _merge(store, pl.DataFrame(merged, schema=QUEUE.schema))


def answered(store: DeltaStore, provider: str) -> pl.DataFrame:
    """Return the rows whose answer is kept and not yet applied, in the order in which answers came."""
    kept = _open(store, provider).filter(pl.col("answer").is_not_null())
    return kept.sort("answered_at", _CONTACT)


def rows(store: DeltaStore, provider: str) -> pl.DataFrame:
    """Return a provider's rows."""
    if not store.exists(QUEUE.name):
        return pl.DataFrame(schema=QUEUE.schema)
    return store.scan(QUEUE.name).filter(pl.col(_PROVIDER) == provider).collect()


def counts(store: DeltaStore) -> list[dict[str, Any]]:
    """Return provider, status, outcome, how many contacts, and since when the oldest was queued."""
    if not store.exists(QUEUE.name):
        return []
    by = [_PROVIDER, "status", "outcome"]
    found = (
        store.scan(QUEUE.name)
        .group_by(by)
        .agg(pl.len().cast(pl.Int64).alias("contacts"), pl.col("queued_at").min().alias("oldest"))
        .sort(by, nulls_last=True)
        .collect()
    )
    return [
        {
            "provider": row[_PROVIDER],
            **{name: row[name] for name in ("status", "outcome", "contacts", "oldest")},
        }
        for row in found.iter_rows(named=True)
    ]


def failures(store: DeltaStore) -> list[dict[str, Any]]:
    """Return provider, reason and how many contacts failed for it, the most first."""
    if not store.exists(QUEUE.name):
        return []
    failed = store.scan(QUEUE.name).filter(pl.col("status") == FAILED)
    grouped = failed.group_by(_PROVIDER, "error_message").agg(pl.len().cast(pl.Int64).alias("contacts"))
    found = grouped.sort(["contacts", _PROVIDER, "error_message"], descending=[True, False, False]).collect()
    return [
        {"provider": row[_PROVIDER], "reason": row["error_message"], "contacts": row["contacts"]}
        for row in found.iter_rows(named=True)
    ]


def _open(store: DeltaStore, provider: str) -> pl.DataFrame:
    return rows(store, provider).filter(pl.col("status") == PROCESSING)


def _complete(frame: pl.DataFrame) -> pl.DataFrame:
    missing = [
        pl.lit(None, kind).alias(name) for name, kind in QUEUE.schema.items() if name not in frame.columns
    ]
    return frame.with_columns(missing)


def _merge(store: DeltaStore, frame: pl.DataFrame) -> None:
    if frame.height:
        store.merge(QUEUE, frame.select(QUEUE.schema.names()), KEY, Commit())
