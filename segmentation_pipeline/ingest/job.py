"""One import from files to the lake: checks, the lock, the batches, and its row in ``import_jobs``."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.errors import ImportFailed, SegmentationError
from segmentation_pipeline.ingest.load_events import load_events
from segmentation_pipeline.ingest.load_keyed import load_keyed
from segmentation_pipeline.ingest.mapping import FileFormat
from segmentation_pipeline.ingest.mapping_file import mapping_of_headings
from segmentation_pipeline.ingest.reading import open_source
from segmentation_pipeline.ingest.records import IMPORT_JOBS
from segmentation_pipeline.ingest.run import Run
from segmentation_pipeline.ingest.tally import ImportJob, Tally
from segmentation_pipeline.ingest.targets import target_of
from segmentation_pipeline.ingest.transform import check_columns
from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.lake.maintenance import add_columns
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.ingest.mapping import SourceMapping
    from segmentation_pipeline.ingest.reading import SourceFile
    from segmentation_pipeline.ingest.run import Progress
    from segmentation_pipeline.ingest.tally import Status
    from segmentation_pipeline.ingest.targets import Target
    from segmentation_pipeline.lake.store import DeltaStore

EVENT_ROWS = 1_000_000
OBJECT_ROWS = 100_000


def import_files(
    store: DeltaStore,
    catalog: Catalog,
    table: str,
    files: Sequence[Path],
    mapping: SourceMapping | None = None,
    *,
    time_zone: str,
    now: Callable[[], datetime],
    batch_rows: int | None = None,
    wait_seconds: float = 0,
    progress: Progress | None = None,
) -> ImportJob:
    """Import files into one table of the catalog, in their order, and record it as one job.

    Importing the same files again changes nothing. Rows that cannot land are recorded with their
    reasons and the rest lands. A column that names no field, with and without a mapping, is left
    out and listed in the result. Without a mapping, headings name the fields.

    Raises:
        ImportFailed: the table, a file or a column is not there, or a file cannot be read to its
            end; batches committed before stay.
        LockedError: another process holds the lake, after ``wait_seconds``.
    """
    target = target_of(catalog, table)
    if mapping is not None and mapping.table != table:
        raise ImportFailed(f"the mapping is for `{mapping.table}`, not for `{table}`")
    if batch_rows is not None and batch_rows < 1:
        raise ImportFailed(f"a batch has at least one row, not {batch_rows}")
    sources, chosen, unmapped = _opened(target, files, mapping)
    rows = batch_rows or (EVENT_ROWS if target.source is not None else OBJECT_ROWS)
    with _locked(store, f"import of {table}", wait_seconds):
        bury(store, now)
        started = now()
        run = Run(
            store, catalog, target, sources, chosen, time_zone, rows, _next_job(store), Tally(), progress
        )
        entry = _entry(run, started, unmapped)
        _save(store, entry)
        try:
            _widen(run)
            _load(run)
        except Exception as error:
            status = run.tally.broken_status()
            _save(store, entry | _outcome(run, status, started, now()) | {"error": str(error)})
            if isinstance(error, SegmentationError):
                raise
            raise ImportFailed(
                f"import {run.job} stopped after {run.tally.batches} batches: {error}",
                where=table,
                hint="what was committed stays; import the same files again once this is mended",
            ) from error
        status, ended = run.tally.status(), now()
        _save(store, entry | _outcome(run, status, started, ended))
    return _result(run, status, (ended - started).total_seconds(), unmapped)


def bury(store: DeltaStore, now: Callable[[], datetime]) -> None:
    """Mark imports that died while processing as failed: under the lake's lock none can be alive."""
    if not store.exists(IMPORT_JOBS.name):
        return
    dead = store.scan(IMPORT_JOBS.name).filter(pl.col("status") == "processing").collect()
    if dead.height:
        reason = "the process ended before the import did; import the same files again"
        buried = dead.with_columns(
            pl.lit("failed").alias("status"),
            pl.lit(reason).alias("error"),
            pl.lit(now()).cast(IMPORT_JOBS.schema["finished_at"]).alias("finished_at"),
        )
        store.merge(IMPORT_JOBS, buried, ("job",))


