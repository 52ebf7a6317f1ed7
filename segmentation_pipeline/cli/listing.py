"""`segmentation list`: the registry of segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from segmentation_pipeline.rules.segment import Definitions

KEYS = (
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
COLUMNS = ("segment", "name", "type", "object", "size", "status", "last_evaluated_at", "embeds")


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
    from segmentation_pipeline.cli.selection import embeddable
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.registry import read_registry

    opened = open_project(project, workspace)
    definitions = read_definitions(opened)
    rows = {
        row["segment_id"]: row | {"segment": row["segment_id"]} for row in read_registry(store_of(opened))
    }
    for name in {*definitions.segments, *definitions.broken} - set(rows):
        rows[name] = _unevaluated(name, definitions)
    wanted = embeddable(embeddable_in, definitions) if embeddable_in is not None else set(rows)
    listed = [{key: rows[name][key] for key in KEYS} for name in sorted(wanted & set(rows))]
    if as_json:
        print_json(listed)
        return
    print_table(listed, COLUMNS)
    if not rows:
        say(f"no segments yet: write one into {opened.file_name(opened.segments_folder)}")


def _unevaluated(name: str, definitions: Definitions) -> dict[str, Any]:
    """Return the row of a definition that no run has seen yet; of a broken one only its id is known."""
    from segmentation_pipeline.rules.graph import embedders, embeds

    segment = definitions.segments.get(name)
    return {
        "segment": name,
        "name": segment.name if segment else name,
        "type": segment.type if segment else None,
        "object": segment.object if segment else None,
        "size": None,
        "status": "not evaluated",
        "last_evaluated_at": None,
        "embeds": list(embeds(segment)) if segment else [],
        "embedded_by": list(embedders(definitions.segments, name)),
    }
