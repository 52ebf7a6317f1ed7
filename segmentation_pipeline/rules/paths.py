"""Paths of fields: how they are split, and what they lead to in the catalog."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import FieldType, Text
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.rules.tree import Field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.catalog.model import Catalog, EventSource, ObjectType

_PART = re.compile(r'"((?:[^"\\]|\\.)+)"|([^."][^.]*)')


class UnknownPath(ValueError):  # noqa: N818 — a value that leads nowhere, with the nearest that does
    """A path that leads to no field: why, and what may have been meant."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def split_path(text: str) -> tuple[str, ...]:
    """Split a path on its dots; a part in double quotes keeps its own.

    >>> split_path('details."a.b"')
    ('details', 'a.b')
    """
    parts, end = [], -1
    for match in _PART.finditer(text):
        if match.start() != end + 1 or (end >= 0 and text[end] != "."):
            break
        parts.append(re.sub(r"\\(.)", r"\1", match[1]) if match[1] else match[2].strip())
        end = match.end()
    if end != len(text) or not all(parts):
        raise UnknownPath(f'`{text}` is not a path (write `field`, `relation.field` or `custom."a.b"`)')
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class ObjectScope:
    """The rows of an object: its fields, and those of the objects it points at."""

    catalog: Catalog
    object: ObjectType

    def field(self, text: str) -> Field:
        """Return the field a path leads to; raise `UnknownPath` that names the nearest ones."""
        hops: tuple[str, ...] = ()
        kind, parts = self.object, split_path(text)
        while parts[0] in kind.relations and len(parts) > 1 and parts[0] not in _structs(kind):
            relation = kind.relations[parts[0]]
            if relation.key is None:
                hint = f"count or sum them with `related: {parts[0]}`"
                raise UnknownPath(f"`{parts[0]}` of `{kind.name}` has many rows", hint)
            kind, hops, parts = self.catalog.objects[relation.object], (*hops, parts[0]), parts[1:]
        name = ".".join(parts)
        found = _field_type(kind, name)
        if found is None:
            raise _unknown(name, kind, sorted(self.names(kind)))
        return Field((*hops, name), found)

    def names(self, kind: ObjectType) -> Iterator[str]:
        """Every field of ``kind``, and of its parents one hop away."""
        yield kind.key
        yield from kind.fields
        for relation in kind.relations.values():
            if relation.key is not None:
                yield from (
                    f"{relation.name}.{name}" for name in self.catalog.objects[relation.object].fields
                )


@dataclass(frozen=True, slots=True)
class EventScope:
    """The events of some types: the columns all have, and those of the types named."""

    source: EventSource
    types: tuple[str, ...]

    def field(self, text: str) -> Field:
        """Return the event field a path leads to; raise `UnknownPath` that says which type has it."""
        name = ".".join(split_path(text))
        known = dict(self.source.fields)
        for kind in self.types:
            known |= self.source.types[kind].fields
        if name in known:
            return Field((name,), known[name].type)
        owners = [f"`{kind.name}`" for kind in self.source.types.values() if name in kind.fields]
        asked = ", ".join(f"`{kind}`" for kind in self.types)
        hint = f"it belongs to {', '.join(owners)}" if owners else did_you_mean(name, known)
        raise UnknownPath(f"unknown field `{name}` of event {asked}", hint)


Scope = ObjectScope | EventScope


def _field_type(kind: ObjectType, name: str) -> FieldType | None:
    if name in kind.fields:
        return kind.fields[name].type
    return Text() if name == kind.key else None


def _structs(kind: ObjectType) -> set[str]:
    return {name.split(".", 1)[0] for name in kind.fields if "." in name}


def _unknown(name: str, kind: ObjectType, names: list[str]) -> UnknownPath:
    if name in _structs(kind):
        parts = [field for field in kind.fields if field.startswith(f"{name}.")]
        return UnknownPath(f"`{name}` of `{kind.name}` has parts", f"name one of them: {', '.join(parts)}")
    if name in kind.relations:
        hint = f"name a field of it, such as `{name}.created_at`"
        return UnknownPath(f"`{name}` of `{kind.name}` is a relation", hint)
    return UnknownPath(f"unknown field `{name}` of `{kind.name}`", did_you_mean(name, names))
