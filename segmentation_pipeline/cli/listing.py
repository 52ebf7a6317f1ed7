"""`segmentation list`: the registry of segments."""

from __future__ import annotations

from typing import Annotated

import typer

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_json, print_table, say

COLUMNS = ("segment", "name", "type", "object", "size", "status", "last_evaluated_at", "embeds", "embedded_by")


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
    from segmentation_pipeline.segments.registry import read_registry

    opened = open_project(project, workspace)
    rows = [{column: row[column] for column in COLUMNS} for row in read_registry(opened)]
    if embeddable_in is not None:
        allowed = embeddable(embeddable_in, read_definitions(opened))
        rows = [row for row in rows if row["segment"] in allowed]
    if as_json:
        print_json(rows)
        return
    print_table(rows, COLUMNS)
    if not rows:
        say("no segments yet: write one into segment_definitions/segments/")
