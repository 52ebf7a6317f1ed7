"""Since when members are members, and who had all that a spell gives: on the night of a decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.assignment.history import SEGMENT
from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.segments.tables import TRANSITIONS

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from segmentation_pipeline.assignment.people import People
    from segmentation_pipeline.lake.reading import Snapshot
    from segmentation_pipeline.segments.published import Memberships

SINCE, AT = "since", "at"
_OWN, _PRIMARY = "own", "primary"


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """The spells of members as published, in days of ``zone``.

    ``inherited`` has the spells that merges ended: ``segment_id``, ``primary``, ``at`` and ``since``. Where
    a contact left because it was merged, and its primary entered in the same run, the primary's spell
    began with that contact's.
    """

    memberships: Memberships
    people: People
    zone: str
    inherited: pl.DataFrame

    def begun(self, segment: str) -> tuple[NDArray[np.int64], NDArray[np.datetime64]]:
        """Return the members of a segment, by number, and the day on which the spell of each began."""
        held = self.memberships.scan(segment).select(OBJECT_INDEX, pl.col("added_at").alias(AT)).collect()
        mine = self.inherited.filter(pl.col(SEGMENT) == segment).drop(SEGMENT)
        since = pl.col(AT)
        if mine.height:
            held = held.join(mine, left_on=[OBJECT_INDEX, AT], right_on=[_PRIMARY, AT], how="left")
            since = pl.min_horizontal(AT, SINCE)
        days = held.select(_local(since, self.zone)).to_series().to_numpy().astype("datetime64[D]")
        numbers, there = self.people.counted(held[OBJECT_INDEX].to_numpy())
        days = days[there]
        # Of two that are one by now, the earlier spell is that of both.
        order = np.lexsort((days, numbers)) if self.people.merged.size else np.argsort(numbers)
        found, first = np.unique(numbers[order], return_index=True)
        return found, days[order][first]


def read_entries(
    tables: Snapshot, memberships: Memberships, people: People, segments: Collection[str], zone: str
) -> Entries:
    """Return the spells of some segments; ``tables`` has the transitions, pinned."""
    return Entries(memberships, people, zone, _inherited(tables, people, segments))


def _inherited(tables: Snapshot, people: People, segments: Collection[str]) -> pl.DataFrame:
    """Return the spells that ended with a merge, those of several contacts as the earliest."""
    instant = TRANSITIONS.schema[AT]
    if not people.merged.size or TRANSITIONS.name not in tables:
        return pl.DataFrame(schema={SEGMENT: pl.String, _PRIMARY: pl.Int64, AT: instant, SINCE: instant})
    moved = pl.DataFrame({_OWN: people.merged, _PRIMARY: people.primaries})
    rows = (
        tables.scan(TRANSITIONS.name)
        .filter(pl.col(SEGMENT).is_in(sorted(segments)), pl.col(OBJECT_INDEX).is_in(moved[_OWN].implode()))
        .select(SEGMENT, pl.col(OBJECT_INDEX).alias(_OWN), "change", "reason", AT)
        .collect()
        .sort(SEGMENT, _OWN, AT, pl.col("change") == "entered")
    )
    before = pl.col(AT).shift(1).over(SEGMENT, _OWN)
    ended = rows.with_columns(before.alias(SINCE)).filter(
        pl.col("change") == "exited", pl.col("reason") == "merged", pl.col(SINCE).is_not_null()
    )
    found = ended.join(moved, on=_OWN, how="inner")
    return found.group_by(SEGMENT, _PRIMARY, AT).agg(pl.col(SINCE).min())


def _local(instant: pl.Expr, zone: str) -> pl.Expr:
    return instant.dt.convert_time_zone(zone).dt.date()
