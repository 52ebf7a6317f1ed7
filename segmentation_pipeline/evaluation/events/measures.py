"""Measures as Polars aggregates: every measure of one source in one ``group_by``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.types import Date, Number
from segmentation_pipeline.evaluation.comparisons.intervals import inside
from segmentation_pipeline.evaluation.comparisons.predicates import local_date
from segmentation_pipeline.evaluation.to_polars import compile_condition
from segmentation_pipeline.rules.clock import DAY, to_day

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.types import FieldType
    from segmentation_pipeline.evaluation.to_polars import RowFrame
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.tree import Measure

    Span = tuple[int | None, int | None]

_MILLION = 1_000_000
_LARGEST = float(10**38)


@dataclass(frozen=True, slots=True)
class Timeline:
    """How the rows of a source lie in time: which columns time and order them.

    ``time`` is None where the rows of a relation have none; a related row without a time counts
    only where no window is asked for.
    """

    time: str | None
    kind: FieldType | None
    order: str

    def point(self) -> pl.Expr:
        assert self.time is not None
        return pl.col(self.time).to_physical().cast(pl.Int64)

    def visible(self, clock: Clock) -> pl.Expr:
        """Rows timed after ``as_of`` do not exist yet."""
        if self.time is None:
            # A column, not a literal: in an aggregation `pl.lit(True).sum()` is 1, not the row count.
            return pl.col(self.order).is_not_null()
        return (self.point() <= self.now(clock)).fill_null(value=True)

    def span(self, measure: Measure, clock: Clock) -> Span:
        """Return the window of a measure in the unit of ``point``."""
        if measure.within is None:
            return None, None
        return (clock.day_span if isinstance(self.kind, Date) else clock.span)(measure.within)

    def day(self, clock: Clock) -> pl.Expr:
        """Return the local day of every row, as a number."""
        assert self.time is not None
        assert self.kind is not None
        return local_date(pl.col(self.time), self.kind, clock).to_physical().cast(pl.Int64)

    def now(self, clock: Clock) -> int:
        return to_day(clock.today) if isinstance(self.kind, Date) else clock.as_of


def aggregate(measure: Measure, timeline: Timeline, rows: RowFrame, clock: Clock, name: str) -> list[pl.Expr]:
    """Return the aggregates of one measure, named ``name`` (a fraction also ``name`` + ``:count``).

    Sums are whole minor units, see `units.minor_digits`.
    """
    chosen = _chosen(measure, timeline, rows, clock)
    if measure.measure == "count":
        return [chosen.sum().cast(pl.Int64).alias(name)]
    if measure.of is None:
        return [_over_time(measure, timeline, clock, chosen).cast(pl.Int64).alias(name)]
    column = rows.value(measure.of.name)
    units = whole_units(column, measure.of.type).filter(chosen)
    match measure.measure:
        case "sum":
            return [units.sum().alias(name)]
        case "avg":
            return [units.sum().alias(name), units.count().cast(pl.Int64).alias(f"{name}:count")]
        case "median":
            # The middle one twice, or the middle two: half of their sum is the median, exactly.
            ordered = units.drop_nulls().sort()
            low, high = (ordered.len() - 1) // 2, ordered.len() // 2
            middle = ordered.get(low, null_on_oob=True) + ordered.get(high, null_on_oob=True)
            halves = pl.when(ordered.len() > 0).then(pl.lit(2, dtype=pl.Int64))
            return [middle.alias(name), halves.alias(f"{name}:count")]
    values = (in_millionths(column) if isinstance(measure.of.type, Number) else column).filter(chosen)
    match measure.measure:
        case "min":
            return [values.min().alias(name)]
        case "max":
            return [values.max().alias(name)]
        case "count_distinct":
            return [values.drop_nulls().n_unique().cast(pl.Int64).alias(name)]
        case "first" | "last":
            return [_ordered(values, chosen, timeline, rows, measure.measure).alias(name)]
    raise NotImplementedError(f"no translation of the measure `{measure.measure}`")


def _over_time(measure: Measure, timeline: Timeline, clock: Clock, chosen: pl.Expr) -> pl.Expr:
    """Return a measure of when the rows are: recency, active days, periods, streaks."""
    point = timeline.point().filter(chosen)
    match measure.measure:
        case "days_since_first" | "days_since_last":
            latest = point.min() if measure.measure == "days_since_first" else point.max()
            length = 1 if isinstance(timeline.kind, Date) else DAY
            return (timeline.now(clock) - latest) // length
        case "active_days":
            return timeline.day(clock).filter(chosen).drop_nulls().n_unique()
        case "longest_streak":
            days = timeline.day(clock).filter(chosen).drop_nulls().unique().sort()
            # Consecutive days minus their ranks are equal: each run of equals is a streak.
            runs = (days - pl.int_range(days.len(), dtype=pl.Int64)).rle().struct.field("len")
            return runs.max().fill_null(0)
        case "active_periods":
            return _active_periods(measure, timeline, clock, point)
    raise NotImplementedError(f"no translation of the measure `{measure.measure}`")


def _active_periods(measure: Measure, timeline: Timeline, clock: Clock, point: pl.Expr) -> pl.Expr:
    """Count the whole periods back from the window's end that hold enough rows."""
    assert measure.period is not None
    assert measure.each is not None
    daily = isinstance(timeline.kind, Date)
    low, high = timeline.span(measure, clock)
    end = min(timeline.now(clock) + 1, high) if high is not None else timeline.now(clock) + 1
    period = measure.period // DAY if daily else measure.period
    number = (end - 1 - point.drop_nulls()) // period
    if low is not None:
        number = number.filter(number < (end - low) // period)
    return (number.sort().rle().struct.field("len") >= measure.each).sum()


def _chosen(measure: Measure, timeline: Timeline, rows: RowFrame, clock: Clock) -> pl.Expr:
    parts = [timeline.visible(clock)]
    if measure.within is not None:
        parts.append(inside(timeline.point(), timeline.span(measure, clock)).fill_null(value=False))
    if measure.where is not None:
        parts.append(compile_condition(measure.where, rows))
    return pl.all_horizontal(parts)


def whole_units(column: pl.Expr, kind: FieldType) -> pl.Expr:
    """Return a number in the unit in which it is whole, Int128; a ``number`` in millionths."""
    return millionths(column) if isinstance(kind, Number) else column.to_physical().cast(pl.Int128)


def in_millionths(column: pl.Expr) -> pl.Expr:
    """Return a ``number`` as the decimal it is computed with.

    The unit is reached in 64-bit floats, half to even. What has no place among 38 digits is null.
    """
    return millionths(column).cast(pl.Decimal(38, 0)) / pl.lit(_MILLION, dtype=pl.Decimal(38, 6))


def millionths(column: pl.Expr) -> pl.Expr:
    """Return a float column in whole millionths, Int128; null where they have no place in 38 digits."""
    scaled = (column * _MILLION).round(0, mode="half_to_even")
    fits = scaled.is_finite() & (scaled.abs() < _LARGEST)
    return pl.when(fits).then(scaled).cast(pl.Int128)


def _ordered(values: pl.Expr, chosen: pl.Expr, timeline: Timeline, rows: RowFrame, which: str) -> pl.Expr:
    # Cast, then filter: Polars 2.1 casts what a filter leaves of a group to text that is not there.
    by = [rows.value(timeline.order).cast(pl.String).filter(chosen)]
    if timeline.time is not None:
        by.insert(0, timeline.point().filter(chosen))
    ranked = values.sort_by(by, nulls_last=False)
    return ranked.first() if which == "first" else ranked.last()
