"""How commands speak: tables and JSON on standard output; errors, findings and progress on the other."""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from segmentation_pipeline.cli.finding_text import lines_below, render_findings
from segmentation_pipeline.errors import DefinitionError, SegmentationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from segmentation_pipeline.diagnostics import Diagnostic

WIDE = 200
COLOURS = {
    "fresh": "green",
    "stale": "yellow",
    "held": "yellow",
    "failed": "red",
    "completed": "green",
    "partially_completed": "yellow",
}


def console() -> Console:
    """Return the console of standard output: as wide as the terminal, or wide enough for a file."""
    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, soft_wrap=True)


def say(text: str = "") -> None:
    """Print one line of rich markup."""
    console().print(text)


def print_json(value: Any) -> None:
    sys.stdout.write(json_text(value))


def json_text(value: Any) -> str:
    """Return values as JSON: instants in UTC, to the microsecond where they have any."""
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=2) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return _instant(value, "microseconds" if value.microsecond else "seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal | Path):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def written(value: Any) -> str:
    """Return a value as people read it: an instant in UTC to the second, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return _instant(value, "seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, list | tuple):
        return ", ".join(written(item) for item in value)
    return str(value)


def _instant(value: dt.datetime, precision: str) -> str:
    return value.astimezone(dt.UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def print_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print the named columns; numbers stand right, and a status has its colour."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    rows = list(rows)
    for column in columns:
        numeric = all(isinstance(row.get(column), int | float | None) for row in rows)
        table.add_column(column.replace("_", " "), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        cells = [escape(written(row.get(column))) for column in columns]
        shown = [
            f"[{COLOURS[cell]}]{cell}[/]" if column == "status" and cell in COLOURS else cell
            for column, cell in zip(columns, cells, strict=True)
        ]
        table.add_row(*shown)
    out = console()
    with out.capture() as captured:
        out.print(table)
    for line in captured.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


def print_findings(findings: Sequence[Diagnostic], project: Path) -> None:
    """Print each finding with its line and a caret; their files are named from the project."""
    console().print(render_findings(findings, lines_below(project)), end="")


def print_error(error: SegmentationError, project: Path | None = None) -> None:
    """Print what is wrong, where, what is allowed and one hint; of definitions every finding."""
    out = Console(stderr=True, highlight=False, soft_wrap=True)
    if isinstance(error, DefinitionError):
        lines = lines_below(project or Path(), Path())
        out.print(render_findings(error.diagnostics, lines), end="")
        return
    out.print(f"[bold red]error:[/] {escape(error.what)}")
    if error.where is not None:
        out.print(f"  where: {error.where}", markup=False)
    if error.allowed:
        out.print(f"  allowed: {', '.join(error.allowed)}", markup=False)
    if error.hint:
        out.print(f"  hint: {error.hint}", markup=False)


@contextlib.contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None] | None]:
    """Give a function ``(what, done, total)`` that moves a bar; None where nobody sees a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None)

        def move(what: str, done: int, total: int) -> None:
            bars.update(task, description=what, completed=done, total=total or None)

        yield move
