"""The record of erasures: that one was done, when, by whom and where, and nothing of whom."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.ingest.erased import ERASURES, hashed, made_salt, read_salt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.erasure.pending import Pending
    from segmentation_pipeline.lake.store import DeltaStore


@dataclass(frozen=True, slots=True)
class Entry:
    """One erasure as recorded; ``finished_at`` is None for one that is not finished."""

    erasure_id: str
    object: str
    status: str
    started_at: dt.datetime
    finished_at: dt.datetime | None
    requested_by: str
    tables: tuple[Mapping[str, Any], ...]


def next_id(store: DeltaStore) -> str:
    """Return the id of the next erasure. Needs the lake's lock."""
    count = 0
    if store.exists(ERASURES.name):
        count = int(store.scan(ERASURES.name).select(pl.len()).collect().item())
    return f"erasure-{count + 1:06d}"


def record_erasure(store: DeltaStore, pending: Pending, finished_at: dt.datetime | None) -> Entry:
    """Write an erasure as begun, or as finished. Needs the lake's lock."""
    names = pl.Series(pending.subject.names, dtype=pl.String)
    tables = [
        {"table": table, "action": action, "rows": rows} for (table, action), rows in pending.tables.items()
    ]
    row = {
        "erasure_id": pending.erasure_id,
        "object": pending.subject.object,
        "status": "started" if finished_at is None else "finished",
        "started_at": dt.datetime.fromisoformat(pending.started_at),
        "finished_at": finished_at,
        "requested_by": pending.requested_by,
        "subjects": hashed(names, made_salt(store)).to_list(),
        "tables": tables,
        "readmitted_at": None,
    }
    store.merge(ERASURES, pl.DataFrame([row], schema=ERASURES.schema), ("erasure_id",))
    return _entry(row)


def find_erasures(store: DeltaStore, name: str) -> list[Entry]:
    """Return the erasures of a key or an address, oldest first."""
    return [_entry(row) for row in _rows(store, name).iter_rows(named=True)]


def readmit(store: DeltaStore, name: str, at: dt.datetime) -> list[Entry]:
    """Let imports bring a key or an address again; raise `UsageError` where it was never erased."""
    rows = _rows(store, name)
    if rows.is_empty():
        raise UsageError("nobody of this key or address was erased", hint="segmentation forget --check KEY")
    changed = rows.with_columns(
        pl.lit("readmitted").alias("status"),
        pl.lit(at, ERASURES.schema["readmitted_at"]).alias("readmitted_at"),
    )
    store.merge(ERASURES, changed.select(ERASURES.schema.names()), ("erasure_id",))
    return [_entry(row) for row in changed.iter_rows(named=True)]


def _rows(store: DeltaStore, name: str) -> pl.DataFrame:
    if not store.exists(ERASURES.name):
        return pl.DataFrame(schema=ERASURES.schema)
    wanted = hashed(pl.Series([name]), read_salt(store)).item()
    found = store.scan(ERASURES.name).filter(pl.col("subjects").list.contains(wanted))
    return found.sort("erasure_id").collect()


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(
        row["erasure_id"],
        row["object"],
        row["status"],
        row["started_at"],
        row["finished_at"],
        row["requested_by"],
        tuple(row["tables"]),
    )
