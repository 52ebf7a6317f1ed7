"""Segment tests as items of pytest: one a document, in the tests folder of the project it is told of.

Nothing is collected until the settings of pytest name a project:

    [tool.pytest.ini_options]
    segmentation_project = "."

Every pytest that runs where this package is installed loads this module, so it imports nothing
but pytest until there is a file to collect.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segmentation_pipeline.documents import Node
    from segmentation_pipeline.segments.trial import Bench
    from segmentation_pipeline.workspace import Workspace

PROJECT, WORKSPACE = "segmentation_project", "segmentation_workspace"
_OPENED: pytest.StashKey[Workspace] = pytest.StashKey()
_BENCH: pytest.StashKey[Bench] = pytest.StashKey()


class SegmentTestFailed(Exception):  # noqa: N818 — it is a failed test, no error of the tool
    """A segment test did not pass; the message says what was expected, and why it is otherwise."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the settings that name a project and its workspace."""
    parser.addini(PROJECT, "folder of the project whose segment tests are collected", default="")
    parser.addini(WORKSPACE, "which workspace of that project", default="")


def pytest_collection(session: pytest.Session) -> None:
    """Open the configured project before anything is collected: a wrong setting is wrong use."""
    if session.config.getini(PROJECT):
        _workspace(session.config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SegmentFile | None:
    """Collect YAML files in the tests folder of the configured project, and no others."""
    if file_path.suffix != ".yaml" or not parent.config.getini(PROJECT):
        return None
    if not file_path.is_relative_to(_workspace(parent.config).tests_folder):
        return None
    found: SegmentFile = SegmentFile.from_parent(parent, path=file_path)
    return found


class SegmentFile(pytest.File):
    """A file of segment tests."""

    def collect(self) -> Iterator[SegmentItem]:
        """Yield one item a document; a file that cannot be read is an error of the collection."""
        from segmentation_pipeline.documents import Mapping, Scalar, read_file
        from segmentation_pipeline.errors import SegmentationError
        from segmentation_pipeline.segments.testing import is_nothing

        name = _workspace(self.config).file_name(self.path)
        try:
            documents = read_file(self.path, name)
        except SegmentationError as error:
            raise self.CollectError(str(error)) from error
        seen: dict[str, int] = {}
        for node in documents:
            if is_nothing(node):
                continue
            title = node.get("test") if isinstance(node, Mapping) else None
            text = title.text if isinstance(title, Scalar) else f"line {node.at.line}"
            seen[text] = seen.get(text, 0) + 1
            unique = text if seen[text] == 1 else f"{text} ({seen[text]})"
            yield SegmentItem.from_parent(self, name=unique, node=node, file=name)


class SegmentItem(pytest.Item):
    """One segment test."""

    def __init__(self, *, node: Node, file: str, **options: Any) -> None:
        super().__init__(**options)
        self.document = node
        self.file = file

    def runtest(self) -> None:
        """Run the test against the project's definitions."""
        from segmentation_pipeline.segments.testing import run_test

        result = run_test(self.document, self.file, _bench(self.config))
        if not result.passed:
            raise SegmentTestFailed(result.message)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any, **__: Any) -> Any:
        """Return the message of a failed test alone: a traceback says nothing of a rule."""
        if isinstance(excinfo.value, SegmentTestFailed):
            return f"{self.document.at}: {excinfo.value}"
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the document stands; lines count from 0."""
        return self.path, self.document.at.line - 1, self.name


def _workspace(config: pytest.Config) -> Workspace:
    if _OPENED not in config.stash:
        from segmentation_pipeline.errors import SegmentationError
        from segmentation_pipeline.workspace import open_workspace

        root = config.inipath.parent if config.inipath is not None else config.rootpath
        project = root / config.getini(PROJECT)
        try:
            found = open_workspace(project, config.getini(WORKSPACE) or None, env=os.environ)
        except SegmentationError as error:
            raise pytest.UsageError(f"{PROJECT}: {error}") from error
        config.stash[_OPENED] = found
    return config.stash[_OPENED]


def _bench(config: pytest.Config) -> Bench:
    """Return what tests run against; definitions are read once a session."""
    if _BENCH not in config.stash:
        from segmentation_pipeline.segments.findings import catalog_node
        from segmentation_pipeline.segments.trial import Bench

        opened = _workspace(config)
        config.stash[_BENCH] = Bench(catalog_node(opened), opened.definitions, opened.time_zone)
    return config.stash[_BENCH]
