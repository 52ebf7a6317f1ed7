"""The names a condition may use where it stands: fields by how they compare, events, relations."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import Enum, FieldType, ListOf
from segmentation_pipeline.rules.operators import family

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.catalog.model import Catalog, Field, ObjectType

QUOTED = '"'
"""A path with a quoted part (``details."a.b"``) is not looked up here: the reader does."""


@dataclass(frozen=True, slots=True)
class Scope:
    """An object, or a source of events, as conditions see it.

    ``fields`` are names by the comparison they take (``compare.text``, ``values.contact.status``);
    those of parents one hop away are among them, deeper ones match a pattern of ``deeper``.
    ``many`` and ``one`` lead from a relation's name to its object; ``events`` from a source to its
    types. An ``open`` scope takes any name: that of rules over a catalog that is not known here.
    """

    name: str
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    deeper: tuple[str, ...] = ()
    events: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    many: Mapping[str, str] = field(default_factory=dict)
    one: Mapping[str, str] = field(default_factory=dict)
    open: bool = False


def object_scope(catalog: Catalog, kind: ObjectType, enums: Mapping[Enum, str]) -> Scope:
    """Return the names for conditions on an object's rows."""
    one = {name: found.object for name, found in kind.relations.items() if found.key is not None}
    fields = list(kind.fields.items())
    deeper = []
    for hop, other in one.items():
        parent = catalog.objects[other]
        fields += [(f"{hop}.{name}", found) for name, found in parent.fields.items()]
        onwards = sorted(name for name, found in parent.relations.items() if found.key is not None)
        if onwards:
            deeper.append(rf"^{re.escape(hop)}\.({'|'.join(map(re.escape, onwards))})\.")
    return Scope(
        kind.name,
        _by_comparison(fields, enums),
        tuple(deeper),
        {source: tuple(catalog.events[source].types) for source in kind.events},
        {name: found.object for name, found in kind.relations.items() if found.foreign_key is not None},
        one,
    )


def event_scope(catalog: Catalog, source: str, enums: Mapping[Enum, str]) -> Scope:
    """Return the names for conditions on events: the columns of every type of the source."""
    return Scope(f"events.{source}", _by_comparison(catalog.events[source].columns.items(), enums))


def enums_of(catalog: Catalog) -> dict[Enum, str]:
    """Return every enumeration with a name for it, taken from the first field that has it."""
    found: dict[Enum, str] = {}
    for kind in catalog.objects.values():
        _name_enums(kind.name, kind.fields.values(), found)
    for source in catalog.events.values():
        _name_enums(source.name, source.columns.values(), found)
    return found


def _name_enums(owner: str, fields: Iterable[Field], found: dict[Enum, str]) -> None:
    for declared in fields:
        of = declared.type.of if isinstance(declared.type, ListOf) else declared.type
        if isinstance(of, Enum):
            found.setdefault(of, f"values.{owner}.{re.sub(r'[^A-Za-z0-9_]+', '_', declared.name)}")


def _by_comparison(
    fields: Iterable[tuple[str, Field]], enums: Mapping[Enum, str]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, declared in fields:
        found.setdefault(_comparison(declared.type, enums), []).append(name)
    return {comparison: tuple(names) for comparison, names in sorted(found.items())}


def _comparison(kind: FieldType, enums: Mapping[Enum, str]) -> str:
    if isinstance(kind, Enum):
        return enums[kind]
    if isinstance(kind, ListOf):
        return f"compare.list.{family(kind.of)}"
    return f"compare.{family(kind)}"