def _widen(run: Run) -> None:
    """Give the tables that will be written the columns that the catalog has gained."""
    source, tables = run.target.source, {run.target.table, *run.mapping.creates}
    if source is not None and source.orphans is not None:
        tables.add(source.orphans)
    for name in (run.target.table, *run.mapping.creates):
        fields = target_of(run.catalog, name).fields.values()
        tables |= {field.satellite.table for field in fields if field.satellite is not None}
    for name in sorted(tables):
        if run.store.exists(name):
            add_columns(run.store, catalog_table(run.catalog, name))


def _load(run: Run) -> None:
    if run.target.source is not None:
        load_events(run, run.target.source)
    else:
        load_keyed(run)


def _opened(
    target: Target, files: Sequence[Path], mapping: SourceMapping | None
) -> tuple[list[SourceFile], SourceMapping, tuple[str, ...]]:
    """Look into every file before anything is written."""
    if not files:
        raise ImportFailed("there is no file to import", where=target.table)
    declared = mapping.format if mapping is not None else FileFormat()
    sources = [open_source(Path(path), Path(path).name, declared) for path in files]
    chosen = mapping or mapping_of_headings(target, sources[0].headings, sources[0].name)
    unmapped = [name for source in sources for name in check_columns(source, chosen, target)]
    return sources, chosen, tuple(dict.fromkeys(unmapped))


def _locked(store: DeltaStore, holder: str, wait_seconds: float) -> AbstractContextManager[None]:
    if store.root.local:
        return lake_lock(Path(store.root.text), holder, wait_seconds)
    raise ImportFailed("a lake in an object store cannot be locked from here yet", where=store.root.text)


def _next_job(store: DeltaStore) -> str:
    """Jobs are numbered: the lock makes it safe, and it reads better than a random name."""
    count = 0
    if store.exists(IMPORT_JOBS.name):
        count = int(store.scan(IMPORT_JOBS.name).select(pl.len()).collect().item())
    return f"import-{count + 1:06d}"


def _fingerprint(run: Run) -> str:
    digest = hashlib.sha256(run.mapping.model_dump_json().encode())
    for file in run.files:
        with file.path.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()


def _entry(run: Run, started: datetime, unmapped: tuple[str, ...]) -> dict[str, object]:
    return {
        "job": run.job,
        "table": run.target.table,
        "files": [file.name for file in run.files],
        "fingerprint": _fingerprint(run),
        "mapping": run.mapping.model_dump_json(exclude_defaults=True, by_alias=True),
        "status": "processing",
        "started_at": started,
        "unmapped": list(unmapped),
    }


def _outcome(run: Run, status: Status, started: datetime, ended: datetime) -> dict[str, object]:
    tally = run.tally
    return {
        "status": status,
        "finished_at": ended,
        "read": tally.read,
        "landed": tally.landed,
        "unchanged": tally.unchanged,
        "duplicates": tally.duplicates,
        "rejected": tally.rejected,
        "orphaned": tally.orphaned,
        "created": tally.created,
        "adopted": tally.adopted,
        "batches": tally.batches,
        "seconds": (ended - started).total_seconds(),
        "rejects": [str(reject) for reject in tally.rejects],
    }


def _save(store: DeltaStore, entry: dict[str, object]) -> None:
    row = {name: entry.get(name) for name in IMPORT_JOBS.schema}
    store.merge(IMPORT_JOBS, pl.DataFrame([row], schema=IMPORT_JOBS.schema), ("job",))


def _result(run: Run, status: Status, seconds: float, unmapped: tuple[str, ...]) -> ImportJob:
    tally = run.tally
    return ImportJob(
        job=run.job,
        table=run.target.table,
        status=status,
        read=tally.read,
        landed=tally.landed,
        unchanged=tally.unchanged,
        rejected=tally.rejected,
        orphaned=tally.orphaned,
        batches=tally.batches,
        seconds=seconds,
        duplicates=tally.duplicates,
        created=tally.created,
        adopted=tally.adopted,
        unmapped=unmapped,
        rejects=tuple(tally.rejects),
    )
