"""A sample of text cut into rows one way or another, and where its heading stands."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterable

MAXIMUM_CELL = 1 << 24
_LOOK = 20
_UNFINISHED = "unexpected end of data"
_YEAR = re.compile(r"(19|20)\d\d")
_VALUE = re.compile(
    r"[+-]?[\d.,'\u00a0 ]*\d[\d.,]*\s*[%€$£]?"
    r"|\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}([T ].*)?"
    r"|[^@\s]+@[^@\s]+\.[^@\s]+"
)
_LONG = 100


class Row(NamedTuple):
    """A row that is not blank, and the line (from 0) that it begins at."""

    line: int
    cells: tuple[str, ...]

    @property
    def filled(self) -> int:
        return sum(bool(cell.strip()) for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Cut:
    """The rows of a sample as one separator and one quotation mark cut them.

    ``heading`` is the number of the row that the heading is, were there one; ``failure`` what the
    reader says where it could not go on.
    """

    separator: str
    quote: str
    rows: tuple[Row, ...]
    heading: int
    failure: str | None

    @property
    def top(self) -> Row | None:
        return self.rows[self.heading] if self.heading < len(self.rows) else None

    @property
    def width(self) -> int:
        return len(self.top.cells) if self.top else 0

    @property
    def share(self) -> float:
        """The share (0 to 1) of the rows from the heading on that have as many cells as it."""
        rows = self.rows[self.heading :]
        return sum(len(row.cells) == self.width for row in rows) / len(rows) if rows else 1.0

    @property
    def whole(self) -> bool:
        return self.failure is None and self.share == 1

    def other_width(self) -> int | None:
        """Return the number of cells that every row but the heading has, were it another and no chance."""
        widths = Counter(len(row.cells) for row in self.rows[self.heading + 1 :])
        if len(widths) != 1 or self.width in widths:
            return None
        width, rows = widths.most_common(1)[0]
        return width if rows >= 3 else None


def cut(text: str, separator: str, quote: str, *, whole: bool, skip: int | None = None) -> Cut:
    """Cut ``text``; of a sample that is not ``whole`` the last row may be unfinished.

    ``skip`` lines come before the heading; without it, where it stands is looked for.
    """
    lines = io.StringIO(text, newline="")
    for _ in range(skip or 0):
        lines.readline()
    rows: list[Row] = []
    failure = None
    if separator == "whitespace":
        rows = [Row(at, tuple(line.split())) for at, line in enumerate(lines) if line.split()]
    else:
        reader = cells_of(lines, separator, quote)
        line = 0
        try:
            for cells in reader:
                if cells:
                    rows.append(Row(line + (skip or 0), tuple(cells)))
                line = reader.line_num
        except csv.Error as error:
            if whole or str(error) != _UNFINISHED or not rows:
                failure = f"{error} near line {line + (skip or 0) + 1}"
    heading = _heading(rows) if skip is None else 0
    return Cut(separator, quote, tuple(rows), heading, failure)


def cells_of(lines: Iterable[str], separator: str, quote: str) -> Reader:
    """Return a strict reader; ``separator`` is one character, without ``quote`` none is special."""
    csv.field_size_limit(MAXIMUM_CELL)
    if not quote:
        return csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=separator, quotechar=quote, strict=True)


def like_data(cells: tuple[str, ...]) -> str | None:
    """Return the cell that tells a row of data from a heading, if one does; a year does not."""
    found = [cell.strip() for cell in cells if len(cell) < _LONG and _VALUE.fullmatch(cell.strip())]
    if not found or (len(found) < len(cells) and all(_YEAR.fullmatch(cell) for cell in found)):
        return None
    return found[0]


def _heading(rows: list[Row]) -> int:
    """Return the first row that is no title: titles fill one cell at most, and rows below them more.

    A remark that begins with `#` is passed over too, if the row below has another number of cells.
    """
    for at, row in enumerate(rows[:_LOOK]):
        below = rows[at + 1] if at + 1 < len(rows) else None
        remark = row.cells[0].startswith("#") and below is not None and len(below.cells) != len(row.cells)
        if row.filled > 1 and not remark:
            return at
    return 0
