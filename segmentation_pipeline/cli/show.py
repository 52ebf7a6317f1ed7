"""`segmentation show`: one segment in plain English, with its neighbours and its size over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import coloured, print_json, say, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.rules.segment import Definitions, Segment

BARS = "▁▂▃▄▅▆▇█"


def show(
    segment: Annotated[str, typer.Argument(metavar="ID", help="The segment.")],
    plan: Annotated[bool, typer.Option("--plan", help="The Polars expression, too.")] = False,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Show one segment: its rule in English, its conditions, who embeds it, its size."""
    from segmentation_pipeline.cli.findings import read_definitions
    from segmentation_pipeline.cli.selection import one_segment
    from segmentation_pipeline.segments.registry import read_registry

    opened = open_project(project, workspace)
    definitions = read_definitions(opened)
    found = describe_segment(one_segment(segment, definitions), definitions)
    if as_json:
        print_json(found)
        return
    say(f"[bold]{escape(found['name'])}[/]  [dim]{found['file']}[/]")
    if found["description"]:
        say(escape(found["description"]))
    say()
    say(escape(found["rule"]))


def describe_segment(segment: Segment, definitions: Definitions) -> dict[str, Any]:
    """Return what its definition alone says of a segment."""
    from segmentation_pipeline.rules.english import describe
    from segmentation_pipeline.rules.graph import embeds, walk
    from segmentation_pipeline.rules.tree import Compare

    roots = [root for root in (segment.where, segment.exclude) if root is not None]
    leaves = [node for root in roots for node in walk(root) if isinstance(node, Compare)]
    return {
        "segment": segment.id,
        "name": segment.name,
        "description": segment.description,
        "owner": segment.owner,
        "type": segment.type,
        "object": segment.object,
        "active": segment.active,
        "labels": list(segment.labels),
        "file": f"{segment.at.file}:{segment.at.line}",
        "rule": describe(segment),
        "conditions": list(dict.fromkeys(describe(leaf) for leaf in leaves)),
        "embeds": list(embeds(segment)),
        "embedded_by": sorted(other.id for other in definitions.segments.values() if segment.id in embeds(other)),
    }


def sparkline(sizes: Sequence[int]) -> str:
    """Return sizes over time as bars between the least and the greatest.

    >>> sparkline([1, 5, 9])
    '▁▅█'
    """
    low, high = min(sizes, default=0), max(sizes, default=0)
    span = max(high - low, 1)
    return "".join(BARS[(size - low) * (len(BARS) - 1) // span] for size in sizes)
