"""A report as Markdown, for a pull request, a wiki or a mail."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import TYPE_CHECKING

from segmentation_pipeline.report.model import Chart, Figures, Part, Text
from segmentation_pipeline.report.writing import written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.report.model import Report


def markdown(report: Report) -> str:
    """Return the report; a chart becomes the table of its values."""
    lines = [f"# {report.title}", "", report.subtitle, ""]
    for section in report.sections:
        lines += [f"## {section.title}", ""]
        for part in section.parts:
            lines += [*_lines(part), ""]
    return "\n".join(lines).rstrip() + "\n"


@singledispatch
def _lines(part: Part) -> Iterator[str]:
    raise NotImplementedError(f"no Markdown for {type(part).__name__}")


@_lines.register
def _(part: Text) -> Iterator[str]:
    yield from ("```", *part.lines, "```") if part.code else part.lines


@_lines.register
def _(part: Figures) -> Iterator[str]:
    if part.caption:
        yield from (f"**{part.caption}**", "")
    yield _row(column.name for column in part.columns)
    yield _row("---" if column.kind == "text" else "---:" for column in part.columns)
    for number, row in enumerate(part.rows):
        yield _row(written(value, part.kind(number, at)) for at, value in enumerate(row))


@_lines.register
def _(part: Chart) -> Iterator[str]:
    yield from (f"**{part.caption}**", "")
    yield _row(["", *(series.name for series in part.series)])
    yield _row(["---", *("---:" for _ in part.series)])
    for number, at in enumerate(part.x):
        yield _row([at, *(written(series.values[number], part.unit) for series in part.series)])


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
