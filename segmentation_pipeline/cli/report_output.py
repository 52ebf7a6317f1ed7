"""Where a report goes: the terminal, standard output as text, or a file by its suffix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import typer

from segmentation_pipeline.cli.output import console, json_text
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation_pipeline.report.model import Report

Format = Literal["table", "markdown", "csv", "html", "xlsx", "json"]
SUFFIXES: dict[str, Format] = {
    ".md": "markdown",
    ".csv": "csv",
    ".html": "html",
    ".xlsx": "xlsx",
    ".json": "json",
}


def form_of(asked: Format | None, output: Path | None) -> Format:
    """Return the format that is asked for, or that of the file; raise `UsageError` where it does not fit."""
    if output is None:
        if asked in ("xlsx", "html"):
            raise UsageError(f"{asked} is not for a terminal", hint=f"name a file: --output report.{asked}")
        return asked or "table"
    form = asked or SUFFIXES.get(output.suffix.lower())
    if form is None or form == "table":
        raise UsageError("a file needs a format", where=str(output), allowed=list(SUFFIXES))
    return form


def put_report(shown: Report, form: Format, output: Path | None, value: Any) -> None:
    """Print or write the report; ``value`` is what JSON says."""
    from segmentation_pipeline.report.renderings.csv_text import csv_text
    from segmentation_pipeline.report.renderings.excel import write_workbook
    from segmentation_pipeline.report.renderings.html import html
    from segmentation_pipeline.report.renderings.markdown import markdown
    from segmentation_pipeline.report.renderings.terminal import print_report

    if form == "table":
        print_report(shown, console())
    elif form == "json":
        _put(json_text(value), output)
    elif form == "xlsx" and output is not None:
        write_workbook(shown, output, {})
    else:
        _put({"markdown": markdown, "csv": csv_text, "html": html}[form](shown), output)


def _put(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
