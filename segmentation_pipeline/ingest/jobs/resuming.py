"""Which import that was interrupted goes on, and why another may not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.jobs.journal import Checkpoint
from segmentation_pipeline.ingest.records import IMPORT_JOBS, IMPORT_RECORDS_ARCHIVE
from segmentation_pipeline.ingest.targets import target_of
from segmentation_pipeline.lake.maintenance import add_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.ingest.mapping import SourceMapping
    from segmentation_pipeline.ingest.reading.source_file import SourceFile
    from segmentation_pipeline.lake.store import DeltaStore

_UNDER_WAY = ("pending", "validating", "processing")


def fingerprint(files: Sequence[SourceFile], mapping: SourceMapping, catalog: Catalog, time_zone: str) -> str:
    """Return a hash of all that decides what an import does, but the lake.

    That is the files' content, the mapping, the zone of times without one, and what the catalog says
    of the tables that are written.
    """
    tables = [repr(target_of(catalog, name)) for name in (mapping.table, *mapping.creates)]
    digest = hashlib.sha256("\n".join([mapping.model_dump_json(), time_zone, *tables]).encode())
    for file in files:
        with file.path.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()


def bury(store: DeltaStore, now: Callable[[], datetime]) -> None:
    """Mark imports that died under way as failed: under the lake's lock none can be alive."""
    if not store.exists(IMPORT_JOBS.name):
        return
    add_columns(store, IMPORT_JOBS)
    dead = store.scan(IMPORT_JOBS.name).filter(pl.col("status").is_in(_UNDER_WAY)).collect()
    if dead.height:
        reason = "the process ended before the import did; import the same files again, and it goes on"
        buried = dead.with_columns(
            pl.lit("failed").alias("status"),
            pl.lit(reason).alias("error"),
            pl.lit(now()).cast(IMPORT_JOBS.schema["finished_at"]).alias("finished_at"),
        )
        store.merge(IMPORT_JOBS, buried, ("job",))


def interrupted(store: DeltaStore, like: dict[str, Any]) -> dict[str, Any] | None:
    """Return the row of the import that ``like`` (a new one's entry) would repeat, if it was interrupted.

    Only the last import of the table goes on: after another one has written to the table, nothing says
    that the rest of the older one is still wanted.
    """
    if not store.exists(IMPORT_JOBS.name):
        return None
    jobs = store.scan(IMPORT_JOBS.name).filter(pl.col("table") == like["table"]).sort("job")
    last = jobs.last().collect()
    if last.is_empty():
        return None
    row = last.row(0, named=True)
    return row if _interrupted(row) and _objection(store, row, like) is None else None


def resumable(store: DeltaStore, job: str, like: dict[str, Any]) -> dict[str, Any]:
    """Return the row of ``job``; raise `ImportFailed` if it cannot go on with the files of ``like``."""
    row = None
    if store.exists(IMPORT_JOBS.name):
        found = store.scan(IMPORT_JOBS.name).filter(pl.col("job") == job).collect()
        row = found.row(0, named=True) if found.height else None
    if row is None:
        raise ImportFailed(f"there is no import `{job}`", hint="`segmentation status` lists them")
    if not _interrupted(row):
        raise ImportFailed(f"`{job}` was not interrupted: it is {row['status']}", where=row["table"])
    objection = _objection(store, row, like)
    if objection is not None:
        raise ImportFailed(
            f"`{job}` cannot go on: {objection}",
            where=row["table"],
            hint="without --resume the files are imported from the start; rows that are there stay",
        )
    return row


def _interrupted(row: dict[str, Any]) -> bool:
    return row["error"] is not None


def _objection(store: DeltaStore, row: dict[str, Any], like: dict[str, Any]) -> str | None:
    """Return why what was committed before need not be what the files would give now."""
    if row["batch_size"] is None:
        return "it was written by an earlier version of this program"
    if row["table"] != like["table"]:
        return f"it is an import into `{row['table']}`, not into `{like['table']}`"
    if row["files"] != like["files"]:
        return f"its files were {', '.join(row['files'])}"
    if row["mapping"] != like["mapping"]:
        return "the mapping is not the one it began with"
    if row["fingerprint"] != like["fingerprint"]:
        return "the files' content, the catalog or the time zone is not what it was"
    if like["batch_size"] not in (None, row["batch_size"]):
        return f"its batches have {row['batch_size']:,} rows"
    if row["checkpoint"] is not None:
        identity = Checkpoint.read(row["checkpoint"]).identity
        if identity is not None and identity != identity_of(store, row["table"]):
            return "the table was made anew since"
    if store.exists(IMPORT_RECORDS_ARCHIVE.name):
        archived = store.scan(IMPORT_RECORDS_ARCHIVE.name).filter(pl.col("job") == row["job"])
        if archived.head(1).collect().height:
            return "it is so old that its records are in the archive"
    return None


def identity_of(store: DeltaStore, table: str) -> str | None:
    """Return what a table has in common only with itself, not with one that was made anew."""
    return str(store.open(table).metadata().id) if store.exists(table) else None
