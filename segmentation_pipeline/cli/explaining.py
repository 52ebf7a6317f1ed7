"""`segmentation explain`: why one object is a member, or why not."""

from __future__ import annotations

from typing import Annotated

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
from segmentation_pipeline.cli.output import print_json, say, written
from segmentation_pipeline.errors import UsageError


def explain(
    segment: Annotated[str, typer.Argument(metavar="ID", help="The segment.")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="The object's key, such as a contact id.")],
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Show the rule as a tree: what is true, what is false, and the values or rows that decide."""
    from segmentation_pipeline.cli.selection import one_segment
    from segmentation_pipeline.cli.tables import source_frames
    from segmentation_pipeline.cli.verdicts import plain_segment
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.examination import examine
    from segmentation_pipeline.segments.explain import explanation

    opened = open_project(project, workspace, as_of)
    moment = opened.as_of or now()
    definitions = read_definitions(opened)
    rule = one_segment(segment, definitions)
    found = examine(definitions, rule, key, source_frames(opened, definitions.catalog), moment)
    if found.decided_by == "unknown":
        raise UsageError(f"there is no {rule.object} `{key}`", where=str(opened.lake))
    if as_json:
        print_json({"as_of": moment, **plain_segment(found)})
        return
    say(f"[dim]as of {written(moment)}[/]")
    for line in explanation(found):
        say(escape(line).replace("✓", "[green]✓[/]").replace("✗", "[red]✗[/]"))
