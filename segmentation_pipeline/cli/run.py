"""`segmentation run`: evaluate and publish."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmentation_pipeline.cli.notify import notify_after_run
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
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    from segmentation_pipeline.evaluation.profile import Profile
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
        bool, typer.Option("--full", help="Evaluate and write also what cannot have changed.")
    ] = False,
    profiled: Annotated[
        bool, typer.Option("--profile", help="Say where time and memory went, leaf by leaf.")
    ] = False,
    memory_limit: Annotated[
        str | None,
        typer.Option("--memory-limit", metavar="BYTES", help="Fail rather than use more, e.g. `1GB`."),
    ] = None,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Evaluate the segments and publish their members."""
    from segmentation_pipeline.cli.selection import selected
    from segmentation_pipeline.evaluation.profile import Profile
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.publish import publish

    opened = open_project(project, workspace, as_of)
    if memory_limit is not None:
        opened = dataclasses.replace(opened, memory_limit=_bytes(memory_limit))
    chosen = selected(select, read_definitions(opened)) if select is not None else None
    profile = Profile() if profiled else None
    with progress_bar() as progress:
        done = publish(
            opened,
            select=chosen,
            full=full,
            now=now,
            wait_seconds=WAIT_SECONDS,
            progress=progress,
            profile=profile,
        )
    if as_json:
        print_json(rows(done) if profile is None else {"segments": rows(done), "profile": costs(profile)})
    else:
        print_run(done)
        if profile is not None:
            print_profile(profile)
    if done.published:
        notify_after_run(opened)
    if any(result.status in ("failed", "stale", "held") for result in done.segments):
        raise typer.Exit(1)


def print_run(done: Run) -> None:
    """Print a line a segment, those that need a look last."""
    say(f"run [bold]{done.run_id}[/] as of {written(done.as_of)}")
    if not done.published:
        say("[yellow]only a preview:[/] a later instant is published already, and it never goes backwards")
    listed = sorted(rows(done), key=lambda row: (row["status"] != "fresh", row["segment"]))
    print_table(listed, COLUMNS if any(row["cause"] for row in listed) else COLUMNS[:-1])
    unchanged = sum(result.status == "fresh" and not result.evaluated for result in done.segments)
    if unchanged:
        say(f"{unchanged} of {len(listed)} could not have changed and were not evaluated")
    for name, members in sorted(done.removed.items()):
        say(f"[yellow]removed[/] {name}, {members:,} members: it has no definition any more")


def rows(done: Run) -> list[dict[str, Any]]:
    """Return a row a segment."""
    return [{key: getattr(result, key) for key in KEYS} for result in done.segments]


def print_profile(profile: Profile) -> None:
    """Print what every step cost, those of one phase together, the dearest first."""
    say()
    by_phase: dict[str, list[dict[str, Any]]] = {}
    for row in costs(profile):
        what = "; ".join(line.strip() for line in row["what"].splitlines())
        by_phase.setdefault(row["phase"], []).append({**row, "what": what, "MB": row["bytes"] / 10**6})
    for phase, mine in by_phase.items():
        say(f"[bold]{phase}[/] {sum(row['seconds'] for row in mine):.2f} s")
        print_table(sorted(mine, key=lambda row: -row["seconds"]), ("seconds", "rows", "MB", "what"))


def costs(profile: Profile) -> list[dict[str, Any]]:
    """Return a row a step, as they were first taken: wall seconds, rows and bytes looked at."""
    return [dataclasses.asdict(cost) for cost in profile.costs]


def _bytes(text: str) -> int:
    from segmentation_pipeline.settings import parse_bytes

    try:
        return parse_bytes(text)
    except ValueError as error:
        raise UsageError(f"`--memory-limit`: {error}, not {text!r}") from error
