"""Records of old imports leave ``import_records`` for its archive: no row is lost, none is there twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.ingest.records import IMPORT_JOBS, IMPORT_RECORDS, IMPORT_RECORDS_ARCHIVE
from segmentation_pipeline.lake.commit import Commit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from segmentation_pipeline.lake.store import DeltaStore

_PART_ROWS = 500_000
_COMMIT = Commit({"maintenance": "archive"})


def old_records(store: DeltaStore, before: datetime) -> pl.DataFrame:
    """Return job and rows of the records of imports that ended (or, if they never did, began) earlier."""
    if not store.exists(IMPORT_RECORDS.name) or not store.exists(IMPORT_JOBS.name):
        return pl.DataFrame(schema={"job": pl.String(), "rows": pl.Int64()})
    ended = pl.coalesce("finished_at", "started_at")
    old = store.scan(IMPORT_JOBS.name).filter(ended < before).select("job")
    counted = store.scan(IMPORT_RECORDS.name).group_by("job").agg(pl.len().cast(pl.Int64).alias("rows"))
    return counted.join(old, on="job", how="semi").sort("job").collect()


def archive_records(store: DeltaStore, before: datetime) -> int:
    """Move the records of old imports, each import's in one commit; return how many rows left.

    Added to the archive first, then deleted: after a kill in between the archive has the import, and
    only the deletion is done again. An import with archived records is never resumed, so it gains none.
    Needs the lake's lock.
    """
    moved = 0
    for jobs in _parts(old_records(store, before)):
        there = pl.Series("job", [], pl.String)
        if store.exists(IMPORT_RECORDS_ARCHIVE.name):
            there = store.scan(IMPORT_RECORDS_ARCHIVE.name).select("job").unique().collect().to_series()
        rows = store.scan(IMPORT_RECORDS.name).filter(pl.col("job").is_in(jobs)).collect()
        new = rows.filter(~pl.col("job").is_in(there.implode()))
        if new.height:
            store.append(IMPORT_RECORDS_ARCHIVE, new.select(IMPORT_RECORDS.schema.names()), _COMMIT)
        store.delete(IMPORT_RECORDS, pl.DataFrame({"job": jobs}), ("job",), _COMMIT)
        moved += rows.height
    return moved


def _parts(old: pl.DataFrame) -> Iterator[list[str]]:
    """Group imports so that a group, if not an import, fits into memory."""
    held: list[str] = []
    count = 0
    for job, rows in old.iter_rows():
        if held and count + rows > _PART_ROWS:
            yield held
            held, count = [], 0
        held.append(job)
        count += rows
    if held:
        yield held
