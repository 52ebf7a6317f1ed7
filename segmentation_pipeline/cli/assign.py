"""`segmentation assign`: who is contacted today, by which segment, and why the others are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from segmentation_pipeline.cli.options import (
    HERE,
    WAIT_SECONDS,
    AsJson,
    Debug,
    Project,
    WorkspaceId,
    now,
    open_project,
)
from segmentation_pipeline.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from segmentation_pipeline.assignment.assign import Assigned

DEFAULT = "default"


def assign(
    day: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="The day to decide; default: today in the policy's zone."),
    ] = None,
    policy: Annotated[str, typer.Option(metavar="POLICY", help="Who may be contacted how often.")] = DEFAULT,
    again: Annotated[
        bool, typer.Option("--again", help="Decide the last decided day anew, in place of what was decided.")
    ] = False,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Decide which segment contacts whom today: one customer, one contact at a time.

    A day is decided once. What is decided stands in the table `contact_assignments`.
    """
    from segmentation_pipeline.assignment.assign import assign as decide
    from segmentation_pipeline.cli.analytics import day_of_text

    opened = open_project(project, workspace)
    done = decide(
        opened,
        now=now,
        day=day_of_text(day),
        policy=policy,
        again=again,
        wait_seconds=WAIT_SECONDS,
    )
    if as_json:
        print_json(plain(done))
    else:
        print_assigned(done)


def plain(done: Assigned) -> dict[str, Any]:
    """Return what was decided as plain values for JSON."""
    run = done.run
    return {
        "day": run.day,
        "policy": run.policy,
        "fresh": done.fresh,
        "outdated": done.outdated,
        "run_id": run.run_id,
        "segments_run_id": run.segments_run_id,
        "segments_as_of": run.segments_as_of,
        "contacts": run.contacts,
        "claims": run.claims,
        "won": run.won,
        "segments": [{"segment": name, "decisions": dict(counted)} for name, counted in run.counts.items()],
        "doubts": dict(done.doubts),
    }


def print_assigned(done: Assigned) -> None:
    """Print how many contacts are made, then a line a segment in rank order: what won, and what did not."""
    run = done.run
    said = "decided" if done.fresh else "was decided before,"
    say(
        f"{run.day} {said} by policy {run.policy}: [bold]{run.won:,}[/] contacts "
        f"among {run.contacts:,} members, {run.claims:,} claims"
    )
    if not run.counts:
        say("no segment that delivers has members: docs/assignment.md")
        return
    reasons = [reason for reason in _order() if run.totals.get(reason)]
    rows = [
        {"segment": name, **{reason: counted.get(reason, 0) for reason in reasons}}
        for name, counted in run.counts.items()
    ]
    print_table(rows, ("segment", *reasons))
    for name, why in done.doubts.items():
        say(f"[yellow]{escape(name)}[/] {escape(why)}")
    if done.outdated:
        say("[yellow]what decides has changed since:[/] segmentation assign --again")


def _order() -> list[str]:
    """Return every decision: the win, other claims, and what is none."""
    from segmentation_pipeline.assignment.reasons import CLAIMS, NO_CLAIMS, Reason

    return [reason.value for reason in (Reason.WON, *(one for one in CLAIMS if one != "won"), *NO_CLAIMS)]
