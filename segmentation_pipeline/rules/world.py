"""The rows a rule is examined on, as plain Python values, at one ``as_of``."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.catalog.types import (
    Boolean,
    Date,
    Datetime,
    Decimal,
    Enum,
    FieldType,
    Integer,
    ListOf,
    Number,
    Text,
)
from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.rules.clock import Clock, to_micros

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from segmentation_pipeline.catalog.model import Catalog, Relation
    from segmentation_pipeline.rules.tree import Field

    Row = Mapping[str, Any]
    Transition = tuple[int, str]
    """When (µs) an object changed sides, and how: ``entered`` or ``exited``."""

_ACCEPTED: dict[type, tuple[type, ...]] = {
    Text: (str,),
    Enum: (str,),
    Integer: (int,),
    Number: (int, float, decimal.Decimal),
    Decimal: (int, decimal.Decimal),
    Boolean: (bool,),
    Date: (dt.date,),
    Datetime: (dt.datetime,),
    ListOf: (list, tuple),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """One row under examination: of an object, with its key, or of an event (``object`` is None)."""

    object: str | None
    key: str
    columns: Row


@dataclass(frozen=True)
class World:
    """Rows by object and key, events by source and key, members by segment; never changed.

    Object rows have flat columns (``email``, ``custom.plan_tier``); a missing column is null.
    Values are str, int, float, Decimal, bool, date, aware datetime, list or None. ``memberships``
    holds the computed members of every segment that an examined rule embeds, ``transitions`` what was
    published, by segment and key. A rank needs the rows and events of every object of its population.
    ``merged`` gives, by object, the key of the object that another's key counts as, and ``former_emails``
    those that an e-mail in small letters, which no object has any more, leads to.
    """

    catalog: Catalog
    rows: Mapping[str, Mapping[str, Row]]
    as_of: dt.datetime
    events: Mapping[str, Mapping[str, Sequence[Row]]] = field(default_factory=dict)
    memberships: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    week_starts: int = 0
    transitions: Mapping[str, Mapping[str, Sequence[Transition]]] = field(default_factory=dict)
    merged: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    former_emails: Mapping[str, Mapping[str, AbstractSet[str]]] = field(default_factory=dict)
    _kept: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    _children: dict[tuple[str, str], dict[Any, list[str]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def clock(self, zone: str) -> Clock:
        return Clock(to_micros(self.as_of), zone, self.week_starts)

    def subject(self, object_name: str, key: str) -> Subject:
        """Return the row of an object; all its columns are null if there is none."""
        kind = self.catalog.objects[object_name]
        return Subject(object_name, key, {kind.key: key, **self.rows.get(object_name, {}).get(key, {})})

    def children(self, object_name: str, foreign_key: str, key: str) -> list[Subject]:
        """Return the rows of ``object_name`` whose column ``foreign_key`` holds ``key``."""
        index = self._children.get((object_name, foreign_key))
        if index is None:
            index = self._children[object_name, foreign_key] = {}
            for child, row in self.rows.get(object_name, {}).items():
                index.setdefault(row.get(foreign_key), []).append(child)
        return [self.subject(object_name, child) for child in index.get(key, [])]

    def relation(self, subject: Subject, name: str) -> Relation:
        """Return a relation of the subject's object; UsageError on events, which have none."""
        if subject.object is None:
            raise UsageError(f"`{name}` is a relation, and events have none")
        return self.catalog.objects[subject.object].relations[name]

    def parent(self, subject: Subject, name: str) -> Subject | None:
        """Return the row that a many-to-one relation leads to; None where it leads nowhere."""
        relation = self.relation(subject, name)
        if relation.key is None:
            raise UsageError(f"relation `{name}` of `{subject.object}` has many rows, not one")
        key = subject.columns.get(relation.key)
        if key is None or key not in self.rows.get(relation.object, {}):
            return None
        return self.subject(relation.object, key)

    def members(self, segment: str) -> AbstractSet[str]:
        """Return the computed members of a segment; UsageError where they are not known."""
        if segment not in self.memberships:
            raise UsageError(f"the members of `{segment}` are not known", allowed=sorted(self.memberships))
        return self.memberships[segment]

    def once(self, what: Hashable, compute: Callable[[], Any]) -> Any:
        """Return what ``compute`` gives, computed the first time only."""
        if what not in self._kept:
            self._kept[what] = compute()
        return self._kept[what]

    def read(self, asked: Field, subject: Subject) -> Any:
        """Return the value of a field, following its relations; None where they lead nowhere."""
        for hop in asked.path[:-1]:
            parent = self.parent(subject, hop)
            if parent is None:
                return None
            subject = parent
        return normal(subject.columns.get(asked.path[-1]), asked.type, asked.name)


def normal(value: Any, kind: FieldType, name: str) -> Any:
    """Return ``value`` as rules see it: text in NFC, NaN as None, lists as tuples without nulls.

    Raises UsageError where it is not of the type ``kind``.
    """
    if value is None or (isinstance(value, float | decimal.Decimal) and math.isnan(value)):
        return None
    wrong = (
        not isinstance(value, _ACCEPTED[type(kind)])
        or (isinstance(value, bool) and not isinstance(kind, Boolean))
        or (isinstance(value, dt.datetime) and (isinstance(kind, Date) or value.tzinfo is None))
    )
    if wrong:
        hint = "datetimes are aware" if isinstance(value, dt.datetime) else None
        raise UsageError(f"{value!r} of `{name}` is no value of type {kind}", hint=hint)
    if isinstance(kind, ListOf):
        elements = (normal(element, kind.of, name) for element in value)
        return tuple(element for element in elements if element is not None)
    if isinstance(kind, Number):
        return float(value)
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value
