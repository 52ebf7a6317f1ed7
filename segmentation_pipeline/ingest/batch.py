"""Rows on their way from a file to a table, and what is said of those that stay behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROW = "import: row number"
"""Beside a batch's own columns; the colon and the blanks keep it apart from fields and headings."""

FINDINGS = pl.Schema({ROW: pl.Int64(), "column": pl.String(), "value": pl.String(), "reason": pl.String()})


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that is no row: what it says, and why it cannot be read."""

    row: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of one file: ``frame`` has the source's columns and `ROW`; ``read`` counts all lines.

    ``share`` says how much of the file (0 to 1) has been read with this batch.
    """

    frame: pl.DataFrame
    broken: tuple[Broken, ...] = ()
    share: float = 1.0

    @property
    def read(self) -> int:
        return self.frame.height + len(self.broken)

    def cut(self, rows: int) -> tuple[Batch, Batch]:
        """Return the first ``rows`` lines and the others."""
        numbers = sorted((*self.frame.get_column(ROW)[:1], *(line.row for line in self.broken[:1])))
        end = numbers[0] + rows
        at = int(self.frame.get_column(ROW).search_sorted(end))
        broken = sum(line.row < end for line in self.broken)
        return (
            Batch(self.frame[:at], self.broken[:broken], self.share),
            Batch(self.frame[at:], self.broken[broken:], self.share),
        )


@dataclass(frozen=True, slots=True)
class Checked:
    """Typed rows that may land, and findings (`FINDINGS`) on those that may not, by `ROW`."""

    frame: pl.DataFrame
    findings: pl.DataFrame

    def without(self, findings: pl.DataFrame) -> Checked:
        """Return the rows less those that ``findings`` name, and all findings."""
        if findings.is_empty():
            return self
        kept = self.frame.join(findings.select(ROW).unique(), on=ROW, how="anti", maintain_order="left")
        return Checked(kept, pl.concat([self.findings, findings]))


def rebatched(parts: Iterable[Batch], rows: int) -> Iterator[Batch]:
    """Yield the same lines, ``rows`` at a time; the lines of a file are numbered without a gap."""
    held: list[Batch] = []
    count = 0
    for part in parts:
        rest = part
        while count + rest.read >= rows:
            first, rest = rest.cut(rows - count)
            yield _joined([*held, first])
            held, count = [], 0
        if rest.read:
            held.append(rest)
            count += rest.read
    if held:
        yield _joined(held)


def _joined(parts: list[Batch]) -> Batch:
    frame = pl.concat([part.frame for part in parts])
    return Batch(frame, tuple(line for part in parts for line in part.broken), parts[-1].share)
