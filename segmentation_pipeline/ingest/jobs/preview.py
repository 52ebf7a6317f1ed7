"""What an import would do: the import itself, in a lake that is thrown away."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.ingest.batch import ROW
from segmentation_pipeline.ingest.job import import_files
from segmentation_pipeline.ingest.jobs.scratch import scratch_lake
from segmentation_pipeline.ingest.records import IMPORT_RECORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.ingest.dialect.value import Shown
    from segmentation_pipeline.ingest.mapping import SourceMapping
    from segmentation_pipeline.ingest.reading.source_file import SourceFile
    from segmentation_pipeline.ingest.run import Progress
    from segmentation_pipeline.ingest.tally import ImportJob
    from segmentation_pipeline.lake.store import DeltaStore

_QUOTED = re.compile(r"`([^`]*)`")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows would be rejected: what they have in common, how many there are, and the first of them."""

    reason: str
    rows: int
    column: str | None
    file: str
    row: int
    value: str | None
    example: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do. ``rows`` has the first rows that may land, typed, with `ROW`.

    ``dialects`` say how each file is written; ``mapped`` are (field, columns that it is read from).
    """

    job: ImportJob
    dialects: tuple[tuple[str, tuple[Shown, ...]], ...]
    mapped: tuple[tuple[str, tuple[str, ...]], ...]
    unmapped: tuple[str, ...]
    rows: pl.DataFrame
    reasons: tuple[Reason, ...]

    @property
    def is_accepted(self) -> bool:
        """Whether no row would be rejected."""
        return not self.job.rejected


@dataclass(slots=True)
class _Seen:
    """Keeps what an import shows of its files, and the first rows."""

    wanted: int
    files: Sequence[SourceFile] = ()
    mapped: tuple[tuple[str, tuple[str, ...]], ...] = ()
    parts: list[pl.DataFrame] = field(default_factory=list)

    def opened(self, files: Sequence[SourceFile], mapping: SourceMapping, unmapped: Sequence[str]) -> None:
        del unmapped
        self.files = files
        made = [(f"{table}: {name}", s) for table, of in mapping.creates.items() for name, s in of.items()]
        self.mapped = tuple((name, source.reads) for name, source in (*mapping.columns.items(), *made))

    def checked(self, rows: pl.DataFrame) -> None:
        left = self.wanted - sum(part.height for part in self.parts)
        if left > 0 or not self.parts:
            self.parts.append(rows.head(left))


def preview_import(
    store: DeltaStore,
    catalog: Catalog,
    table: str,
    files: Sequence[Path],
    mapping: SourceMapping | None = None,
    *,
    time_zone: str,
    now: Callable[[], datetime],
    rows: int = 0,
    batch_rows: int | None = None,
    progress: Progress | None = None,
) -> Preview:
    """Import into a lake that is thrown away, and say what happened; the real one is only read.

    ``rows`` is how many of the first rows are wanted. Raises what `import_files` does, but for the lock.
    """
    seen = _Seen(rows)
    with scratch_lake(store, catalog) as scratch:
        job = import_files(
            scratch,
            catalog,
            table,
            files,
            mapping,
            time_zone=time_zone,
            now=now,
            batch_rows=batch_rows,
            progress=progress,
            watch=seen,
        )
        known = {
            table,
            *(name for name, _ in seen.mapped),
            *(h for file in seen.files for h in file.headings),
        }
        reasons = _reasons(scratch, known | set(catalog.objects))
    return Preview(
        job,
        tuple((file.name, file.dialect) for file in seen.files),
        seen.mapped,
        job.unmapped,
        pl.concat(seen.parts) if seen.parts else pl.DataFrame(schema={ROW: pl.Int64}),
        reasons,
    )


def _reasons(scratch: DeltaStore, known: Collection[str]) -> tuple[Reason, ...]:
    """Return the reasons of all rejected rows, most frequent first, values left out of them."""
    if not scratch.exists(IMPORT_RECORDS.name):
        return ()
    records = scratch.scan(IMPORT_RECORDS.name).drop("row").collect().sort("file", "row_number")
    texts = records.get_column("reason").unique()
    kinds = {text: _without_values(text, known) for text in texts}
    kind = pl.col("reason").replace_strict(kinds, return_dtype=pl.String).alias("kind")
    of = records.with_columns(kind).group_by("kind", "column", maintain_order=True)
    counted = of.agg(
        pl.struct("file", "row_number").n_unique().alias("rows"),
        pl.col("file", "row_number", "value", "reason").first(),
    )
    shown = counted.select("kind", "rows", "column", "file", "row_number", "value", "reason")
    return tuple(Reason(*row) for row in shown.sort("rows", descending=True, maintain_order=True).iter_rows())


def _without_values(reason: str, known: Collection[str]) -> str:
    """Return a reason that is the same for other values; names of fields and columns stay.

    >>> _without_values("`gold` is not in the list of `plan`", {"plan"})
    '… is not in the list of `plan`'
    """
    return _QUOTED.sub(lambda found: found[0] if found[1] in known else "…", reason)
