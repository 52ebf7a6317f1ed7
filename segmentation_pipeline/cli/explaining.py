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
    """Show the rule as a tree: what is true, what is false, and the values or rows that decide.

    With `--as-of` an instant of the past: what was published then, by the rule and the data of that run.
    """
    from segmentation_pipeline.cli.selection import one_segment
    from segmentation_pipeline.cli.tables import source_frames, store_of
    from segmentation_pipeline.cli.verdicts import plain_segment
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.examination import examine
    from segmentation_pipeline.segments.explain import explanation
    from segmentation_pipeline.segments.former import run_at

    opened = open_project(project, workspace)
    definitions = read_definitions(opened)
    rule = one_segment(segment, definitions)
    moment = opened.instant(as_of) if as_of is not None else opened.as_of or now()
    past = None
    if as_of is not None:
        past = run_at(store_of(opened), definitions, segment, moment, opened.definitions)
    if past is not None:
        moment, definitions = past.record.as_of, past.exact([segment])
        rule, frames = definitions.segments[segment], past.frames()
    else:
        frames = source_frames(opened, definitions.catalog)
    found = examine(definitions, rule, key, frames, moment)
    if found.decided_by == "unknown":
        raise UsageError(f"there is no {rule.object} `{key}`", where=str(opened.lake))
    if as_json:
        run_id = past.record.run_id if past is not None else None
        print_json({"as_of": moment, "published_by": run_id, **plain_segment(found)})
        return
    by = f", as {past.record.run_id} published it" if past is not None else ""
    say(f"[dim]as of {written(moment)}{by}[/]")
    if found.key != key:
        say(f"{escape(key)} was merged into {escape(found.key)}")
    for line in explanation(found):
        say(escape(line).replace("✓", "[green]✓[/]").replace("✗", "[red]✗[/]"))
