"""The tables that say what imports did: ``import_jobs``, and ``import_records`` of rejected rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.ingest.batch import ROW, Batch
from segmentation_pipeline.ingest.text import raw_rows
from segmentation_pipeline.lake.commit import Commit
from segmentation_pipeline.lake.tables import Table

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from segmentation_pipeline.lake.store import DeltaStore

_TIME = pl.Datetime("us", "UTC")

IMPORT_JOBS = Table(
    "import_jobs",
    pl.Schema(
        {
            "job": pl.String(),
            "table": pl.String(),
            "files": pl.List(pl.String()),
            "fingerprint": pl.String(),
            "mapping": pl.String(),
            "status": pl.String(),
            "started_at": _TIME,
            "finished_at": _TIME,
            "read": pl.Int64(),
            "landed": pl.Int64(),
            "unchanged": pl.Int64(),
            "duplicates": pl.Int64(),
            "rejected": pl.Int64(),
            "orphaned": pl.Int64(),
            "created": pl.Int64(),
            "adopted": pl.Int64(),
            "batches": pl.Int64(),
            "seconds": pl.Float64(),
            "unmapped": pl.List(pl.String()),
            "rejects": pl.List(pl.String()),
            "error": pl.String(),
            "source": pl.String(),
            "source_version": pl.String(),
            "watermark": pl.String(),
            "validation_status": pl.String(),
            "batch_size": pl.Int64(),
            "attempts": pl.Int64(),
            "checkpoint": pl.String(),
        }
    ),
    comment="One row an import: what it read, what became of it, and how it ended.",
    column_comments={
        "fingerprint": "A hash of the files' content, the mapping, the zone and the table's declaration.",
        "status": "pending, validating, processing, completed, partially_completed or failed",
        "batches": "Batches planned so far; of an import under way the last one is being written.",
        "seconds": "Seconds that processes have worked on it.",
        "error": "Why it stopped before its end; null for one that came to it.",
        "validation_status": "pending until every row is judged, then validated; failed if none is good",
        "batch_size": "Rows a batch.",
        "attempts": "How often it was started: more than 1 once it was resumed.",
        "checkpoint": "The last step that was planned, as JSON: where a resume goes on.",
        "duplicates": "Rows that another row of the same import with the same key replaced.",
        "orphaned": "Events that now wait in the table of orphans.",
        "created": "Objects that an import of events made.",
        "adopted": "Waiting events whose object had arrived.",
        "rejects": "A sample of the reasons; all of them stand in import_records.",
        "source": "The source of sources.yaml, or the file of the inbox, that was imported.",
        "source_version": "A hash of its declaration and mapping: another one is read from its start.",
        "watermark": "How far the source was read, once the import ended well; the next one goes on there.",
    },
)

IMPORT_RECORDS = Table(
    "import_records",
    pl.Schema(
        {
            "job": pl.String(),
            "file": pl.String(),
            "row_number": pl.Int64(),
            "column": pl.String(),
            "value": pl.String(),
            "reason": pl.String(),
            "row": pl.String(),
        }
    ),
    comment="One row a reason why a row of a file was rejected, with the row as it was read.",
    column_comments={
        "row_number": "Counts the file's rows from 1, the heading not among them.",
        "row": "The source's columns as a JSON object of texts.",
    },
)


IMPORT_RECORDS_ARCHIVE = Table(
    "import_records_archive",
    IMPORT_RECORDS.schema,
    comment="Records of imports that are older than the workspace keeps them in import_records.",
    column_comments=IMPORT_RECORDS.column_comments,
)

SAMPLE = 20
"""So many rejects are shown with an import."""


@dataclass(frozen=True, slots=True)
class Reject:
    """One reason why one row did not land."""

    file: str
    row: int
    column: str | None
    value: str | None
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}: {self.reason}"


def rejects_of(file: str, findings: pl.DataFrame) -> list[Reject]:
    """Return the first findings on a file, in the order of the rows."""
    return [
        Reject(file, row[ROW], row["column"], row["value"], row["reason"])
        for row in findings.sort(ROW, maintain_order=True).head(SAMPLE).iter_rows(named=True)
    ]


def write_records(
    store: DeltaStore,
    job: str,
    file: str,
    batch: Batch,
    findings: pl.DataFrame,
    *,
    step: tuple[str, int],
    hidden: Collection[int] = (),
) -> bool:
    """Append the findings on a batch in one commit; return whether there was something to add.

    ``step`` is a name that no other import has, and the number of the batch: its records are added once.
    Of ``hidden`` rows nothing is kept but why they did not land.
    """
    if findings.is_empty() or (store.transaction(IMPORT_RECORDS.name, step[0]) or 0) >= step[1]:
        return False
    ordered = findings.sort(ROW, maintain_order=True)
    wanted = batch.frame.join(ordered.select(ROW).unique(), on=ROW, how="semi", maintain_order="left")
    raw = {line.row: line.text for line in batch.broken}
    raw |= dict(zip(wanted.get_column(ROW).to_list(), raw_rows(wanted), strict=True))
    raw = {number: text for number, text in raw.items() if number not in hidden}
    frame = ordered.select(
        pl.lit(job).alias("job"),
        pl.lit(file).alias("file"),
        pl.col(ROW).alias("row_number"),
        "column",
        "value",
        "reason",
    ).with_columns(pl.Series("row", [raw.get(number) for number in ordered.get_column(ROW)], pl.String))
    store.append(IMPORT_RECORDS, frame, Commit({"job": job}, step))
    return True


def stored_rejects(store: DeltaStore, job: str, files: Sequence[str]) -> list[Reject]:
    """Return the first rejects that were recorded of a job, in the order of its files and their rows."""
    if not store.exists(IMPORT_RECORDS.name):
        return []
    mine = store.scan(IMPORT_RECORDS.name).filter(pl.col("job") == job)
    place = pl.col("file").replace_strict(list(files), range(len(files)), return_dtype=pl.Int64)
    first = mine.sort(place, "row_number", maintain_order=True).head(SAMPLE).drop("job", "row").collect()
    return [Reject(*row) for row in first.iter_rows()]
