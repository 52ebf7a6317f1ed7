"""Cohorts by the week in which they entered: who stays, who entered two segments, who comes and goes."""

from __future__ import annotations

import datetime as dt
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.analytics.days import end_of, local_day, week_of, week_start
from segmentation_pipeline.analytics.spells import ENTERED, EXITED, moves_since, spells_of
from segmentation_pipeline.analytics.tables import COHORT_OVERLAPS, COHORT_RETENTION, FLAPPING_MEMBERS
from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.segments.masks import mask_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from segmentation_pipeline.analytics.history import History

SEGMENT, WEEK, COHORT = "segment_id", "week", "cohort_week"
FLAPPING_DAYS, FLAPPING_CHANGES = 30, 3
_WEEK = dt.timedelta(weeks=1)


def retention(history: History, week_starts: int) -> pl.DataFrame:
    """Return the rows of `COHORT_RETENTION`: every cohort at the end of its week and of each after it.

    The week that the last run lies in counts as it stands. Segments are read one after the other.
    """
    rows = [pl.DataFrame(schema=COHORT_RETENTION.schema)]
    this_week = week_start(history.today, week_starts)
    for name, life in history.lives.items():
        spells = spells_of(moves_since(history.transitions, name)).sort(ENTERED)
        entered = spells.unique(OBJECT_INDEX, keep="first", maintain_order=True)
        cohorts = entered.select(OBJECT_INDEX, _week(ENTERED, history.zone, week_starts).alias(COHORT))
        sizes = cohorts.group_by(COHORT).agg(pl.len().alias("cohort_size"))
        spells = spells.join(cohorts, on=OBJECT_INDEX, how="left").drop(OBJECT_INDEX)
        for week in _weeks(week_start(life.first, week_starts), this_week):
            end = end_of(week + _WEEK - dt.timedelta(days=1), history.zone)
            left = (pl.col(EXITED) < end).fill_null(value=False)
            held = (
                spells.filter(pl.col(ENTERED) < end, ~left).group_by(COHORT).agg(pl.len().alias("retained"))
            )
            known = sizes.filter(pl.col(COHORT) <= week).join(held, on=COHORT, how="left")
            rows.append(_as_rows(name, week, known))
    return pl.concat(rows).sort(SEGMENT, COHORT, WEEK)


def _as_rows(name: str, week: dt.date, known: pl.DataFrame) -> pl.DataFrame:
    said = known.with_columns(
        pl.lit(name).alias(SEGMENT),
        pl.lit(week).alias(WEEK),
        pl.col("retained").fill_null(0),
        ((pl.lit(week) - pl.col(COHORT)).dt.total_days() // 7).alias("weeks_since"),
    )
    return said.select(pl.col(column).cast(kind) for column, kind in COHORT_RETENTION.schema.items())


def overlaps(history: History, week_starts: int) -> pl.DataFrame:
    """Return the rows of `COHORT_OVERLAPS`; segments of different objects have nothing in common."""
    entered = history.transitions.filter(pl.col("change") == "entered")
    dated = entered.select(SEGMENT, OBJECT_INDEX, _week("at", history.zone, week_starts).alias(WEEK))
    rows: list[tuple[dt.date, str, str, int, int, int]] = []
    for week in dated.select(pl.col(WEEK).unique().sort()).collect().to_series():
        found = dated.filter(pl.col(WEEK) == week).select(SEGMENT, OBJECT_INDEX).unique().collect()
        bits = {str(name): _bits(of[OBJECT_INDEX]) for (name,), of in found.group_by(SEGMENT)}
        sizes = {name: int(np.bitwise_count(held).sum()) for name, held in bits.items()}
        for one, other in combinations(sorted(bits), 2):
            if history.lives[one].object == history.lives[other].object:
                length = min(bits[one].size, bits[other].size)
                both = np.bitwise_count(bits[one][:length] & bits[other][:length]).sum()
                rows.append((week, one, other, sizes[one], sizes[other], int(both)))
    return pl.DataFrame(rows, schema=COHORT_OVERLAPS.schema, orient="row")


def flapping(history: History, keys: Callable[[str], pl.LazyFrame]) -> pl.DataFrame:
    """Return the rows of `FLAPPING_MEMBERS`, the most restless first; ``keys`` as `basis.object_keys`."""
    since = end_of(history.today, history.zone) - dt.timedelta(days=FLAPPING_DAYS)
    recent = history.transitions.filter(pl.col("at") >= since)
    counted = recent.group_by(SEGMENT, OBJECT_INDEX).agg(
        pl.len().cast(pl.Int64).alias("changes"),
        pl.col("at").min().alias("first_at"),
        pl.col("at").max().alias("last_at"),
    )
    found = counted.filter(pl.col("changes") >= FLAPPING_CHANGES).collect()
    parts = [pl.DataFrame(schema=FLAPPING_MEMBERS.schema)]
    for (name,), rows in found.group_by(SEGMENT):
        known = keys(history.lives[str(name)].object).with_columns(pl.col("object_key").cast(pl.String))
        keyed = rows.lazy().join(known, on=OBJECT_INDEX, how="left").collect()
        parts.append(keyed.select(FLAPPING_MEMBERS.schema.names()))
    return pl.concat(parts).sort("changes", SEGMENT, OBJECT_INDEX, descending=[True, False, False])


def _bits(indexes: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.packbits(mask_of(indexes, 0).to_numpy())


def _week(column: str, zone: str, week_starts: int) -> pl.Expr:
    return week_of(local_day(column, zone), week_starts)


def _weeks(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    while first <= last:
        yield first
        first += _WEEK
