"""`segmentation show`: one segment in plain English, with its neighbours and its size over time."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_json, say, written
from segmentation_pipeline.report.writing import sparkline

STATE = (
    "status",
    "cause",
    "size",
    "contactable",
    "suppressed",
    "last_evaluated_at",
    "rows_scanned",
    "bytes_scanned",
)


def show(
    segment: Annotated[str, typer.Argument(metavar="ID", help="The segment.")],
    plan: Annotated[bool, typer.Option("--plan", help="The Polars expression, too.")] = False,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Show one segment: its rule in English, its conditions, who embeds it, its size."""
    from segmentation_pipeline.cli.selection import one_segment
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.members import sizes_over_time
    from segmentation_pipeline.segments.registry import read_registry
    from segmentation_pipeline.segments.summary import plan_of, summarise

    opened = open_project(project, workspace)
    definitions = read_definitions(opened)
    rule = one_segment(segment, definitions)
    store = store_of(opened)
    state = next((row for row in read_registry(store) if row["segment_id"] == segment), None)
    found = summarise(rule, definitions) | {"sizes": sizes_over_time(store, segment)}
    found |= {key: state[key] if state else None for key in STATE}
    if plan:
        found["plan"] = plan_of(rule)
    if as_json:
        print_json(found)
    else:
        print_segment(found)


def print_segment(found: dict[str, Any]) -> None:
    """Print what a person wants to know first: the rule; then its neighbours, its size, its plan."""
    say(f"[bold]{escape(found['name'])}[/]  [dim]{escape(found['file'])}[/]")
    if found["description"]:
        say(escape(found["description"]))
    say(f"\n{escape(found['rule'])}\n")
    for key in ("embeds", "embedded_by"):
        if found[key]:
            say(f"{key.replace('_', ' ')}: {', '.join(found[key])}")
    if found["status"] is None:
        say("not evaluated yet: segmentation run")
    else:
        cause = f" ({escape(found['cause'])})" if found["cause"] else ""
        at = f" as of {written(found['last_evaluated_at'])}" if found["last_evaluated_at"] else ""
        say(f"{found['status']}{cause}, {found['size']:,} members{at}")
        if found["sizes"]:
            say(f"size over time: {sparkline([size for _, size in found['sizes']])}")
        if found["rows_scanned"] is not None:
            say(f"reads an estimated {found['rows_scanned']:,} rows, {found['bytes_scanned']:,} bytes")
    for name, condition in found.get("plan", {}).get("leaves", {}).items():
        say(f"[dim]{escape(name)}[/] {escape(condition)}")
    if "plan" in found:
        say(escape(found["plan"]["expression"]))
