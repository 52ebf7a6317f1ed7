"""What the values of one column prove of how they are written, gathered batch by batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl


class Example(NamedTuple):
    """A value of a file, and its row."""

    row: int
    value: str

    def __str__(self) -> str:
        return f"row {self.row:,}: `{self.value}`"


@dataclass(slots=True)
class Evidence:
    """How many values are of each kind, and the first of each."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, Example] = field(default_factory=dict)

    def add(self, kinds: pl.DataFrame) -> None:
        """Count rows of ``kind``, ``row`` and ``value``; those of no kind (null) say nothing."""
        found = (
            kinds.filter(pl.col("kind").is_not_null())
            .group_by("kind", maintain_order=True)
            .agg(pl.len(), pl.col("row").first(), pl.col("value").first())
        )
        for kind, count, row, value in found.iter_rows():
            self.counts[kind] = self.counts.get(kind, 0) + count
            self.examples.setdefault(kind, Example(row, value))

    def first(self, *kinds: str) -> Example | None:
        """Return the earliest value of any of ``kinds``."""
        return min((self.examples[kind] for kind in kinds if kind in self.examples), default=None)

    def count(self, *kinds: str) -> int:
        return sum(self.counts.get(kind, 0) for kind in kinds)

    def __bool__(self) -> bool:
        return bool(self.counts)


class Undecided(Exception):  # noqa: N818 — it is caught, and made an `ImportFailed` with its place
    """The values do not tell how they are meant; ``what`` follows the column's name in a sentence."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
