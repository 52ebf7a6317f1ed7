"""`segmentation schema`: the JSON Schemas by which editors complete and check what people write."""

from __future__ import annotations

from typing import Annotated

import typer

from segmentation_pipeline.cli.options import HERE, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import say

Write = Annotated[bool, typer.Option("--write", help="Write those that are out of date.")]


def schema(
    project: Project = HERE,
    workspace: WorkspaceId = None,
    write: Write = False,
    _debug: Debug = False,
) -> None:
    """Say which schemas no longer fit the catalog, or write them."""
    from segmentation_pipeline.catalog.reading import load_catalog
    from segmentation_pipeline.schemas.writing import FOLDER, stale_schemas, write_schemas

    opened = open_project(project, workspace)
    catalog = load_catalog(opened.catalog_file)
    folder = opened.definitions / FOLDER
    stale = write_schemas(catalog, folder) if write else stale_schemas(catalog, folder)
    for path in stale:
        name = path.relative_to(opened.project) if path.is_relative_to(opened.project) else path
        say(f"{name} {'written' if write else 'is out of date'}")
    if not stale:
        say("[green]up to date[/]")
    elif not write:
        say("write them with `segmentation schema --write`")
        raise typer.Exit(1)
