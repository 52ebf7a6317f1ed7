"""`segmentation run`: evaluate and publish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmentation_pipeline.cli.options import (
    HERE,
    WAIT_SECONDS,
    AsJson,
    AsOf,
    Debug,
    Project,
    WorkspaceId,
    now,
    open_project,
)
from segmentation_pipeline.cli.output import print_json, print_table, progress_bar, say, written

if TYPE_CHECKING:
    from segmentation_pipeline.segments.publish import Run

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
    full: Annotated[
        bool, typer.Option("--full", help="Write the members of unchanged segments again.")
    ] = False,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Evaluate the segments and publish their members."""
    from segmentation_pipeline.cli.selection import selected
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.publish import publish

    opened = open_project(project, workspace, as_of)
    chosen = selected(select, read_definitions(opened)) if select is not None else None
    with progress_bar() as progress:
        done = publish(
            opened, select=chosen, full=full, now=now, wait_seconds=WAIT_SECONDS, progress=progress
        )
    if as_json:
        print_json(rows(done))
    else:
        print_run(done)
    if any(result.status in ("failed", "stale") for result in done.segments):
        raise typer.Exit(1)


def print_run(done: Run) -> None:
    """Print a line a segment, those that need a look last."""
    say(f"run [bold]{done.run_id}[/] as of {written(done.as_of)}")
    if not done.published:
        say("[yellow]only a preview:[/] a later instant is published already, and it never goes backwards")
    listed = sorted(rows(done), key=lambda row: (row["status"] != "fresh", row["segment"]))
    print_table(listed, COLUMNS if any(row["cause"] for row in listed) else COLUMNS[:-1])
    for name, members in sorted(done.removed.items()):
        say(f"[yellow]removed[/] {name}, {members:,} members: it has no definition any more")


def rows(done: Run) -> list[dict[str, Any]]:
    """Return a row a segment."""
    return [{key: getattr(result, key) for key in KEYS} for result in done.segments]
