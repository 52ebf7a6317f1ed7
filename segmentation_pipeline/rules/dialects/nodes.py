"""Conditions built as nodes that stand where the seed's own words stand.

What the reader of rules then finds wrong with a translated condition carries the place in the
seed's file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.documents import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Sequence as Listed

    from segmentation_pipeline.errors import Position


def text(word: str, at: Position) -> Scalar:
    """Return a text; in quotes, so that a segment called ``null`` stays one."""
    return Scalar(word, quoted=True, at=at)


def bare(word: str, at: Position) -> Scalar:
    return Scalar(word, quoted=False, at=at)


def mapping(at: Position, entries: Listed[tuple[str, Node | None]]) -> Mapping:
    """Return the entries that have a value, in their order."""
    return Mapping(tuple((text(key, at), value) for key, value in entries if value is not None), at)


def group(kind: str, conditions: Listed[Node], at: Position) -> Node:
    """Return ``all`` or ``any`` of the conditions; a single one needs no group.

    Groups of the same kind that stand inside are taken apart.
    """
    if len(conditions) == 1:
        return conditions[0]
    parts: list[Node] = []
    for condition in conditions:
        inner = condition.get(kind) if isinstance(condition, Mapping) else None
        parts += inner.items if isinstance(inner, Sequence) else [condition]
    return mapping(at, [(kind, Sequence(tuple(parts), at))])


def negated(condition: Node, at: Position) -> Mapping:
    return mapping(at, [("not", condition)])


def given(node: Mapping, key: str) -> Node | None:
    """Return the value of a key, or None where it is absent, null or an empty text: forms leave all three."""
    found = node.get(key)
    if isinstance(found, Scalar) and (found.is_null or not found.text.strip()):
        return None
    return found
