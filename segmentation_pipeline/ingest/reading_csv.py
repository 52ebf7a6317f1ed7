"""Plain CSV and blank-separated text, every cell as text."""

from __future__ import annotations

import codecs
import csv
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import polars as pl

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.batch import ROW, Batch, Broken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from segmentation_pipeline.ingest.mapping import FileFormat

_MAXIMUM_CELL = 1 << 24


def csv_headings(path: Path, name: str, how: FileFormat) -> Sequence[str]:
    """Return the names of the columns, by the heading or by ``columns``.

    Raises:
        ImportFailed: there is no heading, it names a column twice, or ``columns`` does not fit.
    """
    with _opened(path, name, how) as (_, lines):
        first = next((cells for cells in lines if cells), None)
    if first is None:
        raise ImportFailed("the file has no rows", where=name)
    if how.columns is not None and len(how.columns) != len(first):
        raise ImportFailed(
            f"`columns` names {len(how.columns)}, and the first line has {len(first)}: {', '.join(first)}",
            where=name,
        )
    headings = list(how.columns) if how.columns is not None else [cell.strip() for cell in first]
    twice = sorted({heading for heading in headings if headings.count(heading) > 1})
    if twice:
        raise ImportFailed(
            f"the heading has {', '.join(f'`{heading}`' for heading in twice)} more than once",
            where=name,
            hint="name the columns by position with `format: {columns: [...]}`",
        )
    return headings


def csv_batches(
    path: Path, name: str, rows: int, how: FileFormat, headings: Sequence[str]
) -> Iterator[Batch]:
    """Yield rows; a line with more or fewer cells than the heading is broken, blank lines are no rows."""
    width, size = len(headings), path.stat().st_size
    glue = " " if how.separator == "whitespace" else how.separator
    with _opened(path, name, how) as (file, lines):
        numbered = enumerate((cells for cells in lines if cells), 0 if how.header else 1)
        if how.header:
            next(numbered)
        while True:
            numbers: list[int] = []
            table: list[list[str]] = []
            broken: list[Broken] = []
            for number, cells in numbered:
                if len(cells) == width:
                    numbers.append(number)
                    table.append(cells)
                else:
                    reason = f"the line has {len(cells)} cells, the heading {width}"
                    broken.append(Broken(number, glue.join(cells), reason))
                if len(table) + len(broken) == rows:
                    break
            if not table and not broken:
                return
            share = file.buffer.tell() / size
            yield Batch(_frame(numbers, table, headings, how.null_values), tuple(broken), share)


def _frame(
    numbers: list[int], table: list[list[str]], headings: Sequence[str], null_values: Sequence[str]
) -> pl.DataFrame:
    columns: Iterable[Sequence[str]] = zip(*table, strict=True) if table else ([] for _ in headings)
    frame = pl.DataFrame(
        [pl.Series(heading, cells, pl.String) for heading, cells in zip(headings, columns, strict=True)]
    )
    empty = pl.Series(null_values, dtype=pl.String)
    frame = frame.select(pl.when(pl.all().is_in(empty.implode()).not_()).then(pl.all()))
    return frame.with_columns(pl.Series(ROW, numbers, pl.Int64))


@contextmanager
def _opened(path: Path, name: str, how: FileFormat) -> Iterator[tuple[TextIO, Iterator[list[str]]]]:
    """Give the file and its lines as lists of cells; whatever the file has wrong becomes `ImportFailed`."""
    encoding = _encoding(how.encoding, name)
    lines: Iterator[list[str]] | None = None
    try:
        with path.open(encoding=encoding, newline="") as file:
            lines = _cells(file, how)
            yield file, lines
    except UnicodeDecodeError as error:
        raise ImportFailed(
            f"not readable as {how.encoding}: {error.reason}{_line(lines)}",
            where=name,
            hint="say how it is written, such as `format: {encoding: windows-1252}`",
        ) from error
    except csv.Error as error:
        raise ImportFailed(
            f"not readable as CSV: {error}{_line(lines)}",
            where=name,
            hint="look for a quotation mark that is not closed, or set `format: {quote: ...}`",
        ) from error
    except OSError as error:
        raise ImportFailed(f"cannot be read: {error.strerror}", where=name) from error


def _cells(file: TextIO, how: FileFormat) -> Iterator[list[str]]:
    if how.separator == "whitespace":
        return (line.split() for line in file)
    csv.field_size_limit(_MAXIMUM_CELL)
    if not how.quote:
        return csv.reader(file, delimiter=how.separator, quoting=csv.QUOTE_NONE)
    return csv.reader(file, delimiter=how.separator, quotechar=how.quote, strict=True)


def _encoding(encoding: str, name: str) -> str:
    try:
        found = codecs.lookup(encoding).name
    except LookupError as error:
        raise ImportFailed(
            f"`{encoding}` is no encoding", where=name, allowed=("utf8", "utf-16", "windows-1252", "latin-1")
        ) from error
    return "utf-8-sig" if found == "utf-8" else found


def _line(lines: object) -> str:
    number = getattr(lines, "line_num", None)
    return f" near line {number + 1}" if number is not None else ""
