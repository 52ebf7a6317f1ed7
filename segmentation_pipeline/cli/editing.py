"""`segmentation add` and `remove`: keys put into a definition or taken out of it, comments kept."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_json, say
from segmentation_pipeline.errors import DefinitionError, UsageError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from segmentation_pipeline.segments.file_changes import FileChanges
    from segmentation_pipeline.segments.membership_edits import Side

Segment = Annotated[str, typer.Argument(metavar="ID", help="The segment.")]
Keys = Annotated[list[str], typer.Argument(metavar="KEY…", help="Keys or e-mails.")]
Reason = Annotated[str | None, typer.Option(metavar="TEXT", help="Pin them, for this reason.")]
Until = Annotated[
    str | None, typer.Option(metavar="DATE", help="Pinned to the end of this day, such as 2026-12-31.")
]


def add(
    segment: Segment,
    keys: Keys,
    reason: Reason = None,
    until: Until = None,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Add members to a static segment; with a reason, pin them into any."""
    put(segment, keys, "in", (reason, until), (project, workspace), as_json=as_json)


def remove(
    segment: Segment,
    keys: Keys,
    reason: Reason = None,
    until: Until = None,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Remove members of a static segment; with a reason, pin them out of any."""
    put(segment, keys, "out", (reason, until), (project, workspace), as_json=as_json)


def put(
    segment: str,
    keys: list[str],
    side: Side,
    pin: tuple[str | None, str | None],
    place: tuple[Project, WorkspaceId],
    *,
    as_json: bool,
) -> None:
    """Put keys on one side of a segment and write its file."""
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.membership_edits import Pinning, put_members

    reason, until = pin
    if until is not None and reason is None:
        raise UsageError("--until is the end of a pin", hint="give its reason, too: --reason TEXT")
    pinning = None if reason is None else Pinning(reason, _day(until))
    opened = open_project(*place)
    with nothing_written():
        changes = put_members(opened, read_definitions(opened), segment, keys, put=side, pinning=pinning)
    finish(changes, as_json=as_json)


@contextmanager
def nothing_written() -> Iterator[None]:
    """Say after the findings of a refused edit that the files are as they were."""
    try:
        yield
    except DefinitionError:
        sys.stderr.write("nothing was written: the definitions would break\n")
        raise


def finish(changes: FileChanges, *, as_json: bool) -> None:
    """Write the files of an edit and say what it did."""
    from segmentation_pipeline.segments.file_changes import write_files

    write_files(changes.texts)
    if as_json:
        files = {str(path): "removed" if text is None else "written" for path, text in changes.texts.items()}
        print_json({"files": files, "done": changes.done, "notes": changes.notes})
        return
    for line in changes.done:
        say(escape(line))
    for line in changes.notes:
        say(f"[yellow]note:[/] {escape(line)}")


def _day(text: str | None) -> dt.date | None:
    import datetime as dt

    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"`{text}` is not a day", allowed=["2026-12-31"]) from error
