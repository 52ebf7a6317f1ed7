"""What is known of some segments: members, sizes over time, what members did, what sets them apart."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from segmentation_pipeline.analytics.daily import PUBLISHED
from segmentation_pipeline.analytics.days import days_between, end_of, start_of
from segmentation_pipeline.analytics.history import read_history
from segmentation_pipeline.analytics.meanings import event_sources, events_between
from segmentation_pipeline.analytics.measures import object_days, with_rates
from segmentation_pipeline.analytics.tables import COUNTS, SEGMENT_ANALYTICS
from segmentation_pipeline.errors import RunFailed, UsageError
from segmentation_pipeline.report.contents.attributes import Difference, differences
from segmentation_pipeline.segments.basis import object_rows
from segmentation_pipeline.segments.registry import read_registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from segmentation_pipeline.analytics.history import History
    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.lake.store import DeltaStore

SUMS = (*COUNTS, "revenue")


@dataclass(frozen=True, slots=True)
class Standing:
    """One segment within the days of a report.

    ``members`` are its indexes now, ascending; ``sizes`` those at the end of each of the days;
    ``did`` the sums and rates of `SEGMENT_ANALYTICS` over them, ``by_day`` its rows.
    """

    name: str
    registry: Mapping[str, Any]
    members: pl.Series
    sizes: tuple[int | None, ...]
    entered: int
    exited: int
    did: Mapping[str, Any]
    by_day: pl.DataFrame
    apart: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Up to four segments of one object over the same days, beside everybody of that object."""

    kind: ObjectType
    days: tuple[dt.date, ...]
    segments: tuple[Standing, ...]
    everybody: int
    everybody_did: Mapping[str, Any]
    both: Mapping[tuple[str, str], int]


def compare(store: DeltaStore, catalog: Catalog, zone: str, names: Sequence[str], *, days: int) -> Comparison:
    """Return what is known of segments over the last local days up to that of the last run.

    Raises:
        UsageError: more than four, twice the same, one that was never published, of several objects.
        RunFailed: nothing was published yet, or there are no analytics of these days.
    """
    history = read_history(store, zone)
    if history is None:
        raise RunFailed("nothing has been published yet", where=store.root.text, hint="segmentation run")
    states = {row["segment_id"]: row for row in read_registry(store)}
    kind = _object(catalog, states, names)
    shown = days_between(history.today - dt.timedelta(days=days - 1), history.today)
    if not store.exists(SEGMENT_ANALYTICS.name):
        raise RunFailed("there are no analytics yet", where=store.root.text, hint="segmentation analytics")
    objects = object_rows(store, kind)
    apart = partial(differences, kind, objects)
    standings = tuple(_standing(store, history, shown, states[name], apart) for name in names)
    return Comparison(
        kind,
        tuple(shown),
        standings,
        objects.select(pl.len()).collect().item(),
        _everybody(store, catalog, kind, zone, shown),
        _both(standings),
    )


def _object(catalog: Catalog, registry: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> ObjectType:
    if not 1 <= len(names) <= 4 or len(set(names)) < len(names):
        raise UsageError("a report compares one to four different segments", where=" ".join(names))
    for name in names:
        if name not in registry:
            raise UsageError(f"segment `{name}` was never published", allowed=sorted(registry))
    objects = {str(registry[name]["object"]) for name in names}
    if len(objects) > 1:
        raise UsageError(
            f"segments of different objects have nothing in common: {', '.join(sorted(objects))}"
        )
    return catalog.objects[objects.pop()]


def _standing(
    store: DeltaStore,
    history: History,
    days: Sequence[dt.date],
    registry: Mapping[str, Any],
    apart: Callable[[pl.Series], list[Difference]],
) -> Standing:
    name = str(registry["segment_id"])
    rows = (
        store.scan(SEGMENT_ANALYTICS.name)
        .filter(pl.col("segment_id") == name, pl.col("date").is_between(days[0], days[-1]))
        .sort("date")
        .collect()
    )
    sizes = dict(rows.select("date", "contact_count").iter_rows())
    # The first run publishes everybody at once: after recomputed days that is no move.
    first = (pl.col("membership") == PUBLISHED) & (pl.col("membership").shift(1) != PUBLISHED)
    moves = rows.filter(~first.fill_null(value=False))
    members = history.published.memberships.indexes(name)
    return Standing(
        name,
        registry,
        members,
        tuple(sizes.get(day) for day in days),
        int(moves["entered"].sum()),
        int(moves["exited"].sum()),
        _summed(rows),
        rows,
        tuple(apart(members)),
    )


def _everybody(
    store: DeltaStore, catalog: Catalog, kind: ObjectType, zone: str, days: Sequence[dt.date]
) -> dict[str, Any]:
    """Return what all objects did in these days, members of anything or not."""
    if not event_sources(catalog, kind):
        return dict.fromkeys(SUMS)
    events = events_between(store, catalog, kind, start_of(days[0], zone), end_of(days[-1], zone))
    return _summed(object_days(events, zone))


def _summed(rows: pl.DataFrame) -> dict[str, Any]:
    sums = rows.select(
        pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name) for name in SUMS
    )
    return with_rates(sums).row(0, named=True)


def _both(standings: Sequence[Standing]) -> dict[tuple[str, str], int]:
    return {
        (one.name, other.name): int(
            np.intersect1d(one.members.to_numpy(), other.members.to_numpy(), assume_unique=True).size
        )
        for one in standings
        for other in standings
        if one is not other
    }
