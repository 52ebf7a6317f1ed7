"""`contact_engagement`: a row a contact, of its totals and what is computed of them.

Totals add up, so what was appended since the last time is all that is read; scores are computed
anew from totals and the instant. Where it is not certain what changed, everything is counted again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.scores import (
    COMPLETENESS,
    CONTACT,
    ENGAGEMENT,
    RATES,
    RECEIVED,
    SCALES,
    SCORE,
)
from segmentation_pipeline.features.contacts import (
    completeness,
    contacts_merged,
    counted_keys,
    live_contacts,
    merges_digest,
)
from segmentation_pipeline.features.counted import counted_sources
from segmentation_pipeline.features.event_rows import Reader
from segmentation_pipeline.features.scoring import exact, next_change, scores
from segmentation_pipeline.features.state import FeatureState, digest, pinned
from segmentation_pipeline.features.totals import TOTALS, Totals
from segmentation_pipeline.lake.file_changes import live_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.catalog.scores import Engagement
    from segmentation_pipeline.features.additions import Additions
    from segmentation_pipeline.features.counted import Counted
    from segmentation_pipeline.lake.reading import Snapshot
    from segmentation_pipeline.lake.store import DeltaStore

FORMAT = 1
"""Raised when the same inputs make another table: what is stored is then computed again."""
RANGE = 1 << 21
"""Contacts whose totals are in memory at once: about 200 bytes each."""
_STEP = 1 << 18


def engagement_table(catalog: Catalog) -> str | None:
    """Return the name of the table, where the catalog declares it."""
    return catalog.objects[ENGAGEMENT].table if catalog.engagement is not None else None


def engagement_inputs(catalog: Catalog) -> list[str]:
    """Return every table that it is computed from."""
    if catalog.engagement is None:
        return []
    kind = catalog.objects[CONTACT]
    sources = [counted.source.table for counted in counted_sources(catalog)]
    return [kind.table, *sources, *([kind.merges] if kind.merges is not None else [])]


@dataclass
class Counting:
    """One computation from pinned tables, as of an instant (µs): all of it, or what was added.

    After `frames` has ended, ``strays``, ``fresh_until`` and ``recomputed`` (contacts with events that
    were counted) are known.
    """

    store: DeltaStore
    catalog: Catalog
    tables: Snapshot
    as_of: int
    merged: pl.DataFrame
    additions: Additions | None = None
    strays: int = 0
    recomputed: int = 0
    fresh_until: int | None = None
    keys: pl.DataFrame = field(default_factory=pl.DataFrame)

    @classmethod
    def of(cls, store: DeltaStore, catalog: Catalog, tables: Snapshot, as_of: int) -> Counting:
        return cls(store, catalog, tables, as_of, contacts_merged(catalog, tables))

    @property
    def engagement(self) -> Engagement:
        assert self.catalog.engagement is not None, "whoever counts has looked"
        return self.catalog.engagement

    @property
    def kind(self) -> ObjectType:
        return self.catalog.objects[ENGAGEMENT]

    def state(self) -> FeatureState:
        """Return what the commit will say."""
        inputs = pinned(self.tables, engagement_inputs(self.catalog))
        made = made_of(self.catalog)
        digested = merges_digest(self.merged)
        return FeatureState(inputs, made, digested, self.as_of, self.fresh_until, self.strays)

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield the rows of the table in order of ``object_index``."""
        live = live_contacts(self.catalog, self.tables, self.merged)
        self.keys = counted_keys(self.catalog, live, self.merged)
        if self.additions is not None:
            self.strays = self.additions.strays
        if self.keys.is_empty():
            # Nobody looked at the events: some may be of whoever comes first.
            self.strays += 1
            return
        end = int(self.keys.select(pl.col(OBJECT_INDEX).max()).item()) + 1
        for begin in range(0, end, RANGE):
            totals = Totals(begin, min(RANGE, end - begin))
            missed = self._count(totals)
            if begin == 0:
                self.strays += missed
            self.recomputed += int(totals.touched.sum())
            changes = next_change(totals, self.engagement, self.as_of)
            self.fresh_until = min((at for at in (self.fresh_until, changes) if at is not None), default=None)
            computed = scores(totals, self.engagement, self.as_of)
            for first in range(begin, begin + totals.size, _STEP):
                after = min(first + _STEP, begin + totals.size)
                inside = pl.col(OBJECT_INDEX).is_between(first, after, closed="left")
                rows = self._contacts(live.filter(inside), inside)
                places = rows[OBJECT_INDEX].to_numpy() - begin
                columns = [
                    exact(units[places], name, _scale(name))
                    if name != RECEIVED
                    else pl.Series(name, units[places])
                    for name, units in computed.items()
                ]
                whole = rows.hstack(totals.frame(rows[OBJECT_INDEX])).hstack(columns)
                yield whole.select(*self.kind.fields, OBJECT_INDEX)

    def _contacts(self, live: pl.LazyFrame, inside: pl.Expr) -> pl.DataFrame:
        """Return key, index and completeness of some contacts, in order."""
        if self.additions is not None and self.additions.same_contacts:
            found = self.additions.before().filter(inside).select(self.kind.key, OBJECT_INDEX, COMPLETENESS)
        else:
            complete = completeness(self.catalog, self.tables)
            found = live.select(self.kind.key, OBJECT_INDEX, complete)
        return found.collect().sort(OBJECT_INDEX)

    def _count(self, totals: Totals) -> int:
        """Count what there is, or what was added; return how many events were of unknown contacts."""
        if self.additions is not None:
            after = totals.begin + totals.size
            inside = pl.col(OBJECT_INDEX).is_between(totals.begin, after, closed="left")
            known = self.keys[OBJECT_INDEX].implode()
            there = self.additions.before().filter(inside, pl.col(OBJECT_INDEX).is_in(known))
            totals.load(there.select(OBJECT_INDEX, *TOTALS).collect())
        missed = 0
        for counted in counted_sources(self.catalog):
            name = counted.source.table
            if name in self.tables:
                reader = Reader(self.store, self.tables.tables[name], counted, self.keys, self.as_of)
                for rows in self._rows(reader, counted):
                    totals.add(rows, counted)
                missed += reader.strays
        return missed

    def _rows(self, reader: Reader, counted: Counted) -> Iterator[pl.DataFrame]:
        if self.additions is None:
            yield from reader.files(live_files(reader.table))
            return
        if (ahead := self.additions.ahead.get(counted.source.name)) is not None:
            yield reader.frame(ahead)
        yield from reader.files(self.additions.files[counted.source.name])


def made_of(catalog: Catalog) -> str:
    """Return a hash of what the table depends on beside data: declarations, weights, this program."""
    sources = [(one.source.table, one.types, one.source.columns) for one in counted_sources(catalog)]
    contact, kind = catalog.objects[CONTACT], catalog.objects[ENGAGEMENT]
    weighed = catalog.engagement.completeness if catalog.engagement is not None else ()
    fields = {name: contact.fields[name].type for name, _ in weighed}
    meanings = sorted(catalog.meanings.items())
    return digest(FORMAT, catalog.engagement, contact.key, fields, kind.fields, sources, meanings)


def _scale(name: str) -> int:
    if name == SCORE:
        return SCALES[SCORE]
    return SCALES["open_rate"] if name in RATES.values() else SCALES["open_fraction"]
