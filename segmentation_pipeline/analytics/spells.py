"""Since when and until when somebody was a member, from what was published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.segments.masks import mask_of

if TYPE_CHECKING:
    import datetime as dt

    from segmentation_pipeline.segments.published import Memberships

ENTERED, EXITED = "entered_at", "exited_at"
SPELLS = pl.Schema(
    {OBJECT_INDEX: pl.Int64(), ENTERED: pl.Datetime("us", "UTC"), EXITED: pl.Datetime("us", "UTC")}
)
"""Member from ``entered_at`` on to before ``exited_at``; null: since before, or still."""


@dataclass(frozen=True, slots=True)
class Spells:
    """The members of one segment since an instant: ``steady`` all the time, ``moving`` in spells.

    ``steady`` is a mask by ``object_index``, ``moving`` a frame of `SPELLS`.
    """

    steady: pl.Series
    moving: pl.DataFrame


def spells(transitions: pl.LazyFrame, memberships: Memberships, segment: str, since: dt.datetime) -> Spells:
    """Return who was a member of a segment when, from ``since`` on.

    Read backwards from the present members, so that it costs what changed since, not all of history.
    """
    held = memberships.indexes(segment)
    moves = moves_since(transitions, segment, since)
    if moves.is_empty():
        return Spells(mask_of(held, 0), pl.DataFrame(schema=SPELLS))
    steady = held.filter(~held.is_in(moves[OBJECT_INDEX].unique().implode()))
    return Spells(mask_of(steady, 0), spells_of(moves))


def spells_of(moves: pl.DataFrame) -> pl.DataFrame:
    """Return the spells of entries and exits, which alternate for each object, in their order."""
    following = pl.col("at").shift(-1).over(OBJECT_INDEX)
    first = pl.int_range(pl.len()).over(OBJECT_INDEX) == 0
    entered = pl.col("change") == "entered"
    ordered = moves.with_columns(following.alias(EXITED), first.alias("first"))
    opened = ordered.filter(entered).select(OBJECT_INDEX, pl.col("at").alias(ENTERED), EXITED)
    closed = ordered.filter(~entered & pl.col("first")).select(
        OBJECT_INDEX, pl.lit(None, dtype=SPELLS[ENTERED]).alias(ENTERED), pl.col("at").alias(EXITED)
    )
    return pl.concat([closed, opened])


def moves_since(transitions: pl.LazyFrame, segment: str, since: dt.datetime | None = None) -> pl.DataFrame:
    """Return the entries and exits after an instant, or all, by object, in the order of the runs."""
    rows = transitions.filter(pl.col("segment_id") == segment)
    if since is not None:
        rows = rows.filter(pl.col("at") > since)
    return rows.select(OBJECT_INDEX, "change", "at", "run_id").sort(OBJECT_INDEX, "at", "run_id").collect()
