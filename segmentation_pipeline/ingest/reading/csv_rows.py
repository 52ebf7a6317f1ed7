"""Where the rows of a block of CSV begin and end, found without looking into its cells.

A block says nothing where only reading cell by cell can tell: quotation marks inside cells that are
not quoted, carriage returns that end no line, a row longer than the block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Places = npt.NDArray[np.int64]
    Truths = npt.NDArray[np.bool_]

_NEWLINE, _RETURN = 10, 13


@dataclass(frozen=True, slots=True)
class Rows:
    """Whole rows at the beginning of a block, blank lines not among them.

    ``starts`` and ``ends`` are places in the block, an end that of the row's newline; ``odd`` the
    numbers (from 0) of rows that have another number of cells; ``size`` the bytes with all lines.
    """

    starts: Places
    ends: Places
    odd: Places
    size: int
    blanks: bool

    @property
    def count(self) -> int:
        return len(self.starts)

    def line(self, block: bytes, row: int) -> bytes:
        return block[self.starts[row] : self.ends[row]]

    def regular(self, block: bytes) -> bytes:
        """Return the lines of all rows but the odd ones."""
        if not self.blanks and not len(self.odd):
            return block[: self.size]
        kept = np.ones(self.count, dtype=bool)
        kept[self.odd] = False
        starts, ends = self.starts[kept], self.ends[kept] + 1
        if not len(starts):
            return b""
        # Neighbours are cut out in one piece.
        breaks = np.flatnonzero(starts[1:] != ends[:-1]) + 1
        first, last = np.insert(breaks, 0, 0), np.append(breaks, len(starts)) - 1
        pieces = zip(starts[first].tolist(), ends[last].tolist(), strict=True)
        return b"".join(block[start:end] for start, end in pieces)


def find_rows(block: bytes, separator: str, quote: str, width: int) -> Rows | None:
    """Return the rows of ``block``, which begins with one, or None if it takes a closer look.

    ``separator`` and ``quote`` are single characters of ASCII, ``quote`` may be empty; ``width`` is
    the number of cells that a row should have.
    """
    marks = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(marks == _NEWLINE)
    within: Truths | None = None
    if quote and quote.encode() in block:
        # Within quotation marks is where an odd number of them stands before.
        within = np.bitwise_xor.accumulate((marks == ord(quote)).view(np.uint8)).view(np.bool_)
        ends = _outside(within, ends)
    if not len(ends):
        return None
    size = int(ends[-1]) + 1
    marks = marks[:size]
    if not _ends_are_newlines(marks, within) or not _marks_are_ends(marks, quote, ord(separator)):
        return None
    separators = _outside(within, np.flatnonzero(marks == ord(separator)))
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])
    blank = (starts == ends) | ((starts + 1 == ends) & (marks[starts] == _RETURN))
    blanks = bool(blank.any())
    if blanks:
        starts, ends = starts[~blank], ends[~blank]
    return Rows(starts, ends, _odd(starts, ends, separators, width), size, blanks)


def _outside(within: Truths | None, places: Places) -> Places:
    return places if within is None else places[~within[places]]


def _ends_are_newlines(marks: npt.NDArray[np.uint8], within: Truths | None) -> bool:
    """Whether every carriage return outside quotation marks stands before a newline."""
    returns = _outside(within, np.flatnonzero(marks == _RETURN))
    return bool((marks[returns + 1] == _NEWLINE).all())


def _marks_are_ends(marks: npt.NDArray[np.uint8], quote: str, separator: int) -> bool:
    """Whether every quotation mark begins or ends a whole cell, or is one of two that stand for one."""
    if not quote:
        return True
    quotes = np.flatnonzero(marks == ord(quote))
    before, after = marks[quotes[0::2] - 1], marks[quotes[1::2] + 1]
    begun = (before == separator) | (before == _NEWLINE) | (before == ord(quote)) | (quotes[0::2] == 0)
    done = (after == separator) | (after == _NEWLINE) | (after == _RETURN) | (after == ord(quote))
    return bool(begun.all() and done.all())


def _odd(starts: Places, ends: Places, separators: Places, width: int) -> Places:
    between = width - 1
    if len(separators) == between * len(starts):
        if not between:
            return np.empty(0, np.int64)
        table = separators.reshape(-1, between)
        if (table[:, 0] >= starts).all() and (table[:, -1] < ends).all():
            return np.empty(0, np.int64)
    counts = np.searchsorted(separators, ends) - np.searchsorted(separators, starts)
    return np.flatnonzero(counts != between)
