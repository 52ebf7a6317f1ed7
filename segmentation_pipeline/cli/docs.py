"""`segmentation docs`: a static site of all segments, reports and tables."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_json, say


def docs(
    output: Annotated[
        Path | None, typer.Option("--output", metavar="DIR", help="Where to; default: site/ in the project.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Write a site: every segment's rule, lineage, size, analytics, overlaps and conflicts."""
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.site.build import build_site

    opened = open_project(project, workspace)
    folder = (output or opened.project / "site").resolve()
    site = build_site(opened, store_of(opened), folder)
    index = folder / "index.html"
    if as_json:
        print_json({"index": str(index), "pages": site.pages, "left_out": site.left_out})
    else:
        for said in site.left_out:
            say(f"[yellow]left out[/] {said}")
        say(f"{len(site.pages)} files: {index}")
    if show:
        webbrowser.open(index.as_uri())
