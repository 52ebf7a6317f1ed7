"""What was published when: the sizes of segments, and who came and went, by local day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.analytics.days import day_of, local_day
from segmentation_pipeline.segments.published import read_published
from segmentation_pipeline.segments.tables import DEFINITION_VERSIONS, TRANSITIONS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.segments.published import Published

SEGMENT, DATE = "segment_id", "date"
_BY = {
    "by_definition": "definition changed",
    "by_data": "data changed",
    "by_time": "time passed",
    "by_pin": "pin",
}
MOVES = pl.Schema(
    {SEGMENT: pl.String(), DATE: pl.Date()}
    | dict.fromkeys(("entered", "exited", *_BY, "by_other"), pl.Int64())
)
"""Entries and exits of a segment on a local day, and how many of both had which reason."""


@dataclass(frozen=True, slots=True)
class Life:
    """When a segment first and last changed, whether it is still known, and the object of its members."""

    first: dt.date
    last: dt.date
    known: bool
    object: str

    def has(self, day: dt.date) -> bool:
        """Whether the segment has a row of that day: from its first member on, while it is known."""
        return self.first <= day and (self.known or day <= self.last)


@dataclass(frozen=True, slots=True)
class History:
    """Everything that was published, in local days of ``zone``; ``today`` is that of the last run.

    ``transitions`` are pinned: the table is opened once for all segments.
    """

    published: Published
    transitions: pl.LazyFrame
    moves: pl.DataFrame
    lives: Mapping[str, Life]
    zone: str
    today: dt.date

    @property
    def first_day(self) -> dt.date | None:
        return min((life.first for life in self.lives.values()), default=None)

    def sizes(self, segment: str, days: Sequence[dt.date]) -> list[int]:
        """Return the members at the end of each of the days, which ascend."""
        moves = self.moves.filter(pl.col(SEGMENT) == segment).sort(DATE, descending=True)
        size = self.published.memberships.sizes().get(segment, 0)
        later = list(moves.select(DATE, pl.col("entered") - pl.col("exited")).iter_rows())
        found: list[int] = []
        for day in reversed(days):
            while later and later[0][0] > day:
                size -= later.pop(0)[1]
            found.append(size)
        return found[::-1]


def read_history(store: DeltaStore, zone: str) -> History | None:
    """Return what was published so far, None before the first run."""
    published = read_published(store)
    if published.record is None or not store.exists(TRANSITIONS.name):
        return None
    transitions = store.scan(TRANSITIONS.name)
    moves = _moves(transitions, zone)
    objects = _objects(store) | {name: state.object for name, state in published.record.segments.items()}
    spans = moves.group_by(SEGMENT).agg(pl.col(DATE).min().alias("first"), pl.col(DATE).max().alias("last"))
    lives = {
        name: Life(first, last, name in published.record.segments, objects.get(name, ""))
        for name, first, last in spans.sort(SEGMENT).iter_rows()
    }
    return History(published, transitions, moves, lives, zone, day_of(published.record.as_of, zone))


def _moves(transitions: pl.LazyFrame, zone: str) -> pl.DataFrame:
    counted = transitions.group_by(SEGMENT, "at", "change", "reason").agg(pl.len().cast(pl.Int64).alias("n"))
    dated = counted.with_columns(local_day("at", zone).alias(DATE)).drop("at")
    n, reason = pl.col("n"), pl.col("reason")
    known = {column: n.filter(reason == text).sum() for column, text in _BY.items()}
    summed = dated.group_by(SEGMENT, DATE).agg(
        n.filter(pl.col("change") == "entered").sum().alias("entered"),
        n.filter(pl.col("change") == "exited").sum().alias("exited"),
        *(found.alias(column) for column, found in known.items()),
        n.filter(~reason.is_in(list(_BY.values())).fill_null(value=False)).sum().alias("by_other"),
    )
    return summed.select(pl.col(name).cast(kind) for name, kind in MOVES.items()).collect()


def _objects(store: DeltaStore) -> dict[str, str]:
    """Return the object of every segment that ever had a definition, the latest one's."""
    if not store.exists(DEFINITION_VERSIONS.name):
        return {}
    rows = store.scan(DEFINITION_VERSIONS.name).select(SEGMENT, "object", "created_at").collect()
    return dict(rows.sort("created_at").select(SEGMENT, "object").iter_rows())
