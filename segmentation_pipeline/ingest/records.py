"""The tables that say what imports did: ``import_jobs``, and ``import_records`` of rejected rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.ingest.batch import FINDINGS, ROW, Batch
from segmentation_pipeline.ingest.text import raw_rows
from segmentation_pipeline.lake.tables import Table

if TYPE_CHECKING:
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
        }
    ),
    comment="One row an import: what it read, what became of it, and how it ended.",
    column_comments={
        "fingerprint": "A hash of the files' content and of the mapping.",
        "status": "processing, completed, partially_completed or failed",
        "duplicates": "Rows that another row of the same import with the same key replaced.",
        "orphaned": "Events that now wait in the table of orphans.",
        "created": "Objects that an import of events made.",
        "adopted": "Waiting events whose object had arrived.",
        "rejects": "A sample of the reasons; all of them stand in import_records.",
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


def write_records(
    store: DeltaStore, job: str, file: str, batch: Batch, findings: pl.DataFrame
) -> list[Reject]:
    """Append the findings on a batch in one commit; return them in the order of the rows."""
    if findings.is_empty():
        return []
    ordered = findings.sort(ROW, maintain_order=True)
    wanted = batch.frame.join(ordered.select(ROW).unique(), on=ROW, how="semi", maintain_order="left")
    raw = {line.row: line.text for line in batch.broken}
    raw |= dict(zip(wanted.get_column(ROW).to_list(), raw_rows(wanted), strict=True))
    frame = ordered.select(
        pl.lit(job).alias("job"),
        pl.lit(file).alias("file"),
        pl.col(ROW).alias("row_number"),
        "column",
        "value",
        "reason",
    ).with_columns(pl.Series("row", [raw.get(number) for number in ordered.get_column(ROW)], pl.String))
    store.append(IMPORT_RECORDS, frame)
    return [
        Reject(file, row[ROW], row["column"], row["value"], row["reason"])
        for row in ordered.select(FINDINGS.names()).head(20).iter_rows(named=True)
    ]
