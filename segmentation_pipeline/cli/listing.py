"""`segmentation list`: the registry of segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from segmentation_pipeline.rules.segment import Definitions, Segment

COLUMNS = (
    "segment",
    "name",
    "type",
    "object",
    "size",
    "status",
    "last_evaluated_at",
    "embeds",
    "embedded_by",
)


def list_segments(
    embeddable_in: Annotated[
        str | None,
        typer.Option("--embeddable-in", metavar="ID", help="Only those that this segment could embed."),
    ] = None,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """List the segments: size, status, what embeds what."""
    from segmentation_pipeline.cli.findings import read_definitions
    from segmentation_pipeline.cli.selection import embeddable
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.segments.registry import read_registry

    opened = open_project(project, workspace)
    definitions = read_definitions(opened)
    registered = {row["segment_id"]: row for row in read_registry(store_of(opened))}
    rows = [_registered(row) for row in registered.values()]
    rows += [
        _unevaluated(segment, definitions)
        for name, segment in definitions.segments.items()
        if name not in registered
    ]
    rows.sort(key=lambda row: row["segment"])
    if embeddable_in is not None:
        allowed = embeddable(embeddable_in, definitions)
        rows = [row for row in rows if row["segment"] in allowed]
    if as_json:
        print_json(rows)
        return
    print_table(rows, COLUMNS)
    if not rows:
        say("no segments yet: write one into segment_definitions/segments/")


def _registered(row: dict[str, Any]) -> dict[str, Any]:
    return {column: row["segment_id" if column == "segment" else column] for column in COLUMNS}


def _unevaluated(segment: Segment, definitions: Definitions) -> dict[str, Any]:
    """Return the row of a definition that no run has seen yet."""
    from segmentation_pipeline.rules.graph import embeds

    return {
        "segment": segment.id,
        "name": segment.name,
        "type": segment.type,
        "object": segment.object,
        "size": None,
        "status": "not evaluated",
        "last_evaluated_at": None,
        "embeds": list(embeds(segment)),
        "embedded_by": sorted(
            other.id for other in definitions.segments.values() if segment.id in embeds(other)
        ),
    }
