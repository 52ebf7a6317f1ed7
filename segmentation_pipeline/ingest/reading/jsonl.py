"""JSON lines, every value as text; objects inside a row become columns ``outer.inner``.

A line that is a list of objects has as many rows; rows are counted, not lines.
"""

from __future__ import annotations

import csv
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.batch import ROW, Batch, Broken
from segmentation_pipeline.ingest.dialect.value import MAXIMUM_COLUMNS
from segmentation_pipeline.ingest.reading.unfolding import Unfolding, unfold
from segmentation_pipeline.ingest.reading.unpacking import unpacked
from segmentation_pipeline.ingest.reading.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

Row = dict[str, str | None]


_PLAIN = Unfolding()


class _Number(str):
    """A number as it was written, so that no digit is lost on the way to a decimal."""

    __slots__ = ()


def jsonl_headings(
    path: Path, name: str, compression: str = "none", how: Unfolding = _PLAIN
) -> Sequence[str]:
    """Return every name that any row has, in the order of their first appearance.

    Raises:
        ImportFailed: no line is a JSON object, or they have more names than a table has columns.
    """
    found: dict[str, None] = {}
    with _opened(path, name, compression) as (_, lines):
        for number, _, row in _numbered(lines, how):
            if isinstance(row, dict):
                found |= dict.fromkeys(row)
            if len(found) > MAXIMUM_COLUMNS:
                raise ImportFailed(
                    f"the lines up to row {number} have {len(found):,} names",
                    where=name,
                    allowed=(f"up to {MAXIMUM_COLUMNS:,} columns",),
                )
    if not found:
        raise ImportFailed("no line is a JSON object", where=name, hint="JSON lines hold one object a line")
    return list(found)


def jsonl_batches(
    path: Path,
    name: str,
    compression: str,
    rows: int,
    headings: Sequence[str],
    *,
    how: Unfolding = _PLAIN,
) -> Iterator[Batch]:
    """Yield rows; a name that a row leaves out is null, a line that is no object is broken."""
    with _opened(path, name, compression) as (share, lines):
        numbered = _numbered(lines, how)
        while True:
            numbers: list[int] = []
            table: list[Row] = []
            broken: list[Broken] = []
            for number, line, row in numbered:
                if isinstance(row, dict):
                    numbers.append(number)
                    table.append(row)
                else:
                    broken.append(Broken(number, line, row))
                if len(table) + len(broken) == rows:
                    break
            if not table and not broken:
                return
            columns = [pl.Series(name, [row.get(name) for row in table], pl.String) for name in headings]
            frame = pl.DataFrame([*columns, pl.Series(ROW, numbers, pl.Int64)])
            yield Batch(frame, tuple(broken), share())


@contextmanager
def _opened(path: Path, name: str, compression: str) -> Iterator[tuple[Callable[[], float], Iterator[str]]]:
    """Give how much has been read (0 to 1), and the lines that are not blank."""
    with unpacked(path, name, compression) as content:
        try:
            window = Window(content.file)
            lines = (stripped for line in window.each_line() if (stripped := line.strip()))
            yield lambda: content.share(window.taken), lines
        except UnicodeDecodeError as error:
            raise ImportFailed(
                f"not readable as UTF-8: {error.reason} near line {window.lines}", where=name
            ) from error
        except csv.Error as error:
            raise ImportFailed(f"not readable as JSON lines: {error}", where=name) from error


def _numbered(lines: Iterator[str], how: Unfolding) -> Iterator[tuple[int, str, Row | str]]:
    """Yield the rows of the lines, numbered from 1, or why a line has none."""
    found = ((line, row) for line in lines for row in _rows(line, how))
    return ((number, line, row) for number, (line, row) in enumerate(found, 1))


def _rows(line: str, how: Unfolding) -> Sequence[Row | str]:
    """Return the values of a line's rows as text, or why it has none."""
    try:
        value = _parsed(line)
    except (ValueError, RecursionError) as error:
        return [f"the line is not readable as JSON: {error}"]
    try:
        return [_row(item) for item in unfold(value, how, _parsed)]
    except ValueError as error:
        return [str(error)]
    except RecursionError as error:
        return [f"the line is not readable as JSON: {error}"]


def _parsed(text: str) -> object:
    return json.loads(text, parse_int=_Number, parse_float=_Number, parse_constant=_constant)


def _row(value: dict[str, object]) -> Row | str:
    row: Row = {}
    _flatten("", value, row)
    try:
        "".join(part or "" for item in row.items() for part in item).encode()
    except UnicodeEncodeError:
        return "the line has half of a character (a lone surrogate such as \\ud800)"
    if any("\0" in (text or "") for text in row.values()):
        return "the line has a null character"
    return row


def _flatten(prefix: str, value: dict[str, object], row: Row) -> None:
    for key, item in value.items():
        if isinstance(item, dict):
            _flatten(f"{prefix}{key}.", item, row)
        else:
            row[prefix + key] = _text(item)


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _Number):
        return _number(value)
    if isinstance(value, str):
        return value or None
    return json.dumps(value, ensure_ascii=False)


def _number(text: str) -> str:
    """A whole number is written as one: 17850.0 is 17850, as it is from Parquet."""
    whole, point, digits = text.partition(".")
    return whole if point and set(digits) == {"0"} else str(text)


def _constant(_name: str) -> None:
    return None
