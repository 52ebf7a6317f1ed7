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


@contextlib.contextmanager
def workspace_at(workspace: Workspace, place: str) -> Iterator[Workspace]:
    """Give the workspace with its definitions of another place; the lake and the settings are the same.

    ``place`` is a project, a folder of definitions, or a revision of git, which is unpacked beside the
    work tree. Raises `UsageError` where it is none of them, `Forbidden` where it is another workspace's.
    """
    folder = _folder(workspace, Path(place).resolve())
    if folder is not None:
        workspace.tenant.own(folder.definitions)
        for path in folder.foreign_links():
            workspace.tenant.own(path)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="segmentation-") as unpacked:
        yield _unpack(workspace, place, Path(unpacked).resolve())


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
