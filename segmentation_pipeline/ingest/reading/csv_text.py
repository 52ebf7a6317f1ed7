"""Plain CSV and blank-separated text, every cell as text.

Two readers that agree: blocks whose rows can be told apart at a glance go through Polars, whatever
else — odd quotation marks, other encodings, bytes that are no text — through Python's own reader,
cell by cell, which also words what is wrong.
"""

from __future__ import annotations

import csv
import io
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.batch import ROW, Batch, Broken, rebatched
from segmentation_pipeline.ingest.dialect.tables import cells_of
from segmentation_pipeline.ingest.reading.csv_rows import find_rows
from segmentation_pipeline.ingest.reading.unpacking import unpacked
from segmentation_pipeline.ingest.reading.window import BYTE_ORDER_MARK, Recoded, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from segmentation_pipeline.ingest.dialect.value import Dialect
    from segmentation_pipeline.ingest.reading.csv_rows import Rows
    from segmentation_pipeline.ingest.reading.unpacking import Content

    _Piece = tuple[pl.DataFrame, tuple[Broken, ...]]

BLOCK = 1 << 24
"""Bytes that are looked at together."""

_CAREFUL_ROWS = 10_000


def csv_batches(path: Path, name: str, rows: int, how: Dialect, headings: Sequence[str]) -> Iterator[Batch]:
    """Yield rows; blank lines are no rows.

    A line with more or fewer cells than the heading is broken, and so is one with a null byte.
    """
    with unpacked(path, name, how.compression) as content, _opened(content, name, how) as window:
        window.skip(how.skip)
        if how.header:
            next((cells for cells in _careful(window, how) if cells), None)
        yield from rebatched(_pieces(window, how, headings, content), rows)


def csv_sample(path: Path, name: str, rows: int, how: Dialect, headings: Sequence[str]) -> pl.DataFrame:
    """Return the first rows; none after what is not readable, which whoever reads on will meet."""
    table: list[list[str]] = []
    with unpacked(path, name, how.compression) as content, _opened(content, name, how) as window:
        window.skip(how.skip)
        lines = (cells for cells in _careful(window, how) if cells)
        with suppress(csv.Error, UnicodeError):
            table.extend(islice(lines, rows + how.header))
    return _sorted_out(table[how.header :], 1, how, headings)[0]


def _pieces(window: Window, how: Dialect, headings: Sequence[str], content: Content) -> Iterator[Batch]:
    quick, row = _is_quick(how), 1
    while block := window.ahead(BLOCK):
        plain = quick and b"\0" not in block
        rows = find_rows(block, how.separator, how.quote, len(headings)) if plain else None
        found = _quick_rows(block, rows, row, how, headings) if rows is not None else None
        if rows is not None and found is not None:
            window.take(rows.size, block.count(b"\n", 0, rows.size))
            parts = iter([found])
        else:
            parts = _careful_rows(window, row, how, headings)
        for frame, broken in parts:
            row += frame.height + len(broken)
            yield Batch(frame, broken, content.share(window.taken))


def _is_quick(how: Dialect) -> bool:
    """Whether Polars reads this way of writing as Python does."""
    if how.separator == "whitespace":
        return False
    marks = how.separator + how.quote
    return marks.isascii() and len({*marks, "\r", "\n"}) == len(marks) + 2


def _quick_rows(block: bytes, rows: Rows, row: int, how: Dialect, headings: Sequence[str]) -> _Piece | None:
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


def _parsed(lines: bytes, how: Dialect, width: int) -> pl.DataFrame:
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


def _cells_of(line: bytes, how: Dialect) -> list[str]:
    return next(_cells(io.StringIO(line.decode(), newline=""), how))


def _broken(row: int, cells: list[str], how: Dialect, width: int) -> Broken:
    glue = " " if how.separator == "whitespace" else how.separator
    if len(cells) != width:
        return Broken(row, glue.join(cells), f"the line has {len(cells)} cells, the heading {width}")
    at = next(at for at, cell in enumerate(cells, 1) if "\0" in cell)
    return Broken(row, glue.join(cells), f"cell {at} has a null byte")


def _careful_rows(window: Window, row: int, how: Dialect, headings: Sequence[str]) -> Iterator[_Piece]:
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


def _sorted_out(table: list[list[str]], row: int, how: Dialect, headings: Sequence[str]) -> _Piece:
    """Tell whole rows from broken ones; the first has the number ``row``."""
    width = len(headings)
    good: list[list[str]] = []
    numbers: list[int] = []
    broken: list[Broken] = []
    for number, cells in enumerate(table, row):
        if len(cells) == width and not any("\0" in cell for cell in cells):
            good.append(cells)
            numbers.append(number)
        else:
            broken.append(_broken(number, cells, how, width))
    columns = zip(*good, strict=True) if good else ([] for _ in headings)
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
def _opened(content: Content, name: str, how: Dialect) -> Iterator[Window]:
    """Give the text of a file; whatever it has wrong becomes `ImportFailed`."""
    plain = how.encoding in ("utf-8", "utf-8-sig")
    window: Window | None = None
    try:
        window = Window(content.file if plain else Recoded(content.file, how.encoding))
        yield window
    except UnicodeError as error:
        # Another encoding is read in blocks: where in the block the error is, is not known.
        where = _line(window) if plain else ""
        raise ImportFailed(
            f"not readable as {how.encoding}: {getattr(error, 'reason', error)}{where}",
            where=name,
            hint="say how it is written, such as `format: {encoding: windows-1252}`",
        ) from error
    except csv.Error as error:
        raise ImportFailed(
            f"not readable as CSV: {error}{_line(window)}",
            where=name,
            hint="look for a quotation mark that is not closed, or set `format: {quote: ...}`",
        ) from error


def _careful(window: Window, how: Dialect) -> Iterator[list[str]]:
    """Take row after row, cell by cell; a blank line has no cells."""
    return _cells(window.each_line(), how)


def _cells(lines: Iterable[str], how: Dialect) -> Iterator[list[str]]:
    if how.separator == "whitespace":
        return (line.split() for line in lines)
    return cells_of(lines, how.separator, how.quote)


def _line(window: Window | None) -> str:
    return f" near line {window.lines}" if window is not None and window.lines else ""
