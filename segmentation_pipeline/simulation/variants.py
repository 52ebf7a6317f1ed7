"""The variants of a simulation as read: definitions, policy, and the texts to read them from again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentation_pipeline.assignment.contenders import Ranking
from segmentation_pipeline.assignment.policies import find_policy
from segmentation_pipeline.conflicts.analysis import definitions_hash
from segmentation_pipeline.errors import DefinitionError, UsageError
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.revisions import workspace_from
from segmentation_pipeline.simulation.declaration import WORKTREE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from segmentation_pipeline.assignment.policy import Policy
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.simulation.declaration import Variant
    from segmentation_pipeline.workspace import Workspace

_LEFT_OUT = frozenset(
    {"tests", "schemas", "examples", "reports", "mappings", "enrichment", "webhooks", "simulations"}
)
"""Folders that decide no member and no contact."""
_KINDS = frozenset({".yaml", ".csv", ".txt"})


@dataclass(frozen=True, slots=True)
class Side:
    """One variant: ``place`` is where its definitions stood, ``zone`` where its days begin.

    ``files`` are the texts of its definitions by path, ``hash`` that of all of them; ``meaning`` is the
    hash of what they say: two sides with one meaning have the same members.
    """

    name: str
    place: str
    definitions: Definitions
    policy: Policy
    ranking: Ranking
    zone: str
    files: Mapping[str, str] = field(repr=False)
    hash: str = ""
    meaning: str = ""

    def check(self) -> None:
        """Raise `DefinitionError` where a definition cannot be read: who is in it is then not known."""
        if self.definitions.errors:
            raise DefinitionError(self.definitions.errors)


def read_sides(
    workspace: Workspace, variants: Mapping[str, Variant], definitions: Definitions
) -> tuple[Side, ...]:
    """Return the variants, each read from where it says; ``definitions`` are those of the work tree.

    Raises:
        UsageError: there is no such revision, folder or policy.
        DefinitionError: a catalog, or a policy, cannot be read.
    """
    return tuple(_read_side(workspace, name, variant, definitions) for name, variant in variants.items())


def _read_side(workspace: Workspace, name: str, variant: Variant, definitions: Definitions) -> Side:
    if variant.definitions == WORKTREE:
        return side_of(workspace, name, variant, definitions)
    with workspace_from(workspace, variant.definitions) as other:
        return side_of(other, name, variant, read_definitions(other))


def side_of(workspace: Workspace, name: str, variant: Variant, definitions: Definitions) -> Side:
    """Return a variant; ``definitions`` are those of the workspace."""
    policy = find_policy(workspace, definitions, variant.policy)
    files = definition_files(workspace.definitions)
    return Side(
        name,
        variant.definitions,
        definitions,
        policy,
        Ranking.of(definitions),
        policy.time_zone or workspace.time_zone,
        files,
        files_hash(files),
        definitions_hash(definitions),
    )


def definition_files(folder: Path) -> dict[str, str]:
    """Return the texts below a definitions folder that decide members and contacts, by path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if inside.parts[0] in _LEFT_OUT or path.suffix not in _KINDS or not path.is_file():
            continue
        try:
            found[inside.as_posix()] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise UsageError("not readable as UTF-8", where=str(inside)) from error
    return found


def write_files(files: Mapping[str, str], folder: Path) -> None:
    """Write texts of definitions where they can be read again."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")


def files_hash(files: Mapping[str, str]) -> str:
    """Return the hash of files: of their paths and texts."""
    return hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()
