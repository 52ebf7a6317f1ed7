"""`segmentation members`: who is in a segment, as published."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Literal

import typer

from segmentation_pipeline.cli.options import HERE, AsJson, AsOf, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import json_text, print_table, say, written
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

Format = Literal["table", "json", "csv", "parquet"]
SUFFIXES: dict[str, Format] = {".csv": "csv", ".json": "json", ".parquet": "parquet"}
SHOWN = 20


def members(
    segment: Annotated[str, typer.Argument(metavar="ID", help="The segment.")],
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many; a table shows 20.")] = None,
    offset: Annotated[int, typer.Option(min=0, help="Leave out so many first.")] = 0,
    columns: Annotated[str, typer.Option(help="Fields to show beside the key, with commas.")] = "",
    output_format: Annotated[
        Format | None, typer.Option("--format", help="How to write them; default: by the file's suffix.")
    ] = None,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write into a file.")] = None,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """List the members of a segment, in order of their keys."""
    from segmentation_pipeline.cli.selection import one_segment
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.members import ADDED, published_members

    form = _form("json" if as_json else output_format, output)
    opened = open_project(project, workspace)
    definitions = read_definitions(opened)
    rule = one_segment(segment, definitions)
    moment = opened.instant(as_of) if as_of is not None else None
    published = published_members(store_of(opened), definitions.catalog, rule, moment)
    key = definitions.catalog.objects[rule.object].key
    asked = limit if limit is not None or form != "table" else SHOWN
    shown = _columns(columns, published.frame.collect_schema().names(), rule.object)
    wanted = list(dict.fromkeys([key, *shown, *ADDED]))
    frame = published.frame.select(wanted).sort(key).slice(offset, asked).collect()
    if form != "table":
        _write(frame, form, output)
        return
    print_table(frame.iter_rows(named=True), frame.columns)
    at = written(published.as_of)
    say(f"{len(frame):,} of {published.total:,} members of [bold]{segment}[/] as of {at}")


def _form(asked: Format | None, output: Path | None) -> Format:
    """Return the format asked for, else that of the file's suffix, else a table."""
    if output is None:
        if asked == "parquet" and sys.stdout.isatty():
            raise UsageError("Parquet is not for a terminal", hint="name a file: --output members.parquet")
        return asked or "table"
    form = asked or SUFFIXES.get(output.suffix.lower())
    if form is None or form == "table":
        allowed = [f"--format {name}" for name in SUFFIXES.values()]
        raise UsageError("a file needs a format", where=str(output), allowed=allowed)
    return form


def _columns(text: str, known: list[str], object_name: str) -> list[str]:
    asked = [name.strip() for name in text.split(",") if name.strip()]
    for name in asked:
        if name not in known:
            hint = did_you_mean(name, known)
            raise UsageError(f"members of `{object_name}` have no column `{name}`", hint=hint)
    return asked


def _write(frame: pl.DataFrame, form: Format, output: Path | None) -> None:
    if output is not None:
        with output.open("wb") as target:
            _write_into(target, frame, form)
        return
    # By way of memory: only Python's own writing ends quietly where the reader of a pipe has left.
    written_whole = io.BytesIO()
    _write_into(written_whole, frame, form)
    sys.stdout.flush()
    sys.stdout.buffer.write(written_whole.getbuffer())
    sys.stdout.buffer.flush()


def _write_into(target: IO[bytes], frame: pl.DataFrame, form: Format) -> None:
    import polars as pl

    if form == "parquet":
        frame.write_parquet(target)
    elif form == "json":
        target.write(json_text(frame.to_dicts()).encode())
    else:
        lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
        joined = pl.col(lists).list.eval(pl.element().cast(pl.String)).list.join(";")
        frame.with_columns(joined).write_csv(target, datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")
