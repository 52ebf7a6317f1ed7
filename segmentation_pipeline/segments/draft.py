"""A definition that stands outside the folder, read among those of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.documents import Mapping, Scalar, read_file
from segmentation_pipeline.errors import DefinitionError, DocumentError, Position
from segmentation_pipeline.rules.definition import Setting
from segmentation_pipeline.rules.definitions import read_local

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation_pipeline.documents import Node
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.workspace import Workspace

UNNAMED = "draft"
_GROUPS = ("all", "any", "not", "at_least", "everyone", "on")
_LEAVES = ("field", "event", "related", "ratio", "response", "rank", "sequence")
_CONDITIONS = frozenset((*_GROUPS, *_LEAVES))
_EMBEDDING = frozenset(("segment", "entered", "left", "member_for", "as_of"))


def read_draft_file(path: Path, definitions: Definitions, workspace: Workspace) -> tuple[str, Definitions]:
    """Return the id of the one definition in a file, and the definitions with it in place of its like.

    Raises `DocumentError` for a file that cannot be read, `DefinitionError` with every finding on it.
    """
    name = workspace.file_name(path.resolve())
    try:
        documents = read_file(path, name)
    except OSError as error:
        raise DocumentError(f"not readable: {error.strerror}", where=str(path)) from error
    if len(documents) != 1:
        message = f"one file holds one segment; found {len(documents)} documents"
        raise DocumentError(message, where=Position(name, 1, 1))
    return read_draft(documents[0], definitions, workspace)


def read_draft(node: Node, definitions: Definitions, workspace: Workspace) -> tuple[str, Definitions]:
    """Return the id of a definition, and the definitions with it in place of its like.

    ``node`` is a definition or a bare condition; what has no id is called `draft`. Raises
    `DefinitionError` with every finding on it.
    """
    if isinstance(node, Mapping) and _is_condition(node):
        node = Mapping(((Scalar("where", False, node.at), node),), node.at)
    named = node.get("segment") if isinstance(node, Mapping) else None
    name = named.text if isinstance(named, Scalar) else UNNAMED
    setting = Setting(definitions.catalog, workspace.time_zone, workspace.definitions)
    read = read_local({name: node}, setting, definitions.week_starts, definitions)
    if name not in read.segments:
        mine = [finding for finding in read.diagnostics if finding.segment == name]
        raise DefinitionError(mine or [read.broken[name]])
    return name, read


def _is_condition(node: Mapping) -> bool:
    keys = set(node)
    return bool(keys & _CONDITIONS) or (bool(keys) and keys <= _EMBEDDING)
