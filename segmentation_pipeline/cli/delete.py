"""`segmentation delete`: a definition that nobody needs any more."""

from __future__ import annotations

from typing import Annotated

import typer

from segmentation_pipeline.cli.editing import finish, nothing_written
from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project


def delete(
    segment: Annotated[str, typer.Argument(metavar="ID", help="The segment.")],
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Delete the definition of a segment; refused, with their names, while others embed it."""
    from segmentation_pipeline.segments import editing
    from segmentation_pipeline.segments.basis import read_definitions

    opened = open_project(project, workspace)
    with nothing_written():
        changes = editing.delete(opened, read_definitions(opened), segment)
    finish(changes, as_json=as_json)
