"""The catalog: which objects, fields, relations and events rules may name. Data, not code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.scores import Engagement
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

    ``name`` is the path below the object: ``email``, ``custom.plan_tier``. Changes of a field with
    ``history`` are kept, where its object has a history at all.
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
    history: bool = True
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
    """One kind of object: a table with a key, its fields, its relations, its event sources.

    A source without keys has them made of the columns ``made_from``. A ``derived`` object is computed
    from other tables, never imported. ``history`` is the event source that imports write changes of
    the object's values to, ``merges`` the plain table that says which objects were found to be one.
    ``on_forget`` is what becomes of its rows when an object they refer to is forgotten: they go too, or
    only lose the reference.
    """

    name: str
    table: str
    key: str
    born: str | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    relations: Mapping[str, Relation] = field(default_factory=dict)
    events: tuple[str, ...] = ()
    made_from: tuple[str, ...] = ()
    derived: bool = False
    history: str | None = None
    merges: str | None = None
    on_forget: Literal["delete", "unlink"] = "delete"
    description: str = ""


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event and the fields that only it (and its like) has.

    An event of a type with a ``channel`` is a contact through it, as a message that was sent.
    """

    name: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    description: str = ""
    # It decides no value of the index, whose hash is made of what is shown here.
    channel: str | None = field(default=None, repr=False)


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
    """A table that is no object, such as values by field; keyed by ``key`` columns.

    A source without a key has its one column made of the columns ``made_from``.
    """

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, Field]
    made_from: tuple[str, ...] = ()
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
    engagement: Engagement | None = None
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
        """Every table that rules may read, imported or derived."""
        own = (kind.table for kind in self.objects.values())
        return (*own, *(source.table for source in self.events.values()), *self.tables)

    def columns(self, table: str) -> Mapping[str, Field]:
        """Return the fields of a table; of an object's those that lie in satellites too."""
        if (kind := self.object_of_table(table)) is not None:
            return kind.fields
        if (source := self.source_of_table(table)) is not None:
            return source.columns
        return self.tables[table].columns

    def imported_tables(self) -> tuple[str, ...]:
        """Every table that an import may name: all but the derived ones."""
        derived = {kind.table for kind in self.objects.values() if kind.derived}
        return tuple(name for name in self.table_names() if name not in derived)
