"""Everything that is wrong with the files of a workspace, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.reading import load_catalog_node, read_catalog
from segmentation_pipeline.diagnostics import Diagnostic
from segmentation_pipeline.errors import DefinitionError, DocumentError, Position
from segmentation_pipeline.rules.definitions import load_definitions

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.documents import Node
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.workspace import Workspace


def file_name(workspace: Workspace, path: Path) -> str:
    """Return how findings call a file: relative to the project where it lies inside."""
    return (
        path.relative_to(workspace.project).as_posix()
        if path.is_relative_to(workspace.project)
        else str(path)
    )


def catalog_node(workspace: Workspace) -> Node:
    """Return the catalog's document, unread; segment tests lay theirs over it."""
    return load_catalog_node(workspace.catalog_file, file_name(workspace, workspace.catalog_file))


def read_definitions(workspace: Workspace, catalog: Catalog | None = None) -> Definitions:
    """Return the definitions of a workspace; only a bad catalog raises."""
    return load_definitions(
        workspace.definitions,
        catalog or read_catalog(catalog_node(workspace)),
        time_zone=workspace.time_zone,
        week_starts=workspace.week_starts,
        root=workspace.project,
    )


def collect_findings(workspace: Workspace) -> list[Diagnostic]:
    """Return every finding, by file and line. Without a good catalog nothing else can be read."""
    try:
        catalog = read_catalog(catalog_node(workspace))
    except (DefinitionError, DocumentError) as error:
        return _of(error)
    found = list(read_definitions(workspace, catalog).diagnostics)
    return sorted(found, key=lambda finding: (finding.at, finding.rule))


def _of(error: DefinitionError | DocumentError) -> list[Diagnostic]:
    if isinstance(error, DefinitionError):
        return list(error.diagnostics)
    at = error.where if isinstance(error.where, Position) else Position(str(error.where), 1, 1)
    return [Diagnostic("yaml", error.what, at, error.hint)]
