"""Definitions as they stand elsewhere: in another folder, or at a revision of git."""

from __future__ import annotations

import contextlib
import io
import subprocess
import tarfile
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.workspace import Workspace

WORKTREE = "worktree"
SOURCES = (WORKTREE, "git:REVISION", "folder:PATH")
"""How a simulation may say where definitions are taken from."""


@contextlib.contextmanager
def workspace_at(workspace: Workspace, place: str) -> Iterator[Workspace]:
    """Give the workspace with its definitions of another place; the lake and the settings are the same.

    ``place`` is a project, a folder of definitions, or a revision of git, which is unpacked beside the
    work tree. Raises `UsageError` where it is none of them, `Forbidden` where it is another workspace's.
    """
    folder = _folder(workspace, Path(place).resolve())
    if folder is not None:
        yield _owned(folder)
        return
    with _unpacked(workspace, place) as found:
        yield found


@contextlib.contextmanager
def workspace_from(workspace: Workspace, source: str) -> Iterator[Workspace]:
    """Give the workspace with its definitions of a named source, as simulations name them.

    ``source`` is `WORKTREE` for those that are there, ``git:REVISION``, or ``folder:PATH`` below the
    project (or absolute). Raises as `workspace_at` does, and `UsageError` for any other word.
    """
    kind, _, place = source.partition(":")
    if source == WORKTREE:
        yield workspace
    elif kind == "folder" and place:
        folder = _folder(workspace, (workspace.project / place).resolve())
        if folder is None:
            raise UsageError(f"`{place}` is no folder of definitions", hint="name one with a catalog.yaml")
        yield _owned(folder)
    elif kind == "git" and place:
        with _unpacked(workspace, place) as found:
            yield found
    else:
        raise UsageError(f"`{source}` names no definitions", allowed=SOURCES)


@contextlib.contextmanager
def _unpacked(workspace: Workspace, revision: str) -> Iterator[Workspace]:
    with tempfile.TemporaryDirectory(prefix="segmentation-") as folder:
        yield _unpack(workspace, revision, Path(folder).resolve())


def _owned(folder: Workspace) -> Workspace:
    """Return a workspace whose definitions do not lead into another one."""
    folder.tenant.own(folder.definitions)
    for path in folder.foreign_links():
        folder.tenant.own(path)
    return folder


def _folder(workspace: Workspace, path: Path) -> Workspace | None:
    if (path / "catalog.yaml").is_file():
        return replace(workspace, definitions=path, project=path.parent)
    if workspace.definitions.is_relative_to(workspace.project):
        below = path / workspace.definitions.relative_to(workspace.project)
        if (below / "catalog.yaml").is_file():
            return replace(workspace, definitions=below, project=path)
    return None


def _unpack(workspace: Workspace, revision: str, target: Path) -> Workspace:
    hint = "name a folder with a catalog.yaml, or a revision: main, origin/main, HEAD~1, v1.2"
    fault = f"`{revision}` is neither a folder of definitions nor a revision of git"
    try:
        top = Path(_git(workspace.definitions, "rev-parse", "--show-toplevel").decode().strip()).resolve()
        commit = (
            _git(top, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
        )
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        raise UsageError(fault, where=str(workspace.definitions), hint=hint) from error
    below = workspace.definitions.relative_to(top)
    try:
        archive = _git(top, "archive", "--format=tar", commit, "--", below.as_posix())
    except subprocess.CalledProcessError as error:
        raise UsageError(f"`{revision}` has no folder `{below.as_posix()}`", where=str(top)) from error
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(target, filter="data")
    found = replace(workspace, definitions=target / below)
    if workspace.project.is_relative_to(top):
        found = replace(found, project=target / workspace.project.relative_to(top))
    return found


def _git(folder: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(folder), "--no-optional-locks", *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 — git, with a checked revision
