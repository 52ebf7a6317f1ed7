"""A report as a value: sections of text, figures and charts. How it looks is for the renderings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal

    Cell = str | int | float | Decimal | bool | dt.date | dt.datetime | None

Kind = Literal["text", "count", "number", "share", "money", "day", "instant"]
"""How a column's values are written; a ``share`` is a fraction of 1 and is written in per cent."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Text:
    """Paragraphs of plain text; ``code`` is set in a fixed width, line by line."""

    lines: tuple[str, ...]
    code: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """A table: every row has a value a column. ``kinds`` of single rows win over those of the columns.

    ``links`` lead from the text of a cell to another page of a site.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    row_kinds: tuple[Kind, ...] = ()
    links: dict[str, str] = field(default_factory=dict)

    def kind(self, row: int, column: int) -> Kind:
        """Return how the value of a cell is written; the first column is always its own."""
        if column and self.row_kinds:
            return self.row_kinds[row]
        return self.columns[column].kind


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one colour of bars; None where there is no value."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over time or bars by name. ``x`` are the texts below, as many as each series has values."""

    caption: str
    kind: Literal["line", "bar"]
    x: tuple[str, ...]
    series: tuple[Series, ...]
    unit: Kind = "count"


Part = Text | Figures | Chart


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Report:
    title: str
    subtitle: str
    sections: tuple[Section, ...]
