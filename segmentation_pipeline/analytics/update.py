"""Brings the analytics of a lake up to date: days that changed are replaced, the rollups follow."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.analytics.attribution import attributed_days
from segmentation_pipeline.analytics.cohorts import flapping, overlaps, retention
from segmentation_pipeline.analytics.daily import PUBLISHED, published_days, size_days
from segmentation_pipeline.analytics.days import by_month, days_between
from segmentation_pipeline.analytics.history import read_history
from segmentation_pipeline.analytics.recomputed import recomputed_days
from segmentation_pipeline.analytics.stale import STATE, Stale, present_state, stale_days
from segmentation_pipeline.analytics.summary import summed_months
from segmentation_pipeline.analytics.tables import (
    CAMPAIGN_ATTRIBUTION,
    COHORT_OVERLAPS,
    COHORT_RETENTION,
    ENGAGEMENT_SUMMARY,
    FLAPPING_MEMBERS,
    MONTH,
    SEGMENT_ANALYTICS,
    SEGMENT_SIZES,
)
from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.lake.store import Commit
from segmentation_pipeline.segments.basis import object_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from segmentation_pipeline.analytics.history import History
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.lake.tables import Table
    from segmentation_pipeline.rules.segment import Definitions

_APP = SEGMENT_ANALYTICS.name
_PLAIN = Commit()


@dataclass(frozen=True, slots=True)
class Updated:
    """The days that were computed: as was published, and with memberships evaluated again."""

    published: tuple[dt.date, ...]
    recomputed: tuple[dt.date, ...]


def update_analytics(
    store: DeltaStore,
    definitions: Definitions,
    zone: str,
    *,
    days: Collection[dt.date] = (),
    full: bool = False,
) -> Updated:
    """Compute days as `update_days` does, and the rollups of all days. Call it under the lake's lock."""
    done = update_days(store, definitions, zone, days=days, full=full)
    update_rollups(store, definitions, zone)
    return done


def update_days(
    store: DeltaStore,
    definitions: Definitions,
    zone: str,
    *,
    days: Collection[dt.date] = (),
    full: bool = False,
) -> Updated:
    """Compute the days that changed or are missing, and ``days``; all that there are with ``full``.

    ``days`` may lie before the first run: their memberships are evaluated again. Days after the last
    run have no rows.

    Raises:
        RunFailed: nothing has been published yet.
    """
    history = _history(store, zone)
    now = present_state(store, definitions.catalog, history)
    stale = _wanted(stale_days(store, definitions.catalog, history, now), history, days, full=full)
    if stale.published or stale.recomputed or stale.attribution:
        _write_days(store, definitions, history, stale, Commit({STATE: now.model_dump_json()}))
    return Updated(tuple(sorted(stale.published)), tuple(sorted(stale.recomputed)))


def update_rollups(store: DeltaStore, definitions: Definitions, zone: str) -> None:
    """Write the rollups that are behind the days.

    Raises:
        RunFailed: nothing has been published yet.
    """
    history = _history(store, zone)
    keys = object_keys(store, definitions.catalog)
    week_starts = definitions.week_starts
    made: list[tuple[Table, Callable[[], pl.DataFrame]]] = [
        (ENGAGEMENT_SUMMARY, lambda: summed_months(store.scan(SEGMENT_ANALYTICS.name))),
        (COHORT_RETENTION, lambda: retention(history, week_starts)),
        (COHORT_OVERLAPS, lambda: overlaps(history, week_starts)),
        (FLAPPING_MEMBERS, lambda: flapping(history, keys)),
    ]
    upto = store.version(SEGMENT_ANALYTICS.name)
    for table, rows in made:
        followed = store.transaction(table.name, _APP)
        if followed is None or followed < upto:
            store.replace(table, rows(), Commit(transaction=(_APP, upto)))


def _history(store: DeltaStore, zone: str) -> History:
    history = read_history(store, zone)
    if history is None or history.first_day is None:
        raise RunFailed("nothing has been published yet", where=store.root.text, hint="segmentation run")
    return history


def _wanted(stale: Stale, history: History, days: Collection[dt.date], *, full: bool) -> Stale:
    """Add the days asked for, those before the first run and of younger segments to be recomputed."""
    first = history.first_day
    assert first is not None
    asked = frozenset(day for day in days if day <= history.today)
    every = frozenset(days_between(first, history.today)) if full else frozenset()
    published = stale.published | every | {day for day in asked if day >= first}
    return Stale(published, stale.recomputed | asked, stale.attribution | every | asked)


def _write_days(
    store: DeltaStore, definitions: Definitions, history: History, stale: Stale, said: Commit
) -> None:
    """Replace the days in every table that has rows by day; the analytics last, for they hold the state."""
    catalog, zone = definitions.catalog, history.zone
    # A segment that was never published has recomputed rows of every day.
    until = {
        name: history.lives[name].first if name in history.lives else history.today + dt.timedelta(days=1)
        for name in definitions.segments
    }

    def analytics(month: Sequence[dt.date]) -> pl.DataFrame:
        own = [day for day in month if day in stale.published]
        early = [day for day in month if day in stale.recomputed]
        rows = [published_days(store, catalog, history, own)] if own else []
        return pl.concat(
            [*rows, *([recomputed_days(store, definitions, zone, early, until)] if early else [])]
        )

    def credited(month: Sequence[dt.date]) -> pl.DataFrame:
        return attributed_days(store, catalog, zone, month)

    date, basis = pl.col("date"), pl.col("membership")
    gone = (date.is_in(sorted(stale.published)) & (basis == PUBLISHED)) | (
        date.is_in(sorted(stale.recomputed)) & (basis != PUBLISHED)
    )
    _replace(store, SEGMENT_SIZES, stale.published, lambda month: size_days(history, month))
    _replace(store, CAMPAIGN_ATTRIBUTION, stale.attribution, credited)
    _replace(store, SEGMENT_ANALYTICS, stale.published | stale.recomputed, analytics, gone=gone, said=said)


def _replace(
    store: DeltaStore,
    table: Table,
    days: Collection[dt.date],
    rows: Callable[[Sequence[dt.date]], pl.DataFrame],
    *,
    gone: pl.Expr | None = None,
    said: Commit = _PLAIN,
) -> None:
    """Replace days of a table in one commit, a month after the other in memory; ``gone`` are the old rows."""
    months = by_month(days)
    old = pl.col("date").is_in(sorted(days)) if gone is None else gone

    def slices() -> Iterator[tuple[str, list[pl.DataFrame]]]:
        for month, own in months.items():
            kept = pl.DataFrame(schema=table.schema)
            if store.exists(table.name):
                kept = store.scan(table.name).filter(pl.col(MONTH) == month, ~old).collect()
            frame = pl.concat([kept.select(table.schema.names()), rows(own)])
            yield month, [frame.sort(frame.columns[:3]).drop(MONTH)]

    store.replace_slices(table, MONTH, list(months), slices(), said)
