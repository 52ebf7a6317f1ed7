"""Which scans of events a plan needs: filters and values of all features and sequences, brought together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.types import Number, Text
from segmentation_pipeline.evaluation.comparisons.coded_rows import CodedRows
from segmentation_pipeline.evaluation.events.event_scans import (
    AT,
    QUANTITIES,
    EventScan,
    Selection,
    StepRows,
    Tally,
    is_tallied,
)
from segmentation_pipeline.evaluation.events.measures import millionths
from segmentation_pipeline.evaluation.to_polars import compile_condition
from segmentation_pipeline.index.coding import Units
from segmentation_pipeline.rules.english import describe
from segmentation_pipeline.rules.tree import Compare, Events, Field, Measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from segmentation_pipeline.catalog.model import EventSource
    from segmentation_pipeline.evaluation.events.features import Feature
    from segmentation_pipeline.evaluation.events.tallies import Span
    from segmentation_pipeline.evaluation.plan import Plan
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.tree import Condition, Sequence, Step
    from segmentation_pipeline.rules.windows import Window

    _Filter = tuple[Condition | None, str]

_INSTANT = pl.Datetime("us", "UTC")


def compile_scans(
    plan: Plan, index: Index, features: Mapping[Feature, str], sequences: Iterable[tuple[Sequence, str, str]]
) -> tuple[EventScan, ...]:
    """Return the scans that features and sequences (with the name of their mask, and their zone) need."""
    drafts: dict[tuple[str, str], _Draft] = {}

    def draft(source: str, kind: str) -> _Draft:
        if (source, kind) not in drafts:
            drafts[source, kind] = _Draft(plan, index, plan.catalog.events[source], kind)
        return drafts[source, kind]

    for feature, name in features.items():
        measure = feature.operand
        if is_tallied(feature) and isinstance(measure, Measure) and isinstance(measure.source, Events):
            for kind in dict.fromkeys(measure.source.types):
                draft(measure.source.source, kind).add_measure(measure, feature.zone, name)
    for node, mask, zone in sequences:
        for number, step in enumerate(node.steps):
            rows = StepRows(mask, number, _common([node.within, step.within], plan.clock(zone)))
            for kind in dict.fromkeys(step.types):
                draft(node.source, kind).add_step(step, zone, rows)
    return tuple(draft.scan() for draft in drafts.values())


class _Draft:
    """A scan while its filters, values and takers are collected."""

    def __init__(self, plan: Plan, index: Index, source: EventSource, kind: str) -> None:
        self.plan, self.source, self.kind = plan, source, kind
        self.codings = index.stored(source.name).codings
        self.columns: dict[str, pl.Expr] = {}
        self.tallies: dict[_Filter, list[Tally]] = {}
        self.steps: dict[_Filter, list[StepRows]] = {}

    def add_measure(self, measure: Measure, zone: str, name: str) -> None:
        span = _common([measure.within], self.plan.clock(zone))
        of = None if measure.of is None else self._weights(measure.of)
        taken = self.tallies.setdefault(_filter(measure.where, zone), [])
        taken += [Tally(name, quantity, span, of) for quantity in QUANTITIES[measure.measure]]

    def add_step(self, step: Step, zone: str, rows: StepRows) -> None:
        self.steps.setdefault(_filter(step.where, zone), []).append(rows)

    def scan(self) -> EventScan:
        filters = list(dict.fromkeys([*self.tallies, *self.steps]))
        selections = tuple(self._selection(asked) for asked in filters)
        columns = (self._at.to_physical().cast(pl.Int64).alias(AT), *self._named())
        return EventScan(self.source.name, self.kind, tuple(self._kept(selections)), columns, selections)

    @property
    def _at(self) -> pl.Expr:
        return pl.col(self.source.time)

    def _named(self) -> Iterator[pl.Expr]:
        return (column.alias(name) for name, column in self.columns.items())

    def _kept(self, selections: Iterable[Selection]) -> Iterator[pl.Expr]:
        """Yield what the rows must meet: the type, no time ahead of ``as_of``, none before all windows."""
        rows = CodedRows(self.plan.clock("UTC"), self.codings)
        yield rows.leaf(Compare(Field((self.source.type,), Text()), "equals", self.kind))
        yield self._at <= pl.lit(self.plan.as_of, dtype=_INSTANT)
        spans = [tally.span for one in selections for tally in one.tallies]
        spans += [step.span for one in selections for step in one.steps]
        starts = [low for low, _ in spans]
        bounded = [start for start in starts if start is not None]
        if bounded and len(bounded) == len(starts):
            yield self._at >= pl.lit(min(bounded), dtype=_INSTANT)

    def _selection(self, asked: _Filter) -> Selection:
        where, zone = asked
        takers = tuple(self.tallies.get(asked, ())), tuple(self.steps.get(asked, ()))
        if where is None:
            return Selection(None, "", *takers)
        name = f"where:{len(self.columns)}"
        self.columns[name] = compile_condition(where, CodedRows(self.plan.clock(zone), self.codings))
        return Selection(name, describe(where), *takers)

    def _weights(self, of: Field) -> str:
        """Add a column of whole minor units as floats: exact where their sum is, see `tallies.EXACT`."""
        name = f"of:{of.name}"
        column = pl.col(of.name)
        if isinstance(of.type, Number):
            column = millionths(column)
        elif not isinstance(self.codings.get(of.name), Units):
            column = column.to_physical()
        self.columns[name] = column.cast(pl.Float64)
        return name


def _filter(where: Condition | None, zone: str) -> _Filter:
    """Return what tells filters apart: without a condition, the zone says nothing."""
    return where, zone if where is not None else ""


def _common(windows: Iterable[Window | None], clock: Clock) -> Span:
    """Return the interval that lies in all of some windows; None is no window."""
    spans = [clock.span(window) for window in windows if window is not None]
    lows = [low for low, _ in spans if low is not None]
    highs = [high for _, high in spans if high is not None]
    return max(lows, default=None), min(highs, default=None)
