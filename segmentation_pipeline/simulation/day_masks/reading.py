"""The past as the lake has it: what is known of every field and table that rules read, and from where.

A field whose changes are kept is read backwards from today's values. Of the others, and of other
objects, the rows are those of the versions that the tables had, as long as they are there to be read.
What is neither is as it is today. Tables that are computed from others are computed for each day.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.evaluation.needs import needs
from segmentation_pipeline.features.tables import feature_tables
from segmentation_pipeline.features.unstored import features_at
from segmentation_pipeline.index.coding import BUCKET
from segmentation_pipeline.index.stored import index_of, read_index
from segmentation_pipeline.lake.reading import Snapshot
from segmentation_pipeline.rules.graph import dependencies
from segmentation_pipeline.simulation.day_masks.days import Days
from segmentation_pipeline.simulation.day_masks.past import Past, Then, former_of
from segmentation_pipeline.simulation.day_masks.versions import Versions, created, versions_then

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from segmentation_pipeline.catalog.model import Catalog, Field, ObjectType
    from segmentation_pipeline.evaluation.needs import Need
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.simulation.day_masks.past import BasisWord


def read_past(  # noqa: PLR0917 — each of them decides the past
    store: DeltaStore,
    definitions: Definitions,
    inputs: Snapshot,
    segments: Collection[str],
    dates: Sequence[dt.date],
    zone: str,
    size: int = BUCKET,
) -> Past:
    """Return what segments read on some days, ascending, at their ends in a zone; nothing is written.

    ``inputs`` are the tables as of now, pinned (`segments.dry_run.pin`).
    """
    catalog, days = definitions.catalog, Days.of(dates, zone, definitions.week_starts)
    wanted = {*segments, *dependencies(definitions.segments, segments)} & definitions.segments.keys()
    read = {need for name in wanted for need in needs(definitions.segments[name], catalog)}
    computed = {need.table for need in read} & feature_tables(catalog).keys()
    features = features_at(store, catalog, inputs, days.instant(-1)) if computed else None
    index = read_index(store, catalog, inputs, features)
    profiled = {need for need in read if need.owner in index.profiles}
    told = _Told(store, catalog, inputs, index, days, frozenset(need.table for need in profiled))
    then = told.then(profiled)
    return Past(catalog, index, days, former_of(catalog, index, days), size, told.basis(profiled), then)


class _Told:
    """What is known of the tables that rules read."""

    def __init__(  # noqa: PLR0917 — as `read_past`
        self,
        store: DeltaStore,
        catalog: Catalog,
        inputs: Snapshot,
        index: Index,
        days: Days,
        tables: frozenset[str],
    ) -> None:
        self.store, self.catalog, self.inputs, self.index, self.days = store, catalog, inputs, index, days
        self.computed = tables & feature_tables(catalog).keys()
        stored = sorted((tables - self.computed) & inputs.versions.keys())
        self.versions: Mapping[str, Versions] = {
            name: versions_then(store, inputs, name, days.ends) for name in stored
        }
        self._index_on = cache(self._index_of_day)

    def then(self, read: Iterable[Need]) -> dict[str, Then]:
        """Return, by object, whose past is not told by changes, and how to get at it."""
        fields: dict[str, set[str]] = {}
        for need in read:
            kind = self.catalog.objects[need.owner]
            moved = need.table in self.versions and self.versions[need.table].moved
            if (moved or need.table in self.computed) and not _has_history(kind, kind.fields[need.column]):
                fields.setdefault(kind.name, set()).add(need.column)
        return {name: self._then(self.catalog.objects[name], found) for name, found in fields.items()}

    def _then(self, kind: ObjectType, fields: set[str]) -> Then:
        profile = partial(self._profile, kind.name)
        if kind.history is not None:
            return Then(profile, "fields", frozenset(fields - {kind.key}))
        return Then(profile, "rows" if kind.table in self.computed else "known rows")

    def basis(self, read: Iterable[Need]) -> dict[str, BasisWord]:
        """Return what is known of each field of an object with a history, and of each other table."""
        found: dict[str, BasisWord] = {}
        for need in sorted(read, key=lambda need: (need.owner, need.column)):
            kind = self.catalog.objects[need.owner]
            if kind.history is None:
                found[need.table] = self._of_table(need.table)
            elif need.column != kind.key:
                found[need.column] = self._of_field(kind, kind.fields[need.column], need.table)
        return found

    def _of_field(self, kind: ObjectType, one: Field, table: str) -> BasisWord:
        if not _has_history(kind, one):
            return self._of_table(table)
        since = min(created(self.inputs, table), self._first_change(kind))
        return "history" if self.days.ends and since <= self.days.ends[0] else "current"

    def _of_table(self, table: str) -> BasisWord:
        if table in self.computed:
            return "history"
        return "versions" if table in self.versions and self.versions[table].complete else "current"

    def _first_change(self, kind: ObjectType) -> int:
        """Return since when changes are known: those of before the first import may be imported, too."""
        assert kind.history is not None
        source = self.catalog.events[kind.history]
        if kind.history not in self.index.events:
            return self.days.ends[-1] + 1
        first = self.index.events[kind.history].select(pl.col(source.time).to_physical().min())
        at = first.collect().item()
        return self.days.ends[-1] + 1 if at is None else int(at)

    def _profile(self, name: str, day: int) -> pl.LazyFrame:
        return self._index_on(day).profiles[name]

    def _index_of_day(self, day: int) -> Index:
        """Return the objects of a day: tables at their versions, computed ones as of its end."""
        at = {name: versions.by_day[day] for name, versions in self.versions.items() if versions.moved}
        former = {name: self.store.open(name, version) for name, version in at.items() if version is not None}
        tables = Snapshot(self.inputs.root, {**self.inputs.tables, **former})
        computed = {}
        if self.computed:
            computed = features_at(self.store, self.catalog, self.inputs, self.days.instant(day))
        return index_of(self.catalog, tables, computed)


def _has_history(kind: ObjectType, one: Field) -> bool:
    return kind.history is not None and one.history
