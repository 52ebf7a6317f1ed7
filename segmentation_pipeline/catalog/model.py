"""The catalog: which objects, fields, relations and events rules may name. Data, not code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.types import FieldType
    from segmentation_pipeline.documents import Node
    from segmentation_pipeline.errors import Position


@dataclass(frozen=True, slots=True)
class Satellite:
    """Another table that holds a field's values, keyed by the object's key.

    A list field reads column ``value``; a struct's fields are rows (``field_name``, ``value_*``).
    """

    table: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One column of an object or an event: its type and the constraints its data must meet.

    ``name`` is the path below the object: ``email``, ``custom.plan_tier``.
    """

    name: str
    type: FieldType
    required: bool = False
    unique: bool = False
    pii: bool = False
    normalise: Literal["lower", "trim"] | None = None
    form: Literal["email"] | None = None
    minimum: float | None = None
    maximum: float | None = None
    derived: str | None = None
    satellite: Satellite | None = None
    aliases: tuple[str, ...] = ()
    description: str = ""

    @property
    def stored(self) -> bool:
        """Whether it is a column of the object's own table."""
        return self.satellite is None


@dataclass(frozen=True, slots=True)
class Relation:
    """A link to another object: many to one through ``key``, or one to many through ``foreign_key``.

    ``key`` is a column of this object that holds the other's key; ``foreign_key`` a column of the
    other that holds this one's; ``time`` the other's column that times a row for windows.
    """

    name: str
    object: str
    key: str | None = None
    foreign_key: str | None = None
    time: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One kind of object: a table with a key, its fields, its relations, its event sources."""

    name: str
    table: str
    key: str
    born: str | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    relations: Mapping[str, Relation] = field(default_factory=dict)
    events: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event and the fields that only it (and its like) has."""

    name: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True, slots=True)
class EventSource:
    """A table of events of one kind of object: who, what, when, an id, and fields.

    ``fields`` are the columns every type has (``key``, ``type``, ``time`` and ``id`` among them);
    those of single types are further columns of the same table, null elsewhere.
    """

    name: str
    table: str
    key: str
    type: str
    time: str
    id: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    types: Mapping[str, EventType] = field(default_factory=dict)
    partition_by_month: bool = True
    orphans: str | None = None
    description: str = ""

    @property
    def columns(self) -> dict[str, Field]:
        """Every column of the table: the common ones, then those of the types."""
        merged = dict(self.fields)
        for kind in self.types.values():
            for name, column in kind.fields.items():
                merged.setdefault(name, column)
        return merged


@dataclass(frozen=True, slots=True)
class PlainTable:
    """A table that is no object: assignments, values, preferences; keyed by ``key`` columns."""

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, Field]
    description: str = ""


@dataclass(frozen=True, slots=True)
class Invariant:
    """What holds for every row: where ``when`` is true, so is ``then``. Conditions as written."""

    name: str
    when: Node
    then: Node
    at: Position


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that rules may name and ingestion may load, read from ``catalog.yaml``.

    ``meanings`` says which event types mean ``sent``, ``open``, …; ``invariants`` are kept as
    read until rules are.
    """

    objects: Mapping[str, ObjectType]
    events: Mapping[str, EventSource]
    tables: Mapping[str, PlainTable]
    meanings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    invariants: tuple[Invariant, ...] = ()

    def event_source(self, object_name: str, event_type: str) -> EventSource | None:
        """Return the source of ``object_name`` that declares ``event_type``."""
        sources = (self.events[name] for name in self.objects[object_name].events)
        return next((source for source in sources if event_type in source.types), None)

    def object_of_table(self, table: str) -> ObjectType | None:
        return next((kind for kind in self.objects.values() if kind.table == table), None)

    def source_of_table(self, table: str) -> EventSource | None:
        return next((source for source in self.events.values() if source.table == table), None)

    def owner_of_source(self, source: str) -> ObjectType:
        """Return the object whose events ``source`` holds."""
        return next(kind for kind in self.objects.values() if source in kind.events)

    def table_names(self) -> tuple[str, ...]:
        """Every table that an import may name."""
        own = (kind.table for kind in self.objects.values())
        return (*own, *(source.table for source in self.events.values()), *self.tables)
