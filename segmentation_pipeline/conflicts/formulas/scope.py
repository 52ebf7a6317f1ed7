"""The row a formula is about: of an object, with the objects it points at, or of a source of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog, EventSource, Field, ObjectType, Relation
    from segmentation_pipeline.conflicts.formulas.parts import Subject


@dataclass(frozen=True)
class Scope:
    """``kind`` is the object of the row, None for events. ``linked`` are columns that say whose row it is.

    Conditions on these are not looked into, for they are about who is found, not about what it is.
    """

    catalog: Catalog
    kind: ObjectType | None
    source: EventSource | None = None
    linked: frozenset[str] = frozenset()

    def object_at(self, subject: Subject) -> ObjectType | None:
        """Return the object that relations lead to; None for an event itself."""
        kind = self.kind
        for hop in subject:
            assert kind is not None
            kind = self.catalog.objects[kind.relations[hop].object]
        return kind

    def relation(self, subject: Subject) -> Relation:
        """Return the last relation on the way to a subject."""
        owner = self.object_at(subject[:-1])
        assert owner is not None
        return owner.relations[subject[-1]]

    def field(self, subject: Subject, name: str) -> Field | None:
        """Return what the catalog says of a column; None for a key that it does not list."""
        kind = self.object_at(subject)
        if kind is not None:
            return kind.fields.get(name)
        assert self.source is not None
        return self.source.columns.get(name)

    def is_required(self, subject: Subject, name: str) -> bool:
        """Return whether a row that exists has a value there."""
        kind, field = self.object_at(subject), self.field(subject, name)
        if kind is not None and name == kind.key:
            return True
        if kind is None and self.source is not None and name in (
            self.source.key, self.source.type, self.source.time, self.source.id,
        ):  # fmt: skip
            return True
        # What only some types of event have is null for the others, required or not.
        common = kind is not None or (self.source is not None and name in self.source.fields)
        return field is not None and field.required and common

    def is_linked(self, subject: Subject, name: str) -> bool:
        """Return whether a column, or the way to it, says whose row it is."""
        if not subject:
            return name in self.linked
        key = self.relation(subject[:1]).key
        return key is not None and key in self.linked

    def is_key(self, subject: Subject, name: str) -> bool:
        """Return whether a column is a row's own key, or that of another it points at."""
        kind = self.object_at(subject)
        if kind is None:
            return False
        return name == kind.key or any(relation.key == name for relation in kind.relations.values())
