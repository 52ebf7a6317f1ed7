"""Plain CSV and blank-separated text, every cell as text.

Two readers that agree: blocks whose rows can be told apart at a glance go through Polars, whatever
else — odd quotation marks, other encodings, bytes that are no text — through Python's own reader,
cell by cell, which also words what is wrong.
"""

from __future__ import annotations

import codecs
import csv
import io
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.batch import ROW, Batch, Broken, rebatched
from segmentation_pipeline.ingest.csv_rows import find_rows
from segmentation_pipeline.ingest.window import BYTE_ORDER_MARK, Recoded, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from segmentation_pipeline.ingest.csv_rows import Rows
    from segmentation_pipeline.ingest.mapping import FileFormat

    _Piece = tuple[pl.DataFrame, tuple[Broken, ...]]

BLOCK = 1 << 24
"""Bytes that are looked at together."""

_MAXIMUM_CELL = 1 << 24
_CAREFUL_ROWS = 10_000


def csv_headings(path: Path, name: str, how: FileFormat) -> Sequence[str]:
    """Return the names of the columns, by the heading or by ``columns``.

    Raises:
        ImportFailed: there is no heading, it names a column twice, or ``columns`` does not fit.
    """
    with _opened(path, name, how) as window:
        first = next((cells for cells in _careful(window, how) if cells), None)
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
    size = path.stat().st_size
    with _opened(path, name, how) as window:
        if how.header:
            next(cells for cells in _careful(window, how) if cells)
        yield from rebatched(_pieces(window, how, headings, size), rows)


def _pieces(window: Window, how: FileFormat, headings: Sequence[str], size: int) -> Iterator[Batch]:
    quick, row = _is_quick(how), 1
    while block := window.ahead(BLOCK):
        rows = find_rows(block, how.separator, how.quote, len(headings)) if quick else None
        found = _quick_rows(block, rows, row, how, headings) if rows is not None else None
        if rows is not None and found is not None:
            window.take(rows.size, block.count(b"\n", 0, rows.size))
            parts = iter([found])
        else:
            parts = _careful_rows(window, row, how, headings)
        for frame, broken in parts:
            row += frame.height + len(broken)
            yield Batch(frame, broken, min(window.taken / size, 1.0))


def _is_quick(how: FileFormat) -> bool:
    """Whether Polars reads this way of writing as Python does."""
    if how.separator == "whitespace":
        return False
    marks = how.separator + how.quote
    return marks.isascii() and len({*marks, "\r", "\n"}) == len(marks) + 2


def _quick_rows(
    block: bytes, rows: Rows, row: int, how: FileFormat, headings: Sequence[str]
) -> _Piece | None:
    """Return the rows of a block, numbered from ``row``; None for what the careful reader must judge."""
    lines = rows.regular(block)
    if lines.startswith(BYTE_ORDER_MARK):
        return None
    try:
        frame = _parsed(lines, how, len(headings))
        broken = tuple(
            _broken(row + at, _cells_of(rows.line(block, at), how), how, len(headings))
            for at in rows.odd.tolist()
        )
    except (pl.exceptions.PolarsError, UnicodeDecodeError, csv.Error):
        return None
    if frame.height + len(broken) != rows.count:
        return None
    numbers = np.delete(np.arange(row, row + rows.count, dtype=np.int64), rows.odd)
    return _frame(frame.get_columns(), numbers, headings, how.null_values), broken


def _parsed(lines: bytes, how: FileFormat, width: int) -> pl.DataFrame:
    schema = {str(at): pl.String() for at in range(width)}
    if not lines:
        return pl.DataFrame(schema=schema)
    return pl.read_csv(
        lines,
        has_header=False,
        schema=schema,
        separator=how.separator,
        quote_char=how.quote or None,
        empty_string_is_null=False,
    )


def _cells_of(line: bytes, how: FileFormat) -> list[str]:
    return next(_cells(io.StringIO(line.decode(), newline=""), how))


