"""JSON lines, every value as text; objects inside a row become columns ``outer.inner``."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import polars as pl

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.batch import ROW, Batch, Broken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Row = dict[str, str | None]


class _Number(str):
    """A number as it was written, so that no digit is lost on the way to a decimal."""

    __slots__ = ()


def jsonl_headings(path: Path, name: str) -> Sequence[str]:
    """Return every name that any row has, in the order of their first appearance.

    Raises:
        ImportFailed: no line is a JSON object.
    """
    found: dict[str, None] = {}
    with _opened(path, name) as (_, lines):
        for _, line in lines:
            row = _row(line)
            if isinstance(row, dict):
                found |= dict.fromkeys(row)
    if not found:
        raise ImportFailed("no line is a JSON object", where=name, hint="JSON lines hold one object a line")
    return list(found)


def jsonl_batches(path: Path, name: str, rows: int, headings: Sequence[str]) -> Iterator[Batch]:
    """Yield rows; a name that a row leaves out is null, a line that is no object is broken."""
    size = path.stat().st_size
    with _opened(path, name) as (file, lines):
        while True:
            numbers: list[int] = []
            table: list[Row] = []
            broken: list[Broken] = []
            for number, line in lines:
                row = _row(line)
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
            yield Batch(frame, tuple(broken), file.buffer.tell() / size)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[tuple[TextIO, Iterator[tuple[int, str]]]]:
    """Give the file and its lines that are not blank, numbered from 1."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield file, enumerate((line.strip() for line in file if line.strip()), 1)
    except UnicodeDecodeError as error:
        raise ImportFailed(f"not readable as UTF-8: {error.reason}", where=name) from error
    except OSError as error:
        raise ImportFailed(f"cannot be read: {error.strerror}", where=name) from error


def _row(line: str) -> Row | str:
    """Return a line's values as text, or why it has none."""
    try:
        value = json.loads(line, parse_int=_Number, parse_float=_Number, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        return f"the line is not readable as JSON: {error}"
    if not isinstance(value, dict):
        return "the line is not a JSON object"
    row: Row = {}
    _flatten("", value, row)
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
