"""Source files in batches: Parquet with its types, JSON lines and CSV as text.

One batch is held at a time. Rows are numbered from 1, the heading not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.batch import ROW
from segmentation_pipeline.ingest.dialect.detection import detect
from segmentation_pipeline.ingest.dialect.value import Dialect, Shown
from segmentation_pipeline.ingest.reading.csv_text import csv_batches, csv_sample
from segmentation_pipeline.ingest.reading.jsonl import jsonl_batches, jsonl_headings
from segmentation_pipeline.ingest.reading.parquet import parquet_batches, parquet_headings
from segmentation_pipeline.ingest.reading.unfolding import Unfolding
from segmentation_pipeline.ingest.reading.unpacking import PARQUET, compression_of, refuse_foreign, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from segmentation_pipeline.ingest.batch import Batch
    from segmentation_pipeline.ingest.mapping import FileFormat, FileType

_SUFFIXES: dict[str, FileType] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
}
_PACKED = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".zstd": "zstd"}
_START = 4096
SAMPLE_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was found readable: ``headings`` are its columns, in order.

    ``dialect`` is how it is written, as people are shown it; ``csv`` the same for its reader.
    """

    path: Path
    name: str
    format: FileFormat
    headings: tuple[str, ...]
    dialect: tuple[Shown, ...] = ()
    csv: Dialect | None = None

    def batches(self, rows: int, columns: Sequence[str]) -> Iterator[Batch]:
        """Yield the file's rows, at most ``rows`` at a time.

        ``columns`` are those that will be used: Parquet reads no others.

        Raises:
            ImportFailed: the file cannot be read on.
        """
        match self.format.type:
            case "parquet":
                return parquet_batches(self.path, self.name, rows, columns)
            case "jsonl":
                # A name that no line has is null in all of them.
                names = tuple(dict.fromkeys((*self.headings, *columns)))
                packing = self.format.compression or "none"
                return jsonl_batches(self.path, self.name, packing, rows, names, how=_unfolding(self.format))
            case _:
                return csv_batches(self.path, self.name, rows, self.csv or Dialect(), self.headings)

    def sample(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return ``columns`` of the first rows, at most `SAMPLE_ROWS`; fewer where the file breaks off."""
        if self.format.type == "csv":
            return csv_sample(self.path, self.name, SAMPLE_ROWS, self.csv or Dialect(), self.headings)
        return next((batch.frame for batch in self.batches(SAMPLE_ROWS, columns)), self.nothing)

    @property
    def nothing(self) -> pl.DataFrame:
        return pl.DataFrame(schema={**dict.fromkeys(self.headings, pl.String), ROW: pl.Int64})


def open_source(path: Path, name: str, declared: FileFormat) -> SourceFile:
    """Look into a file; ``name`` is how messages and records call it.

    Raises:
        ImportFailed: it is not there, is empty, cannot be read, is of no known format, or is
            written in a way that cannot be told: the message says what is to be declared.
    """
    found = _opened(path, name, declared)
    if ROW in found.headings:
        raise ImportFailed(f"no column may be called `{ROW}`", where=name)
    return found


def _opened(path: Path, name: str, declared: FileFormat) -> SourceFile:
    if not path.is_file():
        raise ImportFailed("there is no such file", where=name)
    suffixes = [suffix.lower() for suffix in PurePath(path.name).suffixes]
    packing = suffixes.pop() if suffixes and suffixes[-1] in _PACKED else None
    suffix = suffixes[-1] if suffixes else ""
    with unpacked(path, name, "none") as packed:
        first = packed.file.read(_START)
    if not first:
        raise ImportFailed("the file is empty", where=name, hint="a CSV file has at least its heading")
    compression = _compression(declared, first, packing, name)
    with unpacked(path, name, compression.value) as content:
        start = content.file.read(_START)
    if not start:
        raise ImportFailed(f"the {compression.value} file has nothing in it", where=name)
    kind = _kind(declared, start, suffix, name)
    chosen = declared.model_copy(update={"type": kind, "compression": compression.value})
    if kind == "csv":
        refuse_foreign(start, name)
        with unpacked(path, name, compression.value) as content:
            found = detect(content.file, name, declared, compression, suffix)
        return SourceFile(path, name, chosen, found.headings, found.dialect.shown, found.dialect)
    how = "declared" if declared.type else "by the suffix" if suffix in _SUFFIXES else "by its first bytes"
    shown: tuple[Shown, ...] = (Shown("type", "Parquet" if kind == "parquet" else "JSON lines", how),)
    if kind == "parquet":
        if compression.value != "none":
            raise ImportFailed(
                f"Parquet inside {compression.value} is not read", where=name, hint="unpack it"
            )
        return SourceFile(path, name, chosen, tuple(parquet_headings(path, name)), shown)
    if compression.value != "none":
        shown = (compression, *shown)
    headings = jsonl_headings(path, name, compression.value, _unfolding(declared))
    return SourceFile(path, name, chosen, tuple(headings), shown)


def _unfolding(declared: FileFormat) -> Unfolding:
    return Unfolding(declared.json_, declared.rows)


def _compression(declared: FileFormat, first: bytes, packing: str | None, name: str) -> Shown:
    found = compression_of(first)
    if declared.compression is not None:
        return Shown("compression", declared.compression, "declared")
    if packing is not None and found != _PACKED[packing]:
        raise ImportFailed(
            f"the file is called `{packing}`, and its content is not {_PACKED[packing]}",
            where=name,
            hint="fetch it again, or say `format: {compression: none}` if only its name is wrong",
        )
    return Shown("compression", found, "by its first bytes")


def _kind(declared: FileFormat, start: bytes, suffix: str, name: str) -> FileType:
    if declared.type is not None:
        return declared.type
    if start.startswith(PARQUET):
        return "parquet"
    kind = _SUFFIXES.get(suffix)
    if kind is None:
        refuse_foreign(start, name)
        raise ImportFailed(
            f"no format goes by `{suffix}`",
            where=name,
            allowed=tuple(_SUFFIXES),
            hint="say `format: {type: csv}` (or jsonl, parquet) in the mapping",
        )
    return kind
