"""`segmentation demo`: the whole job on the sample data, and where to look next."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

import typer

from segmentation_pipeline.cli.options import HERE, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import progress_bar, say, written

if TYPE_CHECKING:
    from segmentation_pipeline.workspace import Workspace

NEXT = (
    ("segmentation list", "every segment with its size and status"),
    ("segmentation show vip", "one rule in plain English"),
    ("segmentation explain vip c-0007", "why a contact is in it, or not"),
    ("segmentation members vip", "who is in it"),
    ("make ui", "the same in Dagster, on http://localhost:3000"),
)


def demo(
    project: Project = HERE,
    workspace: WorkspaceId = None,
    _debug: Debug = False,
) -> None:
    """Import the sample data, evaluate the shipped segments, and print what was found."""
    from segmentation_pipeline.cli.importing import import_sources, print_jobs
    from segmentation_pipeline.cli.run import print_run
    from segmentation_pipeline.segments.publish import publish

    opened = _with_sample(open_project(project, workspace))
    say("[bold]1. Import[/]  [dim]a few rows of the sample are wrong on purpose[/]")
    print_jobs(list(import_sources(opened)))
    say(f"\n[bold]2. Evaluate[/]  [dim]as of {written(opened.as_of)}, the end of the sample[/]")
    with progress_bar() as progress:
        done = publish(opened, now=_now, progress=progress)
    print_run(done)
    say("\n[bold]3. Look[/]")
    for command, what in NEXT:
        say(f"  [bold]{command:34}[/] {what}")
    say(f"  [dim]the tables: {opened.lake}[/]")
    if any(result.status != "fresh" for result in done.segments):
        raise typer.Exit(1)


def _with_sample(workspace: Workspace) -> Workspace:
    """Generate the sample where the project has none, and look at it from its end."""
    from segmentation_pipeline.sample import AS_OF, write_sample

    folder = workspace.project / "data" / "sample"
    if not folder.is_dir():
        write_sample(folder)
    return workspace if workspace.as_of is not None else dataclasses.replace(workspace, as_of=AS_OF)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
