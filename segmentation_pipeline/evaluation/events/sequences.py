"""Sequences as sorted joins: one pass a step, whatever the number of events.

A chain is extended by the *latest* fitting predecessor of each event. That loses nothing: the latest
one makes the gap and the stretch without forbidden events shortest, and because later events have
later predecessors, the start of the best chain never moves back, so the span is shortest too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.evaluation.comparisons.intervals import inside
from segmentation_pipeline.evaluation.to_polars import Rows, compile_condition

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import EventSource
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.tree import Sequence, Step

PLACE, AT, START = "sequence:place", "sequence:at", "sequence:start"
_BEFORE_PLACE, _BEFORE_AT = "sequence:before_place", "sequence:before_at"
_OTHER_PLACE, _OTHER_AT = "sequence:other_place", "sequence:other_at"


def find_chains(node: Sequence, source: EventSource, events: pl.LazyFrame, clock: Clock) -> pl.LazyFrame:
    """Return the distinct ``object_index`` of objects with a chain that fits."""
    walk = _Walk(node, source, _placed(node, source, events, clock), clock)
    chains, skipped = None, []
    for step in node.steps:
        if step.negated:
            skipped.append(step)
            continue
        chains = walk.first(step, skipped) if chains is None else walk.extended(chains, step, skipped)
        skipped = []
    if chains is None:
        raise NotImplementedError("a sequence without a step that happens")
    chains = walk.not_followed(chains, skipped)
    if node.span is not None:
        chains = chains.filter(pl.col(AT) - pl.col(START) <= node.span)
    return chains.select(OBJECT_INDEX).unique()


def _placed(node: Sequence, source: EventSource, events: pl.LazyFrame, clock: Clock) -> pl.LazyFrame:
    """Return the events of the steps in their order: ``place`` counts by (object, time, id)."""
    types = sorted({kind for step in node.steps for kind in step.types})
    at = pl.col(source.time).to_physical().cast(pl.Int64)
    shared = [pl.col(name).is_not_null() for name in node.same]
    return (
        events.filter(pl.col(source.type).is_in(types), at <= clock.as_of, *shared)
        .with_columns(at.alias(AT))
        .sort(OBJECT_INDEX, AT, source.id)
        .with_row_index(PLACE)
        .with_columns(pl.col(PLACE).cast(pl.Int64))
    )


class _Walk:
    """The steps of one sequence over its placed events."""

    def __init__(self, node: Sequence, source: EventSource, events: pl.LazyFrame, clock: Clock) -> None:
        self.node, self.source, self.events, self.clock = node, source, events, clock
        self.by = [OBJECT_INDEX, *node.same]

    def of(self, step: Step) -> pl.LazyFrame:
        """Return the events that meet a step: the shared columns, place and time."""
        at = pl.col(AT)
        parts = [pl.col(self.source.type).is_in(list(step.types))]
        parts += [inside(at, self.clock.span(w)) for w in (self.node.within, step.within) if w is not None]
        if step.where is not None:
            parts.append(compile_condition(step.where, Rows(self.clock)))
        return self.events.filter(*parts).select(*self.by, PLACE, AT)

    def first(self, step: Step, skipped: list[Step]) -> pl.LazyFrame:
        """Return the chains of one event, without those that a forbidden event precedes too closely."""
        chains = self.of(step).with_columns(pl.col(AT).alias(START))
        for none in skipped:
            near = self._nearest(chains, none, "backward")
            chains = near.filter(self._far_enough(pl.col(AT) - pl.col(_OTHER_AT))).drop(
                _OTHER_PLACE, _OTHER_AT
            )
        return chains

    def extended(self, chains: pl.LazyFrame, step: Step, skipped: list[Step]) -> pl.LazyFrame:
        """Return the chains longer by one event: each event of the step after its latest chain."""
        before = chains.rename({PLACE: _BEFORE_PLACE, AT: _BEFORE_AT})
        longer = (
            self.of(step)
            .join_asof(
                before,
                left_on=PLACE,
                right_on=_BEFORE_PLACE,
                by=self.by,
                strategy="backward",
                allow_exact_matches=False,
                coalesce=False,
                check_sortedness=False,
            )
            .filter(pl.col(_BEFORE_PLACE).is_not_null())
        )
        if self.node.gap is not None:
            longer = longer.filter(pl.col(AT) - pl.col(_BEFORE_AT) <= self.node.gap)
        for none in skipped:
            near = self._nearest(longer, none, "backward")
            between = (pl.col(_OTHER_PLACE) > pl.col(_BEFORE_PLACE)).fill_null(value=False)
            longer = near.filter(~between).drop(_OTHER_PLACE, _OTHER_AT)
        return longer.select(*self.by, PLACE, AT, START)

    def not_followed(self, chains: pl.LazyFrame, skipped: list[Step]) -> pl.LazyFrame:
        """Leave out the chains that a forbidden event follows too closely."""
        for none in skipped:
            near = self._nearest(chains, none, "forward")
            chains = near.filter(self._far_enough(pl.col(_OTHER_AT) - pl.col(AT))).drop(
                _OTHER_PLACE, _OTHER_AT
            )
        return chains

    def _nearest(self, chains: pl.LazyFrame, none: Step, direction: str) -> pl.LazyFrame:
        others = self.of(none).rename({PLACE: _OTHER_PLACE, AT: _OTHER_AT})
        return chains.join_asof(
            others,
            left_on=PLACE,
            right_on=_OTHER_PLACE,
            by=self.by,
            strategy="backward" if direction == "backward" else "forward",
            allow_exact_matches=False,
            coalesce=False,
            check_sortedness=False,
        )

    def _far_enough(self, distance: pl.Expr) -> pl.Expr:
        """Without a gap any forbidden event is too close."""
        if self.node.gap is None:
            return distance.is_null()
        return distance.is_null() | (distance > self.node.gap)
