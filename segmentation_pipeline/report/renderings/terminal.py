"""A report on a terminal, with Rich; lines become blocks, bars the table of their values."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from segmentation_pipeline.report.model import Chart, Figures, Part, Text
from segmentation_pipeline.report.writing import NOTHING, sparkline, written

if TYPE_CHECKING:
    from rich.console import Console

    from segmentation_pipeline.report.model import Report


def print_report(report: Report, console: Console) -> None:
    console.print(f"[bold]{escape(report.title)}[/]\n[dim]{escape(report.subtitle)}[/]")
    for section in report.sections:
        console.print(f"\n[bold]{escape(section.title)}[/]")
        for part in section.parts:
            for drawn in _drawn(part):
                console.print(drawn)


@singledispatch
def _drawn(part: Part) -> Iterator[RenderableType]:
    raise NotImplementedError(f"nothing draws {type(part).__name__} on a terminal")


@_drawn.register
def _(part: Text) -> Iterator[RenderableType]:
    yield from (escape(line) for line in part.lines)


@_drawn.register
def _(part: Figures) -> Iterator[RenderableType]:
    table = Table(
        box=None, pad_edge=False, title=escape(part.caption) or None, title_justify="left", title_style="dim"
    )
    for column in part.columns:
        left = column.kind == "text" and not part.row_kinds
        first = column is part.columns[0]
        table.add_column(escape(column.name), justify="left" if left or first else "right")
    for number, row in enumerate(part.rows):
        table.add_row(*(escape(written(value, part.kind(number, at))) for at, value in enumerate(row)))
    yield table


@_drawn.register
def _(part: Chart) -> Iterator[RenderableType]:
    table = Table(
        box=None,
        pad_edge=False,
        show_header=part.kind == "bar",
        title=escape(part.caption),
        title_justify="left",
        title_style="dim",
    )
    if part.kind == "bar":
        table.add_column("")
        for series in part.series:
            table.add_column(escape(series.name), justify="right")
        for number, name in enumerate(part.x):
            values = (written(series.values[number], part.unit) for series in part.series)
            table.add_row(escape(name), *values)
        yield table
        return
    for series in part.series:
        known = [value for value in series.values if value is not None]
        span = f"{written(min(known), part.unit)} to {written(max(known), part.unit)}" if known else NOTHING
        table.add_row(escape(series.name), sparkline(series.values), span)
    yield table
