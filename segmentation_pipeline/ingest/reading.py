"""Source files in batches: Parquet with its types, JSON lines and CSV as text.

One batch is held at a time. Rows are numbered from 1, the heading not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.reading_csv import csv_batches, csv_headings
from segmentation_pipeline.ingest.reading_jsonl import jsonl_batches, jsonl_headings
from segmentation_pipeline.ingest.reading_parquet import parquet_batches, parquet_headings

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


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was found readable: ``headings`` are its columns, in order."""

    path: Path
    name: str
    format: FileFormat
    headings: tuple[str, ...]

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
                return jsonl_batches(self.path, self.name, rows, names)
            case _:
                return csv_batches(self.path, self.name, rows, self.format, self.headings)


def open_source(path: Path, name: str, declared: FileFormat) -> SourceFile:
    """Look into a file; ``name`` is how messages and records call it.

    Raises:
        ImportFailed: it is not there, is empty, cannot be read, or is of no known format.
    """
    if not path.is_file():
        raise ImportFailed("there is no such file", where=name)
    kind = declared.type or _SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise ImportFailed(
            f"no format goes by `{path.suffix}`",
            where=name,
            allowed=tuple(_SUFFIXES),
            hint="say `format: {type: csv}` (or jsonl, parquet) in the mapping",
        )
    if path.stat().st_size == 0:
        raise ImportFailed("the file is empty", where=name, hint="a CSV file has at least its heading")
    chosen = declared.model_copy(update={"type": kind})
    if kind == "csv" and path.suffix.lower() == ".tsv" and "separator" not in declared.model_fields_set:
        chosen = chosen.model_copy(update={"separator": "\t"})
    match kind:
        case "parquet":
            headings = parquet_headings(path, name)
        case "jsonl":
            headings = jsonl_headings(path, name)
        case _:
            headings = csv_headings(path, name, chosen)
    return SourceFile(path, name, chosen, tuple(headings))
