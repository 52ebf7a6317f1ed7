"""What ends the reading of one condition, and the small questions every reader asks a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.documents import Mapping, Node, Scalar
from segmentation_pipeline.rules.paths import UnknownPath

if TYPE_CHECKING:
    from segmentation_pipeline.errors import Position
    from segmentation_pipeline.rules.paths import Scope
    from segmentation_pipeline.rules.tree import Field


class Fault(Exception):  # noqa: N818 — it ends one condition, not the reading, and never leaves this package
    """One condition cannot be read: the rule it breaks, why, where, and how to mend it."""

    def __init__(self, rule: str, message: str, at: Position, hint: str | None = None) -> None:
        super().__init__(message)
        self.rule, self.message, self.at, self.hint = rule, message, at, hint


class Incomplete(Exception):  # noqa: N818 — as Fault
    """A part of a condition could not be read; its findings are recorded already."""


def only(node: Mapping, *allowed: str) -> None:
    """Refuse keys of a mapping that mean nothing there."""
    for key, _ in node.entries:
        if key.text not in allowed:
            hint = did_you_mean(key.text, allowed)
            raise Fault("unknown-key", f"unknown key `{key.text}` here", key.at, hint)


def place(node: Mapping, key: str) -> Position:
    """Return where a key stands, or its mapping if it does not."""
    found = node.key(key)
    return found.at if found else node.at


def required(node: Mapping, key: str) -> Node:
    """Return the value of a key that must be there."""
    found = node.get(key)
    if found is None:
        raise Fault("missing-key", f"`{key}` is missing", node.at)
    return found


def word(node: Node, key: str) -> str:
    """Return the text of a value that must be one name."""
    if not isinstance(node, Scalar) or node.is_null or not node.text.strip():
        raise Fault("condition-shape", f"`{key}` takes one name", node.at)
    return node.text


def field_at(scope: Scope, node: Node, key: str, at: Position | None = None) -> Field:
    """Return the field that a value names; refuse a path that leads to none."""
    try:
        return scope.field(word(node, key))
    except UnknownPath as error:
        raise Fault("unknown-field", str(error), at or node.at, error.hint) from error
