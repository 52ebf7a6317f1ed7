"""Which days of `segment_analytics` no longer say what the lake does, and why it is known of the others."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from pydantic import BaseModel

from segmentation_pipeline.analytics.attribution import WINDOW_DAYS
from segmentation_pipeline.analytics.daily import PUBLISHED
from segmentation_pipeline.analytics.days import days_between, local_day
from segmentation_pipeline.analytics.meanings import Meanings, event_sources
from segmentation_pipeline.analytics.tables import SEGMENT_ANALYTICS
from segmentation_pipeline.lake.file_changes import file_changes
from segmentation_pipeline.lake.reading import scan_files

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.analytics.history import History
    from segmentation_pipeline.catalog.model import Catalog, EventSource
    from segmentation_pipeline.lake.store import DeltaStore

STATE = "analytics"


class State(BaseModel):
    """What the table was computed from: the last run and its day, input versions, and the setting."""

    run: int
    today: dt.date
    versions: dict[str, int]
    setting: str


@dataclass(frozen=True, slots=True)
class Stale:
    """Days whose rows must be computed again: as ``published``, ``recomputed``, and of ``attribution``."""

    published: frozenset[dt.date]
    recomputed: frozenset[dt.date]
    attribution: frozenset[dt.date]


def present_state(store: DeltaStore, catalog: Catalog, history: History) -> State:
    """Return what a computation of now is made from."""
    sources = [source for kind in catalog.objects.values() for source in event_sources(catalog, kind)]
    merges = [kind.merges for kind in catalog.objects.values() if kind.merges is not None]
    versions = store.snapshot([*(source.table for source in sources), *merges]).versions
    meanings = Meanings.of(catalog)
    said = f"{history.zone} {sorted((k, sorted(v)) for k, v in meanings.types.items())} {meanings.revenue}"
    record = history.published.record
    return State(
        run=record.number if record is not None else 0,
        today=history.today,
        versions=versions,
        setting=hashlib.sha256(said.encode()).hexdigest()[:16],
    )


def known_state(store: DeltaStore) -> State | None:
    """Return what the table in the lake was last computed from."""
    if not store.exists(SEGMENT_ANALYTICS.name):
        return None
    for version in range(store.version(SEGMENT_ANALYTICS.name), -1, -1):
        said = store.commit_metadata(SEGMENT_ANALYTICS.name, version).get(STATE)
        if said is not None:
            return State.model_validate_json(said)
    return None


def covered_days(store: DeltaStore) -> tuple[dt.date, dt.date] | None:
    """Return the first and the last day that analytics are there of, None without any."""
    if not store.exists(SEGMENT_ANALYTICS.name):
        return None
    date = pl.col("date")
    ends = store.scan(SEGMENT_ANALYTICS.name).select(date.min().alias("first"), date.max().alias("last"))
    first, last = ends.collect().row(0)
    return None if first is None else (first, last)


def stale_days(store: DeltaStore, catalog: Catalog, history: History, now: State) -> Stale:
    """Return the days to compute again, those that are missing among them.

    Days before the first run are looked at only if the table has them.
    """
    first = history.first_day
    every = frozenset(days_between(first, history.today)) if first is not None else frozenset()
    before = known_state(store)
    kept = _kept(store)
    recomputed = frozenset(day for day, basis in kept if basis != PUBLISHED)
    if before is None or before.setting != now.setting:
        return Stale(every, recomputed, every | recomputed)
    changed = _changed(store, catalog, history.zone, before, now)
    if changed is None:
        return Stale(every, recomputed, every | recomputed)
    missing = every - {day for day, basis in kept if basis == PUBLISHED}
    moved = frozenset(day for day in every if day >= before.today and now.run != before.run)
    # A rule sees what happened before: of recomputed days every later one may differ.
    again = frozenset(day for day in recomputed if changed and day >= min(changed))
    touched = {day + dt.timedelta(days=n) for day in changed for n in range(WINDOW_DAYS + 2)}
    credited = (touched | missing | moved) & (every | recomputed)
    return Stale(missing | moved | (changed & every), again, frozenset(credited))


def _kept(store: DeltaStore) -> list[tuple[dt.date, str]]:
    if not store.exists(SEGMENT_ANALYTICS.name):
        return []
    rows = store.scan(SEGMENT_ANALYTICS.name).select("date", "membership").unique().collect()
    return list(rows.iter_rows())


def _changed(
    store: DeltaStore, catalog: Catalog, zone: str, before: State, now: State
) -> frozenset[dt.date] | None:
    """Return the local days of events that came since; None where any day may have changed."""
    sources = {
        source.table: source for kind in catalog.objects.values() for source in event_sources(catalog, kind)
    }
    found: set[dt.date] = set()
    for table in sorted({*before.versions, *now.versions}):
        then, at = before.versions.get(table), now.versions.get(table)
        if then == at:
            continue
        if table not in sources or at is None:
            return None
        changes = file_changes(store, table, -1 if then is None else then, at)
        if changes is None or changes.removed or (changes.altered and then is not None):
            return None
        found |= _days_of(store, sources[table], zone, changes.added)
    return frozenset(found)


def _days_of(store: DeltaStore, source: EventSource, zone: str, files: Iterable[str]) -> set[dt.date]:
    chosen = list(files)
    if not chosen:
        return set()
    rows = scan_files(store.root.table(source.table), store.open(source.table), chosen)
    days = rows.select(local_day(source.time, zone).unique().alias("day")).collect()
    return set(days["day"].drop_nulls())
