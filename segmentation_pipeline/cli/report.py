"""`segmentation report`: up to four segments side by side, and against everybody."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import say
from segmentation_pipeline.cli.report_output import Format, form_of, put_report
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.report.contents.standing import Comparison
    from segmentation_pipeline.report.model import Report
    from segmentation_pipeline.rules.segment import Definitions


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
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.report.contents.side_by_side import side_by_side
    from segmentation_pipeline.report.contents.standing import compare
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.saved_reports import find_report

    form = form_of("json" if as_json else output_format, output)
    opened = open_project(project, workspace)
    store, definitions = store_of(opened), read_definitions(opened)
    known = {*definitions.segments, *definitions.broken}
    saved = find_report(opened.definitions, names, known, opened.file_name)
    found = compare(store, definitions.catalog, opened.time_zone, saved.segments, days=days or saved.days)
    shown = side_by_side(found, saved.title, charts=saved.charts, figures=saved.figures)
    members = partial(_members, store, definitions, saved.columns)
    for path in (xlsx, output if form == "xlsx" else None):
        if path is not None:
            _write_workbook(path, found, shown, members)
    if form != "xlsx":
        put_report(shown, form, output, dataclasses.asdict(shown))
    for path in (xlsx, output):
        # Data alone stands on standard output where it was asked for there.
        if path is not None and (form == "table" or output is not None):
            say(f"written: {path}")


def _write_workbook(
    path: Path, found: Comparison, shown: Report, members: Callable[[str], pl.DataFrame]
) -> None:
    from segmentation_pipeline.report.contents.side_by_side import heading
    from segmentation_pipeline.report.renderings.excel import write_workbook

    sheets = {
        heading(number, one).replace(":", ""): members(one.name)
        for number, one in enumerate(found.segments, 1)
    }
    write_workbook(shown, path, sheets)


def _members(store: DeltaStore, definitions: Definitions, columns: list[str], name: str) -> pl.DataFrame:
    """Return a segment's members by their key, with the columns asked for, or all that are no lists."""
    import polars as pl

    from segmentation_pipeline.segments.members import published_members

    segment = definitions.segments[name]
    members = published_members(store, definitions.catalog, segment).frame
    schema = members.collect_schema()
    for column in columns:
        if column not in schema:
            hint = did_you_mean(column, schema.names())
            raise UsageError(f"members of `{segment.object}` have no column `{column}`", hint=hint)
    plain = [column for column, kind in schema.items() if not isinstance(kind, pl.List)]
    key = plain[0]
    return members.select(list(dict.fromkeys([key, *(columns or plain)]))).sort(key).collect()
