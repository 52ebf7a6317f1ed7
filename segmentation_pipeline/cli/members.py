"""`segmentation members`: who is in a segment, as published."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from segmentation_pipeline.cli.options import HERE, AsJson, AsOf, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_json, print_table, say, written
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from segmentation_pipeline.catalog.model import ObjectType

Format = Literal["table", "json", "csv", "parquet"]
ADDED = ("added_at", "added_via")


def members(
    segment: Annotated[str, typer.Argument(metavar="ID", help="The segment.")],
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many; a table shows 20.")] = None,
    offset: Annotated[int, typer.Option(min=0, help="Leave out so many first.")] = 0,
    columns: Annotated[str, typer.Option(help="Fields to show beside the key, with commas.")] = "",
    output_format: Annotated[Format, typer.Option("--format", help="How to write them.")] = "table",
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write into a file.")] = None,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """List the members of a segment, in order of their keys."""
    from segmentation_pipeline.cli.findings import read_definitions
    from segmentation_pipeline.cli.published import published_members
    from segmentation_pipeline.cli.selection import one_segment

    opened = open_project(project, workspace)
    definitions = read_definitions(opened)
    rule = one_segment(segment, definitions)
    kind = definitions.catalog.objects[rule.object]
    moment = opened.instant(as_of) if as_of is not None else None
    published = published_members(opened, definitions.catalog, rule, as_of=moment)
    shown = _shown(columns, kind)
    form: Format = "json" if as_json else output_format
    asked = limit if limit is not None or form != "table" else 20
    frame = published.frame.select(kind.key, *shown, *ADDED).sort(kind.key).slice(offset, asked).collect()
    if form == "table":
        print_table(frame.iter_rows(named=True), frame.columns)
        say(
            f"{len(frame):,} of {published.total:,} members of [bold]{segment}[/] as of {written(published.as_of)}"
        )
    elif form == "json":
        print_json(frame.to_dicts())
    else:
        _write(frame, form, output)


def _shown(columns: str, kind: ObjectType) -> list[str]:
    asked = [name.strip() for name in columns.split(",") if name.strip()]
    stored = [name for name, field in kind.fields.items() if field.stored and name != kind.key]
    for name in asked:
        if name not in stored:
            raise UsageError(f"`{kind.name}` has no column `{name}`", hint=did_you_mean(name, stored))
    return asked


def _write(frame: pl.DataFrame, form: Literal["csv", "parquet"], output: Path | None) -> None:
    if output is None and form == "parquet" and sys.stdout.isatty():
        raise UsageError("Parquet is not for a terminal", hint="name a file: --output members.parquet")
    target = output or sys.stdout.buffer
    if form == "parquet":
        frame.write_parquet(target)
    else:
        frame.write_csv(target, datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")
