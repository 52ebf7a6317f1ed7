"""One catalog laid over another: what a segment test adds to the project's catalog, or changes in it.

Mappings merge deeply and a field's declaration is replaced whole. A column of events is one
column whatever types have it, so its new declaration replaces the old one at every type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import Diagnostic
from segmentation_pipeline.documents import Mapping, Node, Scalar, Sequence
from segmentation_pipeline.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable

    Merge = Callable[[Node, Node], Node]


def overlay_catalog(base: Node, overlay: Node) -> Node:
    """Return the catalog node ``base`` with ``overlay`` merged over it; both keep their positions."""
    if _is_null(overlay):
        return base
    if not isinstance(overlay, Mapping):
        raise DefinitionError([Diagnostic("catalog-shape", "a catalog must be a mapping", overlay.at)])
    sections = {"objects": _each(_object), "events": _each(_event_source), "tables": _each(_table)}
    return _merge(base, overlay, lambda key, old, new: sections.get(key, _deep)(old, new))


def _merge(old: Node, new: Node, of_key: Callable[[str, Node, Node], Node]) -> Node:
    """Merge two mappings key by key; anything else is replaced, null changes nothing."""
    if _is_null(new):
        return old
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return new
    entries = {key.text: (key, value) for key, value in old.entries}
    for key, value in new.entries:
        before = entries.get(key.text)
        entries[key.text] = (key, of_key(key.text, before[1], value) if before else value)
    return Mapping(tuple(entries.values()), old.at)


def _each(merge: Merge) -> Merge:
    return lambda old, new: _merge(old, new, lambda _, before, after: merge(before, after))


def _deep(old: Node, new: Node) -> Node:
    return _merge(old, new, lambda _, before, after: _deep(before, after))


def _declarations(old: Node, new: Node) -> Node:
    return _merge(old, new, lambda _, _before, after: after)


def _object(old: Node, new: Node) -> Node:
    rules = {"fields": _declarations, "events": _union}
    return _merge(old, new, lambda key, before, after: rules.get(key, _deep)(before, after))


def _table(old: Node, new: Node) -> Node:
    return _merge(
        old, new, lambda key, before, after: _declarations(before, after) if key == "columns" else after
    )


def _event_source(old: Node, new: Node) -> Node:
    redeclared = {key.text: value for key, value in _columns(new)}
    if isinstance(old, Mapping):
        old = _with_columns(old, redeclared)
    types = _each(lambda before, after: _merge(before, after, _type_part))
    rules = {"fields": _declarations, "types": types}
    return _merge(old, new, lambda key, before, after: rules.get(key, _deep)(before, after))


def _type_part(key: str, old: Node, new: Node) -> Node:
    return _declarations(old, new) if key == "fields" else new


def _columns(source: Node) -> list[tuple[Scalar, Node]]:
    """Return every column an event source declares, at whatever type."""
    if not isinstance(source, Mapping):
        return []
    places = [source, *(kind for _, kind in _entries(source.get("types")))]
    return [
        entry for place in places if isinstance(place, Mapping) for entry in _entries(place.get("fields"))
    ]


def _with_columns(source: Mapping, redeclared: dict[str, Node]) -> Mapping:
    """Return the source with these declarations wherever it has columns of their names."""

    def fields(node: Node) -> Node:
        return Mapping(
            tuple((key, redeclared.get(key.text, value)) for key, value in _entries(node)), node.at
        )

    def parts(node: Node) -> Node:
        if not isinstance(node, Mapping):
            return node
        return Mapping(
            tuple((key, fields(value) if key.text == "fields" else value) for key, value in node.entries),
            node.at,
        )

    def source_part(key: Scalar, value: Node) -> Node:
        if key.text == "fields":
            return fields(value)
        if key.text == "types":
            return Mapping(tuple((name, parts(kind)) for name, kind in _entries(value)), value.at)
        return value

    return Mapping(tuple((key, source_part(key, value)) for key, value in source.entries), source.at)


def _union(old: Node, new: Node) -> Node:
    if not (isinstance(old, Sequence) and isinstance(new, Sequence)):
        return new
    present = {item.text for item in old.items if isinstance(item, Scalar)}
    added = (item for item in new.items if not (isinstance(item, Scalar) and item.text in present))
    return Sequence((*old.items, *added), new.at)


def _entries(node: Node | None) -> tuple[tuple[Scalar, Node], ...]:
    return node.entries if isinstance(node, Mapping) else ()


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_null
