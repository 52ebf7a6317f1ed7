"""What an import says of the source it reads from, and how far earlier imports have read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.ingest.records import IMPORT_JOBS

if TYPE_CHECKING:
    from segmentation_pipeline.ingest.targets import Target
    from segmentation_pipeline.lake.store import DeltaStore


INBOX = "inbox/"
"""How the name of a source starts that is a file of the inbox; its watermark is the file's state."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The source of an import: its name, a hash of how it is read, and how far this import reads it.

    ``watermark`` is recorded only when the import has ended well: what a kill or an error leaves
    behind goes on from the watermark before.
    """

    source: str
    version: str
    watermark: str | None = None

    def named(self) -> dict[str, object]:
        """Return what the import says of itself from its start."""
        return {"source": self.source, "source_version": self.version}

    def reached(self) -> dict[str, object]:
        """Return what it says once it has ended well."""
        return {"watermark": self.watermark}


def last_watermark(store: DeltaStore, target: Target, source: str, version: str) -> str | None:
    """Return how far the source has been read into a table; None where it must be read from its start.

    That is so without the table (and that of waiting events), and where the latest import, good or bad,
    read the source another way: what landed since then may not be what this way would have read.
    """
    waiting = None if target.source is None else target.source.orphans
    there = store.exists(target.table) or (waiting is not None and store.exists(waiting))
    if not there or not store.exists(IMPORT_JOBS.name):
        return None
    if "source" not in store.schema(IMPORT_JOBS.name):
        return None
    jobs = store.scan(IMPORT_JOBS.name).filter(
        (pl.col("source") == source) & (pl.col("table") == target.table)
    )
    found = jobs.select("job", "source_version", "watermark").sort("job").collect()
    if found.is_empty() or found["source_version"][-1] != version:
        return None
    same = found.filter(pl.col("source_version") == version)["watermark"].drop_nulls()
    return str(same[-1]) if len(same) else None


def source_watermarks(store: DeltaStore) -> dict[str, str]:
    """Return how far each source has been read: the watermark of a query, the version of a Delta table."""
    if not store.exists(IMPORT_JOBS.name) or "source" not in store.schema(IMPORT_JOBS.name):
        return {}
    jobs = store.scan(IMPORT_JOBS.name).select("job", "source", "watermark").drop_nulls()
    named = jobs.filter(~pl.col("source").str.starts_with(INBOX)).sort("job").collect()
    return {source: mark for _, source, mark in named.iter_rows()}
