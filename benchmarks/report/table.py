"""Comparisons as a table: in a terminal with Rich, on a page as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from benchmarks.report.goals import LIMIT, OURS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.report.goals import Comparison

COLUMNS = ("engine", "output", "wall s", "CPU s", "peak MB", "CPU ratio", "wall ratio", "goal", "identical")


def cells(found: Comparison) -> tuple[str, ...]:
    """Return one row of text, a cell a column; ratios are the least favourable of the rounds."""
    goal = ""
    if found.goal is not None:
        sign = "≤" if found.engine == LIMIT else "≥"
        goal = f"{sign} {found.goal.ratio:g}× at {found.goal.segments}"
    return (
        "**ours**" if found.engine == OURS else found.engine,
        found.output,
        f"{found.wall_s:,.2f}",
        f"{found.cpu_s:,.2f}",
        f"{found.peak_mb:,.0f}",
        _ratio(found.cpu_ratios),
        _ratio(found.wall_ratios),
        goal,
        {True: "yes", False: "NO", None: ""}[found.identical],
    )


def rich_table(comparisons: Iterable[Comparison], title: str) -> Table:
    table = Table(title=title)
    for number, column in enumerate(COLUMNS):
        table.add_column(column, justify="right" if 2 <= number <= 6 else "left")
    for found in comparisons:
        style = {False: "red", True: "green", None: ""}[found.met]
        table.add_row(*(cell.strip("*") for cell in cells(found)), style=style)
    return table


def markdown_table(comparisons: Iterable[Comparison]) -> str:
    lines = [_line(COLUMNS), _line(["---", "---", *["---:"] * 5, "---", "---"])]
    return "\n".join([*lines, *(_line(cells(found)) for found in comparisons)])


def _line(parts: Iterable[str]) -> str:
    return f"| {' | '.join(parts)} |"


def _ratio(ratios: tuple[float, ...]) -> str:
    return f"{ratios[0]:.1f}×" if ratios else ""
