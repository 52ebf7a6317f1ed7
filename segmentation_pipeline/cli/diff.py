"""`segmentation diff`: what a change of definitions does to today's members; for a pull request."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape

from segmentation_pipeline.cli.options import (
    HERE,
    AsJson,
    AsOf,
    Debug,
    Project,
    WorkspaceId,
    now,
    open_project,
)
from segmentation_pipeline.cli.output import print_json, print_table, say, written
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from segmentation_pipeline.segments.diff import Diff, SegmentDiff

Format = Literal["table", "markdown", "json"]
COLUMNS = ("segment", "change", "before", "after", "entered", "exited", "retained", "churn")


def diff(
    against: Annotated[
        str, typer.Option(metavar="GITREF|DIR", help="A revision of git, a project, or a definitions folder.")
    ],
    fail_over: Annotated[
        str | None, typer.Option(metavar="PERCENT", help="Status 1 where more members move: 5%.")
    ] = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to print it.")] = "table",
    samples: Annotated[int, typer.Option(min=0, help="Name so many that enter, and exit, a segment.")] = 3,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Compare today's members under other definitions with those under the ones here."""
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.diff import compare
    from segmentation_pipeline.segments.dry_run import pin
    from segmentation_pipeline.segments.revisions import workspace_at

    limit = _limit(fail_over)
    opened = open_project(project, workspace, as_of)
    after = read_definitions(opened)
    with workspace_at(opened, against) as other:
        before = read_definitions(other)
    standing = pin(store_of(opened), [before.catalog, after.catalog], opened.as_of or now())
    found = compare(before, after, standing, samples=samples)
    over = found.over(limit) if limit is not None else []
    form = "json" if as_json else output_format
    if form == "json":
        print_json(_plain(found, standing.as_of, over))
    elif form == "markdown":
        typer.echo("\n".join(_markdown(found, against, standing.as_of)))
    else:
        _print(found, against, standing.as_of)
    if form == "table":
        for one in over:
            say(f"[red]{one.segment} moves {one.churn:.1%} of its members, over {fail_over}[/]")
    if over or found.broken:
        raise typer.Exit(1)


def _limit(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        percent = float(text.strip().removesuffix("%"))
    except ValueError as error:
        raise UsageError(f"`{text}` is not a share", allowed=["5%", "0.5%"]) from error
    if percent < 0:
        raise UsageError(f"`{text}` is not a share", allowed=["5%", "0.5%"])
    return percent / 100


def _change(one: SegmentDiff) -> str:
    match one.kind:
        case "through":
            return f"through {', '.join(one.through)}"
        case "broken":
            return f"broken: {one.broken}"
        case "catalog":
            return "by the catalog"
        case _:
            return one.kind


def _row(one: SegmentDiff) -> dict[str, Any]:
    share = "" if one.churn is None else f"{one.churn:.1%}"
    return {
        "segment": one.segment,
        "change": _change(one),
        "before": one.before,
        "after": one.after,
        "entered": one.entered,
        "exited": one.exited,
        "retained": one.retained,
        "churn": share,
    }


def _print(found: Diff, against: str, as_of: dt.datetime) -> None:
    say(f"[dim]against {escape(against)}, as of {written(as_of)}[/]")
    if not found.segments:
        say("no segment changes")
    else:
        print_table([_row(one) for one in found.segments], COLUMNS)
    for one in found.segments:
        for moved in one.moved:
            word = "enters" if moved.entered else "exits"
            side = "before" if moved.entered else "now"
            say(f"  {escape(moved.key)} {word} [bold]{one.segment}[/] — {side}: {escape(moved.why)}")
    for name, cause in found.not_compared.items():
        say(f"[yellow]{name} is not compared: {escape(cause)}[/]")
    say(f"[dim]{found.unchanged:,} unchanged[/]")


def _markdown(found: Diff, against: str, as_of: dt.datetime) -> Iterator[str]:
    yield f"### Segments against `{against}`, as of {written(as_of)}"
    yield ""
    if found.segments:
        yield "| segment | change | before | after | entered | exited | retained | churn |"
        yield "|---|---|---:|---:|---:|---:|---:|---:|"
    for one in found.segments:
        cells = {key: _cell(value) for key, value in _row(one).items()} | {"segment": f"`{one.segment}`"}
        yield "| " + " | ".join(cells[column] for column in COLUMNS) + " |"
    yield from ("",) if found.segments else ()
    for one in (each for each in found.segments if each.moved):
        yield f"<details><summary><code>{one.segment}</code>: who moves, for example</summary>"
        yield ""
        for moved in one.moved:
            word, side = ("enters", "before") if moved.entered else ("exits", "now")
            yield f"- `{moved.key}` {word}; {side}: {_cell(moved.why)}"
        yield from ("", "</details>", "")
    for name, cause in found.not_compared.items():
        yield f"- `{name}` is not compared: {_cell(cause)}"
    yield f"{found.unchanged:,} segments unchanged."


def _cell(value: Any) -> str:
    return written(value).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _plain(found: Diff, as_of: dt.datetime, over: list[SegmentDiff]) -> dict[str, Any]:
    return {
        "as_of": as_of,
        "segments": [{**dataclasses.asdict(one), "churn": one.churn} for one in found.segments],
        "unchanged": found.unchanged,
        "not_compared": found.not_compared,
        "over_limit": [one.segment for one in over],
    }
