"""The options that every command shares, and how they open a workspace."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.workspace import Workspace


@dataclass
class Invocation:
    """What the entry point must know of the command it ran."""

    debug: bool = False
    project: Path | None = None


def _remember_debug(context: typer.Context, value: bool) -> None:
    invocation = context.find_root().obj
    if isinstance(invocation, Invocation):
        invocation.debug = invocation.debug or value


_RUNNING: ContextVar[typer.Context | None] = ContextVar("running command", default=None)
"""The command that is running, for what must be asked of its arguments whatever they are for."""


def _remember_project(context: typer.Context, value: Path) -> Path:
    _RUNNING.set(context)
    invocation = context.find_root().obj
    if isinstance(invocation, Invocation):
        invocation.project = value
    return value


Project = Annotated[
    Path,
    typer.Option(
        "--project",
        metavar="DIR",
        envvar="SEGMENTATION_PROJECT",
        help="The project's folder.",
        callback=_remember_project,
    ),
]
WorkspaceId = Annotated[
    str | None, typer.Option("--workspace", metavar="ID", help="Which workspace of the project.")
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="INSTANT", help="The instant that windows count back from."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Debug = Annotated[
    bool,
    typer.Option(
        "--debug", help="Show the traceback of an error.", callback=_remember_debug, expose_value=False
    ),
]
HERE = Path()
WAIT_SECONDS = 5.0
"""How long a command waits for another that writes to the lake."""


def open_project(project: Path, workspace_id: str | None = None, as_of: str | None = None) -> Workspace:
    """Return the workspace a command works in, with the ``as_of`` it was given.

    Raises `Forbidden` where an argument or an option of the command leads into another workspace,
    whatever the command wants with it.
    """
    from segmentation_pipeline.workspace import open_workspace

    workspace = open_workspace(project, workspace_id, env=os.environ)
    for path in _paths_given():
        workspace.tenant.own(path)
    if as_of is None:
        return workspace
    return dataclasses.replace(workspace, as_of=workspace.instant(as_of))


def _paths_given() -> Iterator[Path]:
    """Yield the paths that the running command was given: those declared so, and texts that are one."""
    context = _RUNNING.get()
    given = {} if context is None else context.params
    for name, value in given.items():
        for item in value if isinstance(value, list | tuple) else [value]:
            if name != "project" and (
                isinstance(item, Path) or (isinstance(item, str) and os.path.lexists(item))
            ):
                yield Path(item)


def now() -> dt.datetime:
    """Return the clock's instant: commands are the edge that may read it."""
    return dt.datetime.now(dt.UTC)
