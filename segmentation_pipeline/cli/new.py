"""`segmentation new`: a definition that validates, to start from."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from segmentation_pipeline.cli.editing import finish, nothing_written
from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import say

Kind = Literal["dynamic", "static", "suppression"]


def new(
    segment: Annotated[str, typer.Argument(metavar="ID", help="Its id: a-z, 0-9 and _, a letter first.")],
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    kind: Annotated[Kind, typer.Option("--type", help="What kind of segment.")] = "dynamic",
    object_name: Annotated[
        str | None, typer.Option("--object", metavar="OBJECT", help="Whose keys its members are.")
    ] = None,
    where: Annotated[str | None, typer.Option(metavar="YAML", help="Its rule; default: everyone.")] = None,
    folder: Annotated[str, typer.Option(metavar="DIR", help="A folder below segments/.")] = "",
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Write the file of a new segment."""
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.editing import create

    opened = open_project(project, workspace)
    with nothing_written():
        changes = create(
            opened,
            read_definitions(opened),
            segment,
            title=name,
            kind=kind,
            object_name=object_name,
            where=where,
            folder=folder,
        )
    finish(changes, as_json=as_json)
    if not as_json:
        say(f"next: write its rule; segmentation preview {segment}")
