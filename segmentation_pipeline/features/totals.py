"""Totals of events by contact: counts, first and last times, revenue; whole numbers throughout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.scores import COUNTS, REVENUE, SCALES, TIMES, first, last
from segmentation_pipeline.features.event_rows import AT, KIND

if TYPE_CHECKING:
    from segmentation_pipeline.features.counted import Counted

MONEY = pl.Decimal(38, SCALES[REVENUE])
_INSTANT = pl.Datetime("us", "UTC")
NEVER = np.iinfo(np.int64).min
"""What stands for no last time."""
_NOT_YET = np.iinfo(np.int64).max
TOTALS = (*COUNTS.values(), REVENUE, *(name for meaning in TIMES for name in (first(meaning), last(meaning))))
"""The columns that are totals; all others of the table are computed from them."""


class Totals:
    """Totals of the contacts with indexes from ``begin`` on, ``size`` of them."""

    def __init__(self, begin: int, size: int) -> None:
        self.begin, self.size = begin, size
        self.counts = {meaning: np.zeros(size, np.int64) for meaning in COUNTS}
        self.lasts = {meaning: np.full(size, NEVER) for meaning in TIMES}
        self.touched = np.zeros(size, bool)
        self._firsts = {meaning: np.full(size, _NOT_YET) for meaning in TIMES}
        self._sums = pl.DataFrame(schema={OBJECT_INDEX: pl.Int64(), REVENUE: MONEY})

    def load(self, rows: pl.DataFrame) -> None:
        """Begin with totals as `column` gave them; ``rows`` are the table's."""
        places = rows[OBJECT_INDEX].to_numpy() - self.begin
        for meaning, name in COUNTS.items():
            self.counts[meaning][places] = rows[name].to_numpy()
        for meaning in TIMES:
            firsts, lasts = rows[first(meaning)].to_physical(), rows[last(meaning)].to_physical()
            self._firsts[meaning][places] = firsts.fill_null(_NOT_YET).to_numpy()
            self.lasts[meaning][places] = lasts.fill_null(NEVER).to_numpy()
        self._sum(rows.filter(pl.col(REVENUE) != 0).select(OBJECT_INDEX, REVENUE))

    def add(self, events: pl.DataFrame, counted: Counted) -> None:
        """Count events, as `event_rows.Reader` gives them; those of other contacts are left out."""
        events = events.filter(pl.col(OBJECT_INDEX).is_between(self.begin, self.begin + self.size - 1))
        places = events[OBJECT_INDEX].to_numpy() - self.begin
        kinds, at = events[KIND].to_numpy(), events[AT].to_numpy()
        self.touched[places] = True
        for meaning, is_meant in counted.meanings.items():
            if not is_meant.any():
                continue
            mine = is_meant[kinds]
            here = places[mine]
            if meaning in COUNTS:
                self.counts[meaning] += np.bincount(here, minlength=self.size)
            if meaning in TIMES:
                np.minimum.at(self._firsts[meaning], here, at[mine])
                np.maximum.at(self.lasts[meaning], here, at[mine])
        for column, is_meant in counted.revenue.items():
            paid = pl.Series(is_meant[kinds]) & events[column].is_not_null()
            self._sum(events.filter(paid).select(OBJECT_INDEX, pl.col(column).cast(MONEY).alias(REVENUE)))

    def frame(self, indexes: pl.Series) -> pl.DataFrame:
        """Return the totals of some contacts, in their order."""
        places = indexes.to_numpy() - self.begin
        columns = [pl.Series(name, self.counts[meaning][places]) for meaning, name in COUNTS.items()]
        for meaning in TIMES:
            for name, times, none in (
                (first(meaning), self._firsts[meaning], _NOT_YET),
                (last(meaning), self.lasts[meaning], NEVER),
            ):
                found = pl.Series(name, times[places])
                columns.append(found.set(found == none, None).cast(_INSTANT))
        asked = indexes.alias(OBJECT_INDEX).to_frame()
        sums = asked.join(self._sums, on=OBJECT_INDEX, how="left", maintain_order="left")
        columns.append(sums[REVENUE].fill_null(0).cast(MONEY))
        return pl.DataFrame(columns)

    def _sum(self, amounts: pl.DataFrame) -> None:
        if amounts.height:
            # In 128 bits: neither floats nor 64 would hold every sum.
            amounts = amounts.cast({OBJECT_INDEX: pl.Int64()})
            self._sums = pl.concat([self._sums, amounts]).group_by(OBJECT_INDEX).agg(pl.col(REVENUE).sum())
