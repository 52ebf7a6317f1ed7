"""What happened how often: events by type, with the first, the last, and how they spread over time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.contacts.timeline import ALWAYS
from segmentation_pipeline.errors import RunFailed

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import EventSource
    from segmentation_pipeline.contacts.person import Person
    from segmentation_pipeline.contacts.timeline import Window
    from segmentation_pipeline.index.build import Index

_DAYS = 62
"""More days than that are counted by week."""


@dataclass(frozen=True, slots=True)
class TypeCount:
    """How many events of a type, of how many objects, when first and last; and how many a period."""

    type: str
    count: int
    objects: int
    first: dt.datetime
    last: dt.datetime
    over_time: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ActivitySummary:
    """Counts by type, the most frequent first; ``period`` is ``day`` or ``week`` (from Monday), in UTC."""

    period: str
    starts: tuple[dt.date, ...]
    types: tuple[TypeCount, ...]


def summarise(
    index: Index, source: EventSource, person: Person | None = None, window: Window = ALWAYS
) -> ActivitySummary:
    """Count the events of a source: of one object with those merged into it, or of all known ones.

    Raises `RunFailed` where the source was not imported.
    """
    if source.name not in index.events:
        hint = f"segmentation import {source.table} FILE"
        raise RunFailed(f"table `{source.table}` has not been imported", hint=hint)
    time, kind = pl.col(source.time), pl.col(source.type)
    rows = index.events[source.name].filter(window.holds(source.time))
    if person is not None:
        rows = rows.filter(pl.col(OBJECT_INDEX) == person.index)
    first, last = rows.select(time.min(), time.max().alias("last")).collect().row(0)
    if first is None:
        return ActivitySummary("day", (), ())
    period = "day" if (last - first).days < _DAYS else "week"
    start = time.dt.truncate("1d" if period == "day" else "1w").dt.date().alias("start")
    counted = rows.group_by(kind.alias("type"), start).agg(pl.len().alias("count")).collect()
    totals = rows.group_by(kind.alias("type")).agg(
        pl.len().alias("count"),
        pl.col(OBJECT_INDEX).n_unique().alias("objects"),
        time.min(),
        time.max().alias("last"),
    )
    starts = _starts(counted["start"], period)
    by_type = {
        name: dict(part.select("start", "count").iter_rows())
        for (name,), part in counted.partition_by("type", as_dict=True).items()
    }
    types = [
        TypeCount(name, count, objects, begun, ended, tuple(by_type[name].get(day, 0) for day in starts))
        for name, count, objects, begun, ended in totals.sort(["count", "type"], descending=[True, False])
        .collect()
        .iter_rows()
    ]
    return ActivitySummary(period, starts, tuple(types))


def _starts(found: pl.Series, period: str) -> tuple[dt.date, ...]:
    step = dt.timedelta(days=1 if period == "day" else 7)
    first, last = found.min(), found.max()
    assert isinstance(first, dt.date)
    assert isinstance(last, dt.date)
    return tuple(first + number * step for number in range((last - first) // step + 1))
