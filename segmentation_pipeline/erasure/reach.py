"""Which rows of the catalog's tables an erasure reaches, told from the catalog alone.

From the object on: its own rows, the tables that hold its fields, its events, the merges it is part
of, and every object that refers to it. Of those the catalog says with `on_forget` whether their rows
go too, and with them what refers to them, or only lose the reference. Others of its own kind never go.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX, layout
from segmentation_pipeline.catalog.merging import MERGED, PRIMARY
from segmentation_pipeline.lake.predicates import among

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segmentation_pipeline.catalog.model import Catalog, Field, ObjectType
    from segmentation_pipeline.erasure.subject import Subject
    from segmentation_pipeline.lake.store import DeltaStore

Action = Literal["delete", "unlink"]


@dataclass(frozen=True, slots=True)
class Match:
    """Rows whose ``column`` has one of ``values``; addresses are compared without regard to case."""

    column: str
    values: tuple[str, ...]
    folded: bool = False

    def rows(self) -> pl.Expr:
        text = pl.col(self.column).cast(pl.String)
        return (text.str.to_lowercase() if self.folded else text).is_in(list(self.values))

    def sql(self) -> str:
        return among(self.column, self.values, folded=self.folded)


@dataclass(frozen=True, slots=True)
class Reach:
    """Rows of one table, those of any match, and what becomes of them; ``blanked`` by `unlink`."""

    table: str
    action: Action
    matches: tuple[Match, ...]
    blanked: tuple[str, ...] = ()

    def rows(self) -> pl.Expr:
        return pl.any_horizontal(match.rows() for match in self.matches)

    def sql(self) -> str:
        return " OR ".join(match.sql() for match in self.matches)


@dataclass(slots=True)
class _Search:
    store: DeltaStore
    catalog: Catalog
    root: str
    addresses: tuple[str, ...]
    found: list[Reach] = field(default_factory=list)
    keys: dict[str, set[str]] = field(default_factory=dict)
    indexes: dict[str, set[int]] = field(default_factory=dict)

    def reach(self, table: str, action: Action, *matches: Match, blanked: tuple[str, ...] = ()) -> None:
        """Note rows of a table that is there; matches on columns it lacks, or of nothing, say nothing."""
        if not self.store.exists(table):
            return
        there = self.store.schema(table)
        sound = tuple(match for match in matches if match.values and match.column in there)
        if sound:
            self.found.append(Reach(table, action, sound, tuple(c for c in blanked if c in there)))

    def follow(self, kind: ObjectType, keys: set[str]) -> None:
        """Reach everything of some objects that are deleted, and what is deleted with them."""
        new = keys - self.keys.setdefault(kind.name, set())
        if not new:
            return
        self.keys[kind.name] |= new
        wanted = tuple(sorted(new))
        self.reach(kind.table, "delete", Match(kind.key, wanted))
        self.indexes.setdefault(kind.name, set()).update(self._indexes(kind, wanted))
        self._tables_of(kind, wanted)
        for other in self.catalog.objects.values():
            columns = _references(kind, other)
            if columns:
                self._referring(other, [Match(column, wanted) for column in columns])

    def by_address(self) -> None:
        """Reach the rows that have no key of the object and one of its addresses."""
        for kind in self.catalog.objects.values():
            columns = _addresses(kind.fields)
            if columns and kind.name != self.root:
                self._referring(kind, [Match(column, self.addresses, folded=True) for column in columns])
        for source in self.catalog.events.values():
            for table in filter(None, (source.table, source.orphans)):
                for column in _addresses(source.columns):
                    same = Match(column, self.addresses, folded=True)
                    self.reach(table, "unlink", same, blanked=(column,))

    def _tables_of(self, kind: ObjectType, keys: tuple[str, ...]) -> None:
        tables = {found.satellite.table for found in kind.fields.values() if found.satellite is not None}
        tables |= {name for name, plain in self.catalog.tables.items() if kind.key in plain.columns}
        for table in sorted(tables):
            self.reach(table, "delete", Match(kind.key, keys))
        for source in (self.catalog.events[name] for name in kind.events):
            for table in filter(None, (source.table, source.orphans)):
                self.reach(table, "delete", Match(source.key, keys))
        if kind.merges is not None:
            self.reach(kind.merges, "delete", Match(PRIMARY, keys), Match(MERGED, keys))

    def _referring(self, other: ObjectType, matches: list[Match]) -> None:
        required = layout(self.catalog, other.table).required
        there = self.store.schema(other.table) if self.store.exists(other.table) else {}
        for match in matches:
            if match.column not in there or not match.values:
                continue
            goes = other.on_forget == "delete" and other.name != self.root
            if goes or match.column in required:
                rows = self.store.scan(other.table).filter(match.rows())
                self.follow(other, set(rows.select(pl.col(other.key).cast(pl.String)).collect().to_series()))
            else:
                private = [name for name, found in other.fields.items() if found.pii and found.stored]
                self.reach(
                    other.table, "unlink", match, blanked=tuple({match.column: None} | dict.fromkeys(private))
                )

    def _indexes(self, kind: ObjectType, keys: tuple[str, ...]) -> set[int]:
        if not self.store.exists(kind.table) or OBJECT_INDEX not in self.store.schema(kind.table):
            return set()
        rows = self.store.scan(kind.table).filter(Match(kind.key, keys).rows())
        return set(rows.select(OBJECT_INDEX).collect().to_series())


def find_reach(store: DeltaStore, catalog: Catalog, subject: Subject) -> tuple[list[Reach], Subject]:
    """Return what is to be done table by table, and the subject with the numbers of what is deleted."""
    search = _Search(store, catalog, subject.object, subject.addresses)
    search.follow(catalog.objects[subject.object], set(subject.keys))
    search.by_address()
    indexes = {name: tuple(sorted(numbers)) for name, numbers in search.indexes.items() if numbers}
    return list(_joined(search.found)), replace(subject, indexes=indexes)


def counted(store: DeltaStore, reach: Reach) -> int:
    """Return how many rows are there to be deleted or unlinked."""
    return int(store.scan(reach.table).filter(reach.rows()).select(pl.len()).collect().item())


def _references(kind: ObjectType, other: ObjectType) -> list[str]:
    """Return the columns of another object, or of this kind, that hold a key of ``kind``."""
    own = [relation.key for relation in other.relations.values() if relation.object == kind.name]
    theirs = [link.foreign_key for link in kind.relations.values() if link.object == other.name]
    return list(dict.fromkeys(column for column in (*own, *theirs) if column is not None))


def _addresses(fields: Mapping[str, Field]) -> list[str]:
    return [name for name, found in fields.items() if found.form == "email" and found.stored]


def _joined(found: list[Reach]) -> Iterator[Reach]:
    """Yield one deletion a table, before what loses its references."""
    deletions: dict[str, dict[Match, None]] = {}
    for reach in found:
        if reach.action == "delete":
            deletions.setdefault(reach.table, {}).update(dict.fromkeys(reach.matches))
    for table, matches in deletions.items():
        yield Reach(table, "delete", tuple(matches))
    yield from dict.fromkeys(reach for reach in found if reach.action == "unlink")
