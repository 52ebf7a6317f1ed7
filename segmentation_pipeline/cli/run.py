"""`segmentation run`: evaluate and publish."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmentation_pipeline.cli.options import HERE, AsJson, AsOf, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_json, print_table, progress_bar, say, written

if TYPE_CHECKING:
    from segmentation_pipeline.segments.publish import Run, SegmentResult

WAIT_SECONDS = 5.0
COLUMNS = ("segment", "size", "entered", "exited", "seconds", "status", "cause")
KEYS = ("segment", "size", "entered", "exited", "status", "cause", "seconds")


def run(
    select: Annotated[
        str | None,
        typer.Option(
            metavar="EXPR",
            help="Segments by id, with commas: `a,b`; `+a` what it embeds too, `a+` its dependents too.",
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Evaluate unchanged segments too.")] = False,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Evaluate the segments and publish their members."""
    from segmentation_pipeline.cli.findings import read_definitions
    from segmentation_pipeline.cli.selection import selected
    from segmentation_pipeline.segments.publish import publish

    opened = open_project(project, workspace, as_of)
    chosen = selected(select, read_definitions(opened)) if select is not None else None
    with progress_bar() as progress:
        done = publish(
            opened, select=chosen, full=full, now=_now, wait_seconds=WAIT_SECONDS, progress=progress
        )
    if as_json:
        print_json([row(result) for result in done.segments])
    else:
        print_run(done)
    if any(result.status in ("failed", "stale") for result in done.segments):
        raise typer.Exit(1)


def print_run(done: Run) -> None:
    """Print a line a segment, those that need a look last."""
    say(f"run [bold]{done.run_id}[/] as of {written(done.as_of)}")
    if not done.published:
        say("[yellow]only a preview:[/] a later instant is published already, and it never goes backwards")
    results = sorted(done.segments, key=lambda result: (result.status != "fresh", result.segment))
    columns = COLUMNS if any(result.cause for result in results) else COLUMNS[:-1]
    print_table([row(result) for result in results], columns)


def row(result: SegmentResult) -> dict[str, Any]:
    values = dataclasses.asdict(result)
    return {key: values[key] for key in KEYS}


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
