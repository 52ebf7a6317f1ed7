"""`segmentation report`: up to four segments side by side, and against everybody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import console, print_json, say
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from segmentation_pipeline.report.contents.standing import Comparison
    from segmentation_pipeline.report.model import Report
    from segmentation_pipeline.segments.saved_reports import SavedReport
    from segmentation_pipeline.workspace import Workspace

Format = Literal["table", "markdown", "csv", "html", "xlsx", "json"]
SUFFIXES: dict[str, Format] = {
    ".md": "markdown",
    ".csv": "csv",
    ".html": "html",
    ".xlsx": "xlsx",
    ".json": "json",
}


def report(
    names: Annotated[
        list[str], typer.Argument(metavar="ID…", help="One to four segments, or one saved report.")
    ],
    days: Annotated[
        int | None, typer.Option(min=1, help="So many local days up to the last run; default 30.")
    ] = None,
    output_format: Annotated[
        Format | None, typer.Option("--format", help="How to print it; default: by the file's suffix.")
    ] = None,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write into a file.")] = None,
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", metavar="FILE", help="Write an Excel workbook, too.")
    ] = None,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Compare segments: sizes, engagement, revenue, what sets them apart, overlaps."""
    from segmentation_pipeline.report.renderings.csv_text import csv_text
    from segmentation_pipeline.report.renderings.html import html
    from segmentation_pipeline.report.renderings.markdown import markdown
    from segmentation_pipeline.report.renderings.terminal import print_report

    form = _form("json" if as_json else output_format, output)
    opened = open_project(project, workspace)
    saved = find(opened, names)
    found, shown = build(opened, saved, days)
    for path in (xlsx, output if form == "xlsx" else None):
        if path is not None:
            _write_workbook(opened, path, found, shown, saved.columns)
    text = {"markdown": markdown, "csv": csv_text, "html": html}
    if form in text:
        _put(text[form](shown), output)
    elif form == "json":
        _print_json(shown, output)
    elif form == "table":
        print_report(shown, console())
    for path in (xlsx, output):
        # Data alone stands on standard output where it was asked for there.
        if path is not None and (form == "table" or output is not None):
            say(f"written: {path}")


def find(workspace: Workspace, names: list[str]) -> SavedReport:
    """Return the saved report that is named, or one of the segments that are."""
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.saved_reports import find_report

    definitions = read_definitions(workspace)
    known = {*definitions.segments, *definitions.broken}
    return find_report(workspace.definitions, names, known, workspace.file_name)


def build(workspace: Workspace, saved: SavedReport, days: int | None = None) -> tuple[Comparison, Report]:
    """Return what a saved report compares, and the report."""
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.report.contents.side_by_side import side_by_side
    from segmentation_pipeline.report.contents.standing import compare
    from segmentation_pipeline.segments.basis import read_definitions

    catalog = read_definitions(workspace).catalog
    found = compare(
        store_of(workspace), catalog, workspace.time_zone, saved.segments, days=days or saved.days
    )
    return found, side_by_side(found, saved.title, charts=saved.charts, figures=saved.figures)


def _form(asked: Format | None, output: Path | None) -> Format:
    if output is None:
        if asked in ("xlsx", "html"):
            raise UsageError(f"{asked} is not for a terminal", hint=f"name a file: --output report.{asked}")
        return asked or "table"
    form = asked or SUFFIXES.get(output.suffix.lower())
    if form is None or form == "table":
        raise UsageError("a file needs a format", where=str(output), allowed=list(SUFFIXES))
    return form


def _put(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


def _print_json(shown: Report, output: Path | None) -> None:
    import dataclasses

    from segmentation_pipeline.cli.output import json_text

    value = dataclasses.asdict(shown)
    if output is None:
        print_json(value)
    else:
        output.write_text(json_text(value), encoding="utf-8")


def _write_workbook(
    workspace: Workspace, path: Path, found: Comparison, shown: Report, columns: list[str]
) -> None:
    from segmentation_pipeline.report.contents.side_by_side import heading
    from segmentation_pipeline.report.renderings.excel import write_workbook

    sheets = {
        heading(number, one).replace(":", ""): _members(workspace, one.name, columns)
        for number, one in enumerate(found.segments, 1)
    }
    write_workbook(shown, path, sheets)


def _members(workspace: Workspace, name: str, columns: list[str]) -> pl.DataFrame:
    """Return a segment's members by their key, with the columns asked for, or all that are no lists."""
    import polars as pl

    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.members import published_members

    definitions = read_definitions(workspace)
    segment = definitions.segments[name]
    members = published_members(store_of(workspace), definitions.catalog, segment).frame
    schema = members.collect_schema()
    for column in columns:
        if column not in schema:
            hint = did_you_mean(column, schema.names())
            raise UsageError(f"members of `{segment.object}` have no column `{column}`", hint=hint)
    plain = [column for column, kind in schema.items() if not isinstance(kind, pl.List)]
    key = plain[0]
    return members.select(list(dict.fromkeys([key, *(columns or plain)]))).sort(key).collect()
