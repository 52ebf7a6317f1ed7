"""`segmentation explain`: why one object is a member, or why not."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from segmentation_pipeline.cli.options import HERE, AsJson, AsOf, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_json, say, written
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    from segmentation_pipeline.rules.verdict import SegmentVerdict
    from segmentation_pipeline.workspace import Workspace


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
    from segmentation_pipeline.cli.verdicts import plain_segment
    from segmentation_pipeline.segments.explain import explanation

    opened = open_project(project, workspace, as_of)
    moment = opened.as_of or dt.datetime.now(dt.UTC)
    found = verdict_on(opened, segment, key, moment)
    if found.decided_by == "unknown":
        raise UsageError(f"there is no {found.segment.object} `{key}`", where=str(opened.lake))
    if as_json:
        print_json({"as_of": moment, **plain_segment(found)})
        return
    say(f"[dim]as of {written(moment)}[/]")
    for line in explanation(found):
        say(escape(line).replace("✓", "[green]✓[/]").replace("✗", "[red]✗[/]"))


def verdict_on(workspace: Workspace, segment: str, key: str, as_of: dt.datetime) -> SegmentVerdict:
    """Examine one object on the latest rows of the lake; what it embeds is evaluated at ``as_of`` too."""
    from segmentation_pipeline.cli.findings import read_definitions
    from segmentation_pipeline.cli.selection import one_segment, selected
    from segmentation_pipeline.cli.tables import source_frames
    from segmentation_pipeline.evaluation.evaluate import evaluate
    from segmentation_pipeline.rules.interpret import examine_segment
    from segmentation_pipeline.segments.worlds import gather_world

    definitions = read_definitions(workspace)
    rule = one_segment(segment, definitions)
    embedded = selected(f"+{segment}", definitions) - {segment}
    frames = source_frames(workspace, definitions.catalog)
    evaluation = evaluate(definitions, frames, as_of, only=embedded)
    if evaluation.failed:
        name, failure = next(iter(evaluation.failed.items()))
        raise UsageError(f"`{segment}` embeds `{name}`, which cannot be evaluated: {failure.cause}")
    return examine_segment(rule, key, gather_world(evaluation, as_of, rule.object, [key]))
