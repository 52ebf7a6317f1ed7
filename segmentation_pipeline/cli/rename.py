"""`segmentation rename`: another id for a segment, in every file that names it."""

from __future__ import annotations

from typing import Annotated

import typer

from segmentation_pipeline.cli.editing import finish, nothing_written
from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project


def rename(
    old: Annotated[str, typer.Argument(metavar="ID", help="The segment.")],
    new: Annotated[str, typer.Argument(metavar="NEW_ID", help="Its new id.")],
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Rename a segment; rules, tests and policies that name it follow."""
    from segmentation_pipeline.segments import editing
    from segmentation_pipeline.segments.basis import read_definitions

    opened = open_project(project, workspace)
    with nothing_written():
        changes = editing.rename(opened, read_definitions(opened), old, new)
    finish(changes, as_json=as_json)