def _broken(row: int, cells: list[str], how: FileFormat, width: int) -> Broken:
    glue = " " if how.separator == "whitespace" else how.separator
    return Broken(row, glue.join(cells), f"the line has {len(cells)} cells, the heading {width}")


def _careful_rows(window: Window, row: int, how: FileFormat, headings: Sequence[str]) -> Iterator[_Piece]:
    """Yield rows, some at a time, until as much is read as a block holds; rows before an error come first."""
    end = window.taken + BLOCK
    lines = (cells for cells in _careful(window, how) if cells)
    at = row
    while window.taken < end:
        table: list[list[str]] = []
        failure: Exception | None = None
        try:
            table.extend(islice(lines, _CAREFUL_ROWS))
        except (csv.Error, UnicodeDecodeError) as error:
            failure = error
        yield _sorted_out(table, at, how, headings)
        at += len(table)
        if failure is not None:
            raise failure
        if len(table) < _CAREFUL_ROWS:
            return


def _sorted_out(table: list[list[str]], row: int, how: FileFormat, headings: Sequence[str]) -> _Piece:
    """Tell whole rows from broken ones; the first has the number ``row``."""
    width = len(headings)
    good = [cells for cells in table if len(cells) == width]
    columns = zip(*good, strict=True) if good else ([] for _ in headings)
    numbers = [row + at for at, cells in enumerate(table) if len(cells) == width]
    broken = [_broken(row + at, cells, how, width) for at, cells in enumerate(table) if len(cells) != width]
    texts = [pl.Series(cells, dtype=pl.String) for cells in columns]
    return _frame(texts, numbers, headings, how.null_values), tuple(broken)


def _frame(
    columns: Iterable[pl.Series],
    numbers: Iterable[int],
    headings: Sequence[str],
    null_values: Sequence[str],
) -> pl.DataFrame:
    frame = pl.DataFrame([column.alias(name) for name, column in zip(headings, columns, strict=True)])
    empty = pl.Series(null_values, dtype=pl.String)
    frame = frame.select(pl.when(pl.all().is_in(empty.implode()).not_()).then(pl.all()))
    return frame.with_columns(pl.Series(ROW, numbers, pl.Int64))


@contextmanager
def _opened(path: Path, name: str, how: FileFormat) -> Iterator[Window]:
    """Give the file; whatever it has wrong becomes `ImportFailed`."""
    encoding = _encoding(how.encoding, name)
    window: Window | None = None
    try:
        with path.open("rb") as file:
            window = Window(file if encoding == "utf-8" else Recoded(file, encoding))
            yield window
    except UnicodeDecodeError as error:
        # Another encoding is read in blocks: where in the block the error is, is not known.
        where = _line(window) if encoding == "utf-8" else ""
        raise ImportFailed(
            f"not readable as {how.encoding}: {error.reason}{where}",
            where=name,
            hint="say how it is written, such as `format: {encoding: windows-1252}`",
        ) from error
    except csv.Error as error:
        raise ImportFailed(
            f"not readable as CSV: {error}{_line(window)}",
            where=name,
            hint="look for a quotation mark that is not closed, or set `format: {quote: ...}`",
        ) from error
    except OSError as error:
        raise ImportFailed(f"cannot be read: {error.strerror}", where=name) from error


def _careful(window: Window, how: FileFormat) -> Iterator[list[str]]:
    """Take row after row, cell by cell; a blank line has no cells."""
    return _cells(window.each_line(), how)


def _cells(lines: Iterable[str], how: FileFormat) -> Iterator[list[str]]:
    if how.separator == "whitespace":
        return (line.split() for line in lines)
    csv.field_size_limit(_MAXIMUM_CELL)
    if not how.quote:
        return csv.reader(lines, delimiter=how.separator, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=how.separator, quotechar=how.quote, strict=True)


def _encoding(encoding: str, name: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise ImportFailed(
            f"`{encoding}` is no encoding", where=name, allowed=("utf8", "utf-16", "windows-1252", "latin-1")
        ) from error


def _line(window: Window | None) -> str:
    return f" near line {window.lines}" if window is not None and window.lines else ""
