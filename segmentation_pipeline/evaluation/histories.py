"""What was published before, as a condition: entered, left, member for, member at an instant."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.evaluation.comparisons.intervals import inside
from segmentation_pipeline.rules.tree import Entered, History, Left, MemberFor, PublishedAt

if TYPE_CHECKING:
    from segmentation_pipeline.rules.clock import Clock

_AT = "transition:at"


def recall(segment: str, history: History, transitions: pl.LazyFrame, clock: Clock) -> pl.LazyFrame:
    """Return the distinct ``object_index`` to which a segment's history applies.

    ``transitions`` has ``segment_id``, ``object_index``, ``change`` and ``at``; rows after ``as_of``
    are invisible.
    """
    at = pl.col("at").to_physical().cast(pl.Int64)
    mine = transitions.filter(pl.col("segment_id") == segment).with_columns(at.alias(_AT))
    return _recall(history, mine.filter(pl.col(_AT) <= clock.as_of), clock).select(OBJECT_INDEX).unique()


@singledispatch
def _recall(history: History, transitions: pl.LazyFrame, clock: Clock) -> pl.LazyFrame:
    raise NotImplementedError(f"no translation of the history {type(history).__name__}")


@_recall.register(Entered)
def _(history: Entered, transitions: pl.LazyFrame, clock: Clock) -> pl.LazyFrame:
    return transitions.filter(pl.col("change") == "entered", inside(pl.col(_AT), clock.span(history.window)))


@_recall.register(Left)
def _(history: Left, transitions: pl.LazyFrame, clock: Clock) -> pl.LazyFrame:
    return transitions.filter(pl.col("change") == "exited", inside(pl.col(_AT), clock.span(history.window)))


@_recall.register(MemberFor)
def _(history: MemberFor, transitions: pl.LazyFrame, clock: Clock) -> pl.LazyFrame:
    stays = _inside_since(transitions)
    if history.at_least is not None:
        stays = stays.filter(pl.col(_AT) <= clock.extent(history.at_least)[0])
    if history.at_most is not None:
        stays = stays.filter(pl.col(_AT) >= clock.extent(history.at_most)[0])
    return stays


@_recall.register(PublishedAt)
def _(history: PublishedAt, transitions: pl.LazyFrame, clock: Clock) -> pl.LazyFrame:
    return _inside_since(transitions.filter(pl.col(_AT) < clock.extent(history.moment)[1]))


def _inside_since(transitions: pl.LazyFrame) -> pl.LazyFrame:
    """Return who is inside after the last transition, and since when; an exit counts before an entry."""
    last = (
        transitions.sort(_AT, pl.col("change") == "entered")
        .group_by(OBJECT_INDEX, maintain_order=True)
        .last()
    )
    return last.filter(pl.col("change") == "entered")
