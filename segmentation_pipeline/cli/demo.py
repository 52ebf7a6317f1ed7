"""`segmentation demo`: the whole job on the sample data, up to a simulation, and where to look next."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

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
from segmentation_pipeline.cli.output import print_json, progress_bar, say, written

if TYPE_CHECKING:
    from segmentation_pipeline.simulation.run import SimulationRun
    from segmentation_pipeline.workspace import Workspace

SIMULATION = "quieter_today"
NEXT = (
    ("list", "every segment with its size and status"),
    ("show vip", "one rule in plain English"),
    ("explain vip c-0007", "why a contact is in it, or not"),
    ("members vip", "who is in it"),
    ("conflicts", "which segments compete for the same contacts"),
    ("contact c-0007", "one contact: its fields, its segments, who contacts it today, what happened"),
    ("simulate quieter_policy", "the last quarter under another policy, beside the one in force"),
    ("report lifecycle_review", "segments side by side: sizes, what they did, what sets them apart"),
    ("docs --open", "a site of all of this, in the browser"),
)


def demo(
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Import the sample, evaluate the segments, decide a day, simulate a policy, print what was found."""
    from segmentation_pipeline.assignment.assign import assign as decide
    from segmentation_pipeline.cli import assign, importing, run, simulate, source_imports
    from segmentation_pipeline.segments.publish import publish
    from segmentation_pipeline.simulation.run import simulate as run_simulation

    opened = _with_sample(open_project(project, workspace, as_of))
    jobs = list(source_imports.import_sources(opened))
    if not as_json:
        say("[bold]1. Import[/]  [dim]a few rows of the sample are wrong on purpose[/]")
        importing.print_jobs(jobs)
        say(f"\n[bold]2. Evaluate[/]  [dim]as of {written(opened.as_of)}[/]")
    with progress_bar() as progress:
        done = publish(opened, now=now, wait_seconds=WAIT_SECONDS, progress=progress)
    _analyse(opened)
    if not as_json:
        run.print_run(done)
        say("\n[bold]3. Decide[/]  [dim]one customer, one contact at a time[/]")
    assigned = decide(opened, now=now, wait_seconds=WAIT_SECONDS)
    if not as_json:
        assign.print_assigned(assigned)
        say(f"\n[bold]4. Simulate[/]  [dim]{SIMULATION}: what another policy would do[/]")
    simulated = run_simulation(opened, SIMULATION, as_of=opened.as_of or now(), now=now)
    if as_json:
        print_json(
            {
                "imports": [importing.row(job) for job in jobs],
                "segments": run.rows(done),
                "assigned": assign.plain(assigned),
                "simulated": simulate.plain(simulated.frames),
            }
        )
    else:
        _print_in_short(simulated)
        _print_next(opened)
    if any(result.status != "fresh" for result in done.segments):
        raise typer.Exit(1)


def _with_sample(workspace: Workspace) -> Workspace:
    """Generate the sample where the project has none, and look at it from its end."""
    from segmentation_pipeline.sample import AS_OF, write_sample

    folder = workspace.project / "data" / "sample"
    if not folder.is_dir():
        write_sample(folder)
    return workspace if workspace.as_of is not None else dataclasses.replace(workspace, as_of=AS_OF)


def _analyse(workspace: Workspace) -> None:
    """Compute the days of the last run's month, those before the first run too, unless they are there."""
    from segmentation_pipeline.analytics.history import read_history
    from segmentation_pipeline.analytics.stale import covered_days
    from segmentation_pipeline.cli import analytics
    from segmentation_pipeline.cli.tables import store_of

    store = store_of(workspace)
    history = read_history(store, workspace.time_zone)
    if history is None or history.first_day is None:
        return
    first, covered = history.today.replace(day=1), covered_days(store)
    known = covered is not None and covered[0] <= first
    analytics.update(workspace, first=None if known else first)


def _print_in_short(simulated: SimulationRun) -> None:
    from segmentation_pipeline.report.contents.simulation.outcome import outcome_of
    from segmentation_pipeline.report.contents.simulation.summary import sentences

    for sentence in sentences(outcome_of(simulated.frames)):
        say(escape(sentence))


def _print_next(workspace: Workspace) -> None:
    """Print commands as whoever ran this one can type them: by the same name, on the same project."""
    name = sys.argv[0] if "/" in sys.argv[0] else "segmentation"
    if Path(name).is_absolute() and Path(name).is_relative_to(Path.cwd()):
        name = Path(name).relative_to(Path.cwd()).as_posix()
    elsewhere = "" if workspace.project == Path.cwd() else f" --project '{workspace.project}'"
    commands = [(f"{name} {command}{elsewhere}", what) for command, what in NEXT]
    if (workspace.project / "Makefile").is_file():
        commands.append(("make ui", "the same in Dagster, on http://localhost:3000"))
    width = max(len(command) for command, _ in commands)
    say("\n[bold]5. Look[/]")
    for command, what in commands:
        say(f"  [bold]{command:{width}}[/]  {what}")
    say(f"  [dim]the tables: {workspace.lake}[/]")
