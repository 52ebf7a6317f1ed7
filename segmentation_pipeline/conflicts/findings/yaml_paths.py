"""Where the conditions of a segment stand in its YAML: ``where.all[0]``, with line and column.

What is written as one mapping is one place, though it may be read as several conditions
(``observed_for``, ``any:`` over rows).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.documents import Mapping, Sequence, read_documents
from segmentation_pipeline.rules.tree import All, Any, AtLeast, Condition, Not, On

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.documents import Node
    from segmentation_pipeline.errors import Position
    from segmentation_pipeline.rules.segment import Segment

_GROUPS = {All: "all", Any: "any", AtLeast: "of"}


@dataclass(frozen=True, slots=True)
class Place:
    """A condition where it is written; ``node`` is its YAML, None for definitions made without."""

    condition: Condition
    path: str
    node: Node | None = None

    @property
    def at(self) -> Position:
        return self.condition.at

    def below(self) -> tuple[Place, ...]:
        """Return the conditions directly below, each where it is written; none of a leaf."""
        return tuple(self._below())

    def _below(self) -> Iterator[Place]:
        condition = self.condition
        if isinstance(self.node, Mapping) and self._is_sugar():
            return
        match condition:
            case All(conditions) | Any(conditions) | AtLeast(_, conditions):
                key = _GROUPS[type(condition)]
                listed = self._get(key)
                items = listed.items if isinstance(listed, Sequence) else (None,) * len(conditions)
                for index, (child, node) in enumerate(zip(conditions, items, strict=True)):
                    yield Place(child, f"{self.path}.{key}[{index}]", node)
            case Not(child):
                yield Place(child, f"{self.path}.not", self._get("not"))
            case On(_, _, child):
                yield Place(child, f"{self.path}.where", self._get("where"))

    def _is_sugar(self) -> bool:
        assert isinstance(self.node, Mapping)
        plain = ("field", "event", "related", "ratio", "response", "rank", "sequence", "segment",
                 "everyone", "observed_for")  # fmt: skip
        return any(key in self.node for key in plain)

    def _get(self, key: str) -> Node | None:
        return self.node.get(key) if isinstance(self.node, Mapping) else None

    def walk(self) -> Iterator[Place]:
        """Yield this and everything below, in the order written."""
        yield self
        for place in self.below():
            yield from place.walk()


@dataclass(frozen=True, slots=True)
class Written:
    """A segment's definition as a document: its rule by place, and where its keys stand."""

    segment: Segment
    document: Mapping | None

    @property
    def roots(self) -> dict[str, Place]:
        """The ``where`` and the ``exclude`` of a segment, as far as it has them."""
        found = (("where", self.segment.where), ("exclude", self.segment.exclude))
        return {
            key: Place(condition, key, self.document.get(key) if self.document else None)
            for key, condition in found
            if condition is not None
        }

    def position(self, *keys: str) -> Position:
        """Return where a key stands, or the nearest above it."""
        node: Node | None = self.document
        at = self.segment.at
        for key in keys:
            name = node.key(key) if isinstance(node, Mapping) else None
            if name is None or not isinstance(node, Mapping):
                break
            at, node = name.at, node.get(key)
        return at


def read_written(segment: Segment) -> Written:
    """Return a definition with its places; its source has been read before, so it can be."""
    documents = read_documents(segment.source, segment.at.file) if segment.source else []
    document = documents[0] if documents and isinstance(documents[0], Mapping) else None
    return Written(segment, document)
