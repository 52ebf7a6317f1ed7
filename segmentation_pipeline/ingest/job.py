"""One import from files to the lake: checks, the lock, the batches, and its row in ``import_jobs``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.errors import ImportFailed, SegmentationError
from segmentation_pipeline.ingest.custom_columns import with_custom_columns
from segmentation_pipeline.ingest.erased import Erased
from segmentation_pipeline.ingest.history.record import settle
from segmentation_pipeline.ingest.jobs.journal import Checkpoint, Journal
from segmentation_pipeline.ingest.jobs.resuming import bury, fingerprint, interrupted, resumable
from segmentation_pipeline.ingest.load_events import load_events
from segmentation_pipeline.ingest.load_keyed import load_keyed
from segmentation_pipeline.ingest.made_keys import complete_keys
from segmentation_pipeline.ingest.mapping import FileFormat
from segmentation_pipeline.ingest.mapping_file import mapping_of_headings
from segmentation_pipeline.ingest.notation.settling import settle_notation
from segmentation_pipeline.ingest.reading.source_file import open_source
from segmentation_pipeline.ingest.records import IMPORT_JOBS, stored_rejects
from segmentation_pipeline.ingest.run import Run
from segmentation_pipeline.ingest.tally import ImportJob, Tally
from segmentation_pipeline.ingest.targets import target_of
from segmentation_pipeline.ingest.transform import check_columns
from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.lake.maintenance import add_columns
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.ingest.mapping import SourceMapping
    from segmentation_pipeline.ingest.origins.origin import Origin
    from segmentation_pipeline.ingest.reading.source_file import SourceFile
    from segmentation_pipeline.ingest.run import Progress, Watch
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
    origin: Origin | None = None,
    resume: str | None = None,
    watch: Watch | None = None,
) -> ImportJob:
    """Import files into one table of the catalog, in their order, and record it as one job.

    Importing the same files again changes nothing. Rows that cannot land are recorded with their
    reasons and the rest lands. A column that names no field, with and without a mapping, is left
    out and listed in the result. Without a mapping, headings name the fields.

    An import that was interrupted goes on where it was, if the last import of the table is one of the
    same files under the same mapping; ``resume`` names one, and then it is that or an error.

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
    sources, chosen, unmapped = open_files(target, files, mapping)
    sources, chosen = settle_notation(sources, chosen, target, catalog)
    if watch is not None:
        watch.opened(sources, chosen, unmapped)
    entry = {
        "table": table,
        "files": [file.name for file in sources],
        "fingerprint": fingerprint(sources, chosen, catalog, time_zone),
        "mapping": chosen.model_dump_json(exclude_defaults=True, by_alias=True),
        "batch_size": batch_rows,
        "unmapped": list(unmapped),
        **(origin.named() if origin is not None else {}),
    }
    with lake_lock(store.root.folder, f"import of {table}", wait_seconds):
        bury(store, now)
        settle(store, catalog)
        tally, journal = _begun(store, target, entry, resume, now)
        run = Run(
            store,
            catalog,
            target,
            sources,
            chosen,
            time_zone,
            journal.entry["batch_size"],
            journal.entry["job"],
            journal.entry["started_at"],
            tally,
            journal,
            progress,
            watch,
            Erased.of(store),
        )
        try:
            _widen(run)
            _load(run)
        except Exception as error:
            _save_broken(run, error)
            if isinstance(error, SegmentationError):
                raise
            raise ImportFailed(
                f"import {run.job} stopped after {tally.batches} batches: {error}",
                where=table,
                hint="what was committed stays; import the same files again once this is mended, "
                "and it goes on",
            ) from error
        status = tally.status()
        reached = origin.reached() if origin is not None and status != "failed" else {}
        validated = "failed" if status == "failed" else "validated"
        journal.save(status, tally, finished_at=now(), validation_status=validated, **reached)
    return _result(run, status)


