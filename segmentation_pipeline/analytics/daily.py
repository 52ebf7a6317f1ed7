"""The rows of whole local days: analytics of every segment, and its sizes on the days it changed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.analytics.days import end_of, start_of
from segmentation_pipeline.analytics.history import DATE, SEGMENT
from segmentation_pipeline.analytics.meanings import event_sources, events_between
from segmentation_pipeline.analytics.measures import member_days, object_days, with_rates
from segmentation_pipeline.analytics.spells import spells
from segmentation_pipeline.analytics.tables import COUNTS, REVENUE, SEGMENT_ANALYTICS, SEGMENT_SIZES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from segmentation_pipeline.analytics.history import History
    from segmentation_pipeline.analytics.spells import Spells
    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.lake.store import DeltaStore

PUBLISHED = "published"


def published_days(
    store: DeltaStore, catalog: Catalog, history: History, days: Sequence[dt.date]
) -> pl.DataFrame:
    """Return the rows of `SEGMENT_ANALYTICS` of some days of one month, as was published.

    ``days`` ascend. A segment has rows from the day of its first member on.
    """
    since = start_of(days[0], history.zone)
    measured = Measured(store, catalog, history.zone, days)
    parts = [pl.DataFrame(schema=SEGMENT_ANALYTICS.schema)]
    for name, life in history.lives.items():
        own = [day for day in days if life.has(day)]
        if not own:
            continue
        frame = pl.DataFrame(
            {SEGMENT: name, DATE: own, "contact_count": history.sizes(name, own)},
            schema_overrides={DATE: pl.Date},
        )
        moves = history.moves.filter(pl.col(SEGMENT) == name).select(DATE, "entered", "exited")
        frame = frame.join(moves, on=DATE, how="left").with_columns(pl.col("entered", "exited").fill_null(0))
        members = partial(spells, history.transitions, history.published.memberships, name, since)
        counted = measured.of(life.object, members)
        parts.append(finished(frame, counted, PUBLISHED))
    return pl.concat(parts)


def size_days(history: History, days: Sequence[dt.date]) -> pl.DataFrame:
    """Return the rows of `SEGMENT_SIZES` of some days of one month."""
    moves = history.moves.filter(pl.col(DATE).is_in(days))
    parts = [pl.DataFrame(schema=SEGMENT_SIZES.schema)]
    for (name,), rows in moves.sort(SEGMENT, DATE).group_by(SEGMENT, maintain_order=True):
        sizes = pl.Series("size", history.sizes(str(name), rows[DATE].to_list()), dtype=pl.Int64)
        month = pl.col(DATE).dt.strftime("%Y-%m").alias("month")
        parts.append(rows.with_columns(sizes, month).select(SEGMENT_SIZES.schema.names()))
    return pl.concat(parts)


class Measured:
    """The events of some days of one month, read once for all segments of an object."""

    def __init__(self, store: DeltaStore, catalog: Catalog, zone: str, days: Sequence[dt.date]) -> None:
        self._store = store
        self._between = (start_of(days[0], zone), end_of(days[-1], zone))
        self._catalog = catalog
        self._zone = zone
        self._events: dict[str, tuple[pl.DataFrame, pl.DataFrame]] = {}

    def of(self, kind: str, members: Callable[[], Spells]) -> pl.DataFrame | None:
        """Return the sums by day of what members did; None for an object without such events."""
        if kind not in self._catalog.objects or not event_sources(self._catalog, self._catalog.objects[kind]):
            return None
        if kind not in self._events:
            events = events_between(self._store, self._catalog, self._catalog.objects[kind], *self._between)
            self._events[kind] = (events, object_days(events, self._zone))
        events, by_object = self._events[kind]
        return member_days(by_object, events, members(), self._zone)


def finished(frame: pl.DataFrame, counted: pl.DataFrame | None, basis: str) -> pl.DataFrame:
    """Give rows of segment, day, size and moves their counts: 0 on a day without, null without events."""
    if counted is None:
        nothing = [pl.lit(None, dtype=pl.Int64).alias(name) for name in COUNTS]
        rows = frame.with_columns(*nothing, pl.lit(None, dtype=REVENUE).alias("revenue"))
    else:
        rows = frame.join(counted, on=DATE, how="left").with_columns(pl.col(*COUNTS, "revenue").fill_null(0))
    said = [pl.lit(basis).alias("membership"), pl.col(DATE).dt.strftime("%Y-%m").alias("month")]
    schema = SEGMENT_ANALYTICS.schema
    complete = with_rates(rows.with_columns(said))
    return complete.select(pl.col(name).cast(kind) for name, kind in schema.items())
