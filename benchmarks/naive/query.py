"""A segment as one lazy Polars query, as one would write it by hand: a filter over joins.

Every condition on events is a ``group_by`` of its own whose objects are joined to the contacts; an
embedded segment is what was written of it before. Nothing is shared between segments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import polars as pl

from segmentation_pipeline.rules.clock import DAY
from segmentation_pipeline.rules.tree import (
    All,
    Any,
    Compare,
    Condition,
    Events,
    Field,
    InSegment,
    Measure,
    Not,
    Sequence,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.segment import Segment

ID = "object_index"
_TIME = "occurred_at"


class Layout(Protocol):
    """Rows, and how a condition is asked of their columns."""

    @property
    def contacts(self) -> pl.LazyFrame: ...
    @property
    def activities(self) -> pl.LazyFrame: ...
    @property
    def clock(self) -> Clock: ...
    def contact(self, node: Compare) -> pl.Expr:
        """Return the two-valued expression of a comparison with a contact's field."""

    def activity(self, node: Compare) -> pl.Expr:
        """Return the two-valued expression of a comparison with an activity's field."""

    def has_type(self, types: tuple[str, ...]) -> pl.Expr: ...
    def happened(self, low: int | None, high: int) -> pl.Expr:
        """Return whether an activity lies in ``[low, high)`` µs."""

    def at(self, micros: int) -> pl.Expr:
        """Return a literal to compare the time of an activity with."""

    def amount(self, node: Compare) -> pl.Expr:
        """Return the literal that a sum is compared with."""


@dataclass(slots=True)
class Query:
    """The query of one segment while it is built: ``rows`` grows a join a condition on events."""

    layout: Layout
    clock: Clock
    embedded: Callable[[str], pl.LazyFrame]
    rows: pl.LazyFrame
    joined: int = 0

    def truth(self, node: Condition) -> pl.Expr:
        """Return the two-valued expression of a condition over ``rows`` as they are by then."""
        match node:
            case All(conditions):
                return pl.all_horizontal([self.truth(part) for part in conditions])
            case Any(conditions):
                return pl.any_horizontal([self.truth(part) for part in conditions])
            case Not(condition):
                return ~self.truth(condition)
            case InSegment(segment, None):
                return self.among(self.embedded(segment))
            case Sequence():
                return self.among(self.chains(node))
            case Compare(operand=Field()):
                return self.layout.contact(node)
            case Compare(operand=Measure() as measure):
                return self.measured(node, measure)
        raise NotImplementedError(f"no query for {node!r}")

    def among(self, ids: pl.LazyFrame) -> pl.Expr:
        """Return whether a row is among distinct ids, which are joined to the rows."""
        name = f"joined:{self.joined}"
        self.joined += 1
        self.rows = self.rows.join(ids.with_columns(pl.lit(value=True).alias(name)), on=ID, how="left")
        return pl.col(name).fill_null(value=False)

    def measured(self, node: Compare, measure: Measure) -> pl.Expr:
        """Compare a count, a sum or a recency: those without events stand where zero (or null) does."""
        groups = self.happened(measure).group_by(ID)
        match measure.measure, node.operator, node.value:
            case "count", "equals", 0:
                return ~self.among(groups.agg().select(ID))
            case "count", "greater_than_or_equal", int(least):
                enough = pl.col("value") >= least
                return self.among(groups.agg(pl.len().alias("value")).filter(enough).select(ID))
            case "count", "less_than", int(limit):
                enough = pl.col("value") >= limit
                return ~self.among(groups.agg(pl.len().alias("value")).filter(enough).select(ID))
            case "sum", "greater_than_or_equal", _:
                sums = groups.agg(pl.col("revenue").sum().alias("value"))
                return self.among(sums.filter(pl.col("value") >= self.layout.amount(node)).select(ID))
            case "days_since_last", "greater_than_or_equal", int(days):
                latest = groups.agg(pl.col(_TIME).max().alias("value"))
                before = pl.col("value") <= self.layout.at(self.clock.as_of - days * DAY)
                return self.among(latest.filter(before).select(ID))
        raise NotImplementedError(f"no query for `{measure.measure}` {node.operator}")

    def happened(self, measure: Measure) -> pl.LazyFrame:
        """Return the activities a measure is computed over."""
        assert isinstance(measure.source, Events)
        low, high = (None, None) if measure.within is None else self.clock.span(measure.within)
        end = self.clock.as_of + 1
        rows = self.layout.activities.filter(self.layout.has_type(measure.source.types)).filter(
            self.layout.happened(low, end if high is None else min(high, end))
        )
        match measure.where:
            case None:
                return rows
            case Compare() as where:
                return rows.filter(self.layout.activity(where))
        raise NotImplementedError(f"no query for {measure.where!r}")

    def chains(self, node: Sequence) -> pl.LazyFrame:
        """Return the distinct ids with every step after the one before, within the gap if there is one."""
        first, *others = [self.step(node, number) for number in range(len(node.steps))]
        if node.gap is not None:
            (second,) = others
            return (
                second.sort(_TIME)
                .join_asof(
                    first.sort(_TIME).with_columns(pl.col(_TIME).alias("before")),
                    on=_TIME,
                    by=ID,
                    strategy="backward",
                    allow_exact_matches=False,
                    check_sortedness=False,
                )
                .filter(pl.col(_TIME) - pl.col("before") <= pl.duration(microseconds=node.gap))
                .select(ID)
                .unique()
            )
        reached = first.group_by(ID).agg(pl.col(_TIME).min().alias("reached"))
        for step in others:
            later = step.join(reached, on=ID).filter(pl.col(_TIME) > pl.col("reached"))
            reached = later.group_by(ID).agg(pl.col(_TIME).min().alias("reached"))
        return reached.select(ID)

    def step(self, node: Sequence, number: int) -> pl.LazyFrame:
        step = node.steps[number]
        if step.negated or step.where is not None or step.within is not None or node.same or node.span:
            raise NotImplementedError(f"no query for {node!r}")
        low, high = (None, None) if node.within is None else self.clock.span(node.within)
        end = self.clock.as_of + 1
        inside = self.layout.happened(low, end if high is None else min(high, end))
        return self.layout.activities.filter(self.layout.has_type(step.types), inside).select(ID, _TIME)


def segment_query(
    segment: Segment, layout: Layout, clock: Clock, embedded: Callable[[str], pl.LazyFrame]
) -> pl.LazyFrame:
    """Return the members of a segment as one column ``object_index``, in no particular order."""
    assert segment.where is not None
    query = Query(layout, clock, embedded, layout.contacts)
    truth = query.truth(segment.where)
    if segment.exclude is not None:
        truth &= ~query.truth(segment.exclude)
    return query.rows.filter(truth).select(ID)
