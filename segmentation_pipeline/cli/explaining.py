"""`segmentation explain`: why one object is a member, or why not."""

from __future__ import annotations

from typing import Annotated

import typer

from segmentation_pipeline.cli.options import HERE, AsJson, AsOf, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import console, print_json


def explain(
    segment: Annotated[str, typer.Argument(metavar="ID", help="The segment.")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="The object's key, such as a contact id.")],
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Show the rule as a tree: what is true, what is false, and the values or rows that decide."""
    from segmentation_pipeline.cli.verdicts import plain, tree_of
    from segmentation_pipeline.segments.explain import explain_member

    found = explain_member(open_project(project, workspace, as_of), segment, key)
    if as_json:
        print_json(plain(found))
    else:
        console().print(tree_of(found))