def _begun(
    store: DeltaStore,
    target: Target,
    like: dict[str, Any],
    resume: str | None,
    now: Callable[[], datetime],
) -> tuple[Tally, Journal]:
    """Return the counts and the row of the import: of one that was interrupted, or of a new one."""
    begun = now()
    row = resumable(store, resume, like) if resume is not None else interrupted(store, like)
    if row is None:
        size = like["batch_size"] or (EVENT_ROWS if target.source is not None else OBJECT_ROWS)
        named = {"job": _next_job(store), "started_at": begun, "batch_size": size, "attempts": 1}
        journal, tally = Journal(store, like | named, now, begun), Tally()
        journal.open("validating" if target.source is None else "pending")
        return tally, journal
    again = {"error": None, "finished_at": None, "attempts": row["attempts"] + 1}
    checkpoint = Checkpoint.read(row["checkpoint"]) if row["checkpoint"] is not None else None
    journal = Journal(store, row | again, now, begun, checkpoint, row["seconds"] or 0.0)
    tally = Tally.of(row)
    tally.sample(stored_rejects(store, row["job"], row["files"]))
    journal.save("processing", tally)
    return tally, journal


def _save_broken(run: Run, error: Exception) -> None:
    judged = run.journal.entry["validation_status"]
    validated = judged if judged == "validated" else "failed"
    run.journal.save(
        run.tally.broken_status(),
        run.tally,
        finished_at=run.journal.now(),
        validation_status=validated,
        error=str(error),
    )


def _widen(run: Run) -> None:
    """Give the tables that will be written the columns that the catalog has gained, and their keys."""
    source, tables = run.target.source, {run.target.table, *run.mapping.creates}
    if source is not None and source.orphans is not None:
        tables.add(source.orphans)
    for name in (run.target.table, *run.mapping.creates):
        fields = target_of(run.catalog, name).fields.values()
        tables |= {field.satellite.table for field in fields if field.satellite is not None}
    for name in sorted(tables):
        if run.store.exists(name):
            add_columns(run.store, catalog_table(run.catalog, name))
            if name in run.catalog.imported_tables():
                complete_keys(run.store, run.catalog, name)


def _load(run: Run) -> None:
    if run.target.source is not None:
        load_events(run, run.target.source)
    else:
        load_keyed(run)


def open_files(
    target: Target, files: Sequence[Path], mapping: SourceMapping | None
) -> tuple[list[SourceFile], SourceMapping, tuple[str, ...]]:
    """Look into every file before anything is written."""
    if not files:
        raise ImportFailed("there is no file to import", where=target.table)
    declared = mapping.format if mapping is not None else FileFormat()
    sources = [open_source(Path(path), Path(path).name, declared) for path in files]
    chosen = mapping or mapping_of_headings(target, sources[0].headings, sources[0].name)
    chosen = with_custom_columns(chosen, target, (name for file in sources for name in file.headings))
    unmapped = [name for source in sources for name in check_columns(source, chosen, target)]
    return sources, chosen, tuple(dict.fromkeys(unmapped))


def _next_job(store: DeltaStore) -> str:
    """Jobs are numbered: the lock makes it safe, and it reads better than a random name."""
    count = 0
    if store.exists(IMPORT_JOBS.name):
        count = int(store.scan(IMPORT_JOBS.name).select(pl.len()).collect().item())
    return f"import-{count + 1:06d}"


def _result(run: Run, status: Status) -> ImportJob:
    entry, tally = run.journal.entry, run.tally
    return ImportJob(
        job=run.job,
        table=run.target.table,
        status=status,
        **{name: getattr(tally, name) for name in tally.COUNTS},
        seconds=entry["seconds"],
        unmapped=tuple(entry["unmapped"]),
        rejects=tuple(tally.rejects),
        attempts=entry["attempts"],
        dialects=tuple((file.name, file.dialect) for file in run.files),
    )
