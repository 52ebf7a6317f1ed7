"""The events or related rows that a measure counts, and what it computes over them."""

from __future__ import annotations

import decimal
import math
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.catalog.types import Date, FieldType, Number
from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.rules.clock import DAY, to_day, to_micros
from segmentation_pipeline.rules.spells import active_periods, longest_streak
from segmentation_pipeline.rules.tree import Events
from segmentation_pipeline.rules.world import Subject, normal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from segmentation_pipeline.rules.bench import Bench
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.tree import Condition, Measure, Related
    from segmentation_pipeline.rules.windows import Window
    from segmentation_pipeline.rules.world import World

_LARGEST = 1e38
_WIDE = decimal.Context(prec=100)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A row and when it was: ``time`` in microseconds, or in days where its column is a date."""

    subject: Subject
    time: int | None
    daily: bool


def select(measure: Measure, subject: Subject, bench: Bench) -> tuple[Occurrence, ...]:
    """Return the visible rows inside the window that meet ``where``, ordered by (time, id as text).

    A related row without a time counts only where no window is given, not even for `ever`; it
    stands before all the others.
    """
    source = measure.source
    if isinstance(source, Events):
        return select_events(source, subject, bench, measure.where, measure.within)
    return _selected(_related(source, subject, bench.world), bench, measure.where, measure.within)


def select_events(
    asked: Events,
    subject: Subject,
    bench: Bench,
    where: Condition | None = None,
    within: Window | None = None,
) -> tuple[Occurrence, ...]:
    """Return the visible events of the asked types inside the window that meet ``where``, ordered alike."""
    return _selected(_events(asked, subject, bench.world), bench, where, within)


def compute(measure: Measure, rows: tuple[Occurrence, ...], world: World, clock: Clock) -> Any:
    """Return the measure over rows in order of time; None where it is null.

    An average and a median are Fractions.
    """
    if measure.measure == "count":
        return len(rows)
    if measure.measure.startswith("days_since_"):
        return _days_since(measure.measure, rows, clock)
    if measure.measure in _OF_TIMES:
        return _OF_TIMES[measure.measure](measure, _timed_rows(rows), clock)
    if measure.of is None:
        raise UsageError(f"measure `{measure.measure}` needs `of`")
    values = [quantised(world.read(measure.of, row.subject), measure.of.type) for row in rows]
    return _REDUCTIONS[measure.measure](values)


def _events(asked: Events, subject: Subject, world: World) -> Iterator[Occurrence]:
    source = world.catalog.events[asked.source]
    for row in world.events.get(source.name, {}).get(subject.key, ()):
        if row.get(source.type) in asked.types and row.get(source.time) is not None:
            identity = str(row.get(source.id))
            yield _timed(Subject(None, identity, row), source.time, source.fields[source.time].type)


def _related(asked: Related, subject: Subject, world: World) -> Iterator[Occurrence]:
    relation = world.relation(subject, asked.relation)
    if relation.foreign_key is None:
        raise UsageError(f"relation `{relation.name}` of `{subject.object}` has one row, not many")
    fields = world.catalog.objects[relation.object].fields
    for row in world.children(relation.object, relation.foreign_key, subject.key):
        kind = fields[relation.time].type if relation.time is not None else None
        yield _timed(row, relation.time, kind)


def _timed(row: Subject, column: str | None, kind: FieldType | None) -> Occurrence:
    if column is None or kind is None:
        return Occurrence(row, None, daily=False)
    value, daily = normal(row.columns.get(column), kind, column), isinstance(kind, Date)
    time = None if value is None else to_day(value) if daily else to_micros(value)
    return Occurrence(row, time, daily)


def _selected(
    rows: Iterator[Occurrence], bench: Bench, where: Condition | None, within: Window | None
) -> tuple[Occurrence, ...]:
    clock = bench.clock
    seen = (row for row in rows if _visible(row, clock) and _inside(row, within, clock))
    counted = [row for row in seen if bench.meets(where, row.subject)]
    return tuple(sorted(counted, key=lambda row: (row.time is not None, row.time or 0, str(row.subject.key))))


def _visible(row: Occurrence, clock: Clock) -> bool:
    return row.time is None or row.time <= (to_day(clock.today) if row.daily else clock.as_of)


def _inside(row: Occurrence, within: Window | None, clock: Clock) -> bool:
    if within is None:
        return True
    if row.time is None:
        return False
    low, high = clock.day_span(within) if row.daily else clock.span(within)
    return (low is None or low <= row.time) and (high is None or row.time < high)


def _days_since(name: str, rows: tuple[Occurrence, ...], clock: Clock) -> int | None:
    timed = _timed_rows(rows)
    if not timed:
        return None
    time, daily = timed[0] if name == "days_since_first" else timed[-1]
    return to_day(clock.today) - time if daily else (clock.as_of - time) // DAY


def _timed_rows(rows: tuple[Occurrence, ...]) -> list[tuple[int, bool]]:
    return [(row.time, row.daily) for row in rows if row.time is not None]


def _days(times: list[tuple[int, bool]], clock: Clock) -> set[int]:
    return {time if daily else clock.local_day(time) for time, daily in times}


def _active_periods(measure: Measure, times: list[tuple[int, bool]], clock: Clock) -> int:
    """Count the active periods of a window; rows timed by a date count in days."""
    if measure.period is None or measure.each is None:
        raise UsageError("measure `active_periods` needs `period` and `each`")
    if not times:
        return 0
    daily = times[0][1]
    low, high = None, None
    if measure.within is not None:
        low, high = clock.day_span(measure.within) if daily else clock.span(measure.within)
    end = (to_day(clock.today) if daily else clock.as_of) + 1
    high = end if high is None else min(high, end)
    period = measure.period // DAY if daily else measure.period
    return active_periods([time for time, _ in times], low, high, period, measure.each)


def quantised(value: Any, kind: FieldType) -> Any:
    """Return a `number` in whole millionths, as a Decimal; what has no place among 38 digits is null.

    The unit is reached in 64-bit floats, half to even, so that every engine lands on the same one.
    """
    if not isinstance(kind, Number) or value is None:
        return value
    scaled = value * 1e6
    if not math.isfinite(scaled) or abs(scaled) >= _LARGEST:
        return None
    return _WIDE.scaleb(decimal.Decimal(round(scaled)), -6)


def _sum(values: list[Any]) -> Any:
    present = _present(values)
    if all(isinstance(value, int) for value in present):
        return sum(present)
    return reduce(_WIDE.add, present, decimal.Decimal(0))


def _average(values: list[Any]) -> Fraction | None:
    present = _present(values)
    return Fraction(_sum(present)) / len(present) if present else None


def _median(values: list[Any]) -> Fraction | None:
    present = sorted(Fraction(value) for value in _present(values))
    if not present:
        return None
    middle = len(present) // 2
    return present[middle] if len(present) % 2 else (present[middle - 1] + present[middle]) / 2


def _present(values: list[Any]) -> list[Any]:
    return [value for value in values if value is not None]


_REDUCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "sum": _sum,
    "avg": _average,
    "median": _median,
    "min": lambda values: min(_present(values), default=None),
    "max": lambda values: max(_present(values), default=None),
    "count_distinct": lambda values: len(set(_present(values))),
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
}
_OF_TIMES: dict[str, Callable[[Measure, list[tuple[int, bool]], Clock], int]] = {
    "active_days": lambda _measure, times, clock: len(_days(times, clock)),
    "longest_streak": lambda _measure, times, clock: longest_streak(_days(times, clock)),
    "active_periods": _active_periods,
}
