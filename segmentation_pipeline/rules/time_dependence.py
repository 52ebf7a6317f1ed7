"""Whether who is a member can change because time passes, while rule and data stay as they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING

from segmentation_pipeline.rules.graph import roots, walk
from segmentation_pipeline.rules.moments import Day, RelativeInstant
from segmentation_pipeline.rules.tree import (
    All,
    Any,
    AtLeast,
    Compare,
    Condition,
    Events,
    Everyone,
    Field,
    InSegment,
    Measure,
    Not,
    On,
    Operand,
    Rank,
    Ratio,
    Related,
    Response,
    Sequence,
)
from segmentation_pipeline.rules.windows import Bounds, Complete, Period, Rolling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.rules.segment import Segment

_AGEING = ("days_since_first", "days_since_last", "active_periods")
"""Measures that count back from now, whatever their window."""


@dataclass(frozen=True, slots=True)
class TimeDependence:
    """How a rule meets the clock.

    ``moving``: it counts from now, so every instant may change it. ``recalling``: it asks what was
    published, to which every run adds. ``timed``: the (table, column) of rows it sees only once their
    time has come, so that time matters as long as a row lies in the future.
    """

    moving: bool
    recalling: bool
    timed: frozenset[tuple[str, str]]


_NOW = "now"
_PAST = "what was published"
_Found = str | tuple[str, str]
"""A place where a rule looks at the clock: one of the two above, or a table's column of times."""


def time_dependence(segment: Segment, catalog: Catalog) -> TimeDependence:
    """Return how a segment's own rule meets the clock; pins and embedded segments left out."""
    kind = catalog.objects[segment.object]
    found = [place for root in roots(segment) for node in walk(root) for place in _looks(node, kind, catalog)]
    return TimeDependence(
        moving=_NOW in found,
        recalling=_PAST in found,
        timed=frozenset(place for place in found if isinstance(place, tuple)),
    )


@singledispatch
def _looks(
    node: Condition | Operand | Events | Related, kind: ObjectType, catalog: Catalog
) -> Iterator[_Found]:
    """Yield where one node looks at the clock, on rows of ``kind``; conditions in groups are walked to."""
    raise NotImplementedError(f"nothing known of the time of {type(node).__name__}")


@_looks.register(All)
@_looks.register(Any)
@_looks.register(AtLeast)
@_looks.register(Not)
@_looks.register(Everyone)
@_looks.register(Field)
def _(_node: Condition | Field, _kind: ObjectType, _catalog: Catalog) -> Iterator[_Found]:
    return iter(())


@_looks.register(InSegment)
def _(node: InSegment, _kind: ObjectType, _catalog: Catalog) -> Iterator[_Found]:
    return iter(() if node.history is None else (_PAST,))


@_looks.register(On)
def _(node: On, _kind: ObjectType, catalog: Catalog) -> Iterator[_Found]:
    yield from _within(node.condition, catalog.objects[node.object], catalog)


@_looks.register(Compare)
def _(node: Compare, kind: ObjectType, catalog: Catalog) -> Iterator[_Found]:
    yield from _looks(node.operand, kind, catalog)
    if _is_relative(node.value):
        yield _NOW


@_looks.register(Sequence)
def _(node: Sequence, kind: ObjectType, catalog: Catalog) -> Iterator[_Found]:
    yield from _looks(Events(node.source, ()), kind, catalog)
    for step in node.steps:
        yield from _within(step.where, kind, catalog)
        if _is_relative(step.within):
            yield _NOW
    if _is_relative(node.within):
        yield _NOW


@_looks.register(Measure)
def _(operand: Measure, kind: ObjectType, catalog: Catalog) -> Iterator[_Found]:
    yield from _looks(operand.source, kind, catalog)
    rows = catalog.objects[operand.source.object] if isinstance(operand.source, Related) else kind
    yield from _within(operand.where, rows, catalog)
    if operand.measure in _AGEING or _is_relative(operand.within):
        yield _NOW


@_looks.register(Ratio)
def _(operand: Ratio, kind: ObjectType, catalog: Catalog) -> Iterator[_Found]:
    yield from _looks(operand.numerator, kind, catalog)
    yield from _looks(operand.denominator, kind, catalog)


@_looks.register(Response)
def _(operand: Response, kind: ObjectType, catalog: Catalog) -> Iterator[_Found]:
    yield from _looks(operand.source, kind, catalog)
    yield from _within(operand.where, kind, catalog)
    if _is_relative(operand.within):
        yield _NOW


@_looks.register(Rank)
def _(operand: Rank, kind: ObjectType, catalog: Catalog) -> Iterator[_Found]:
    yield from _looks(operand.operand, kind, catalog)


@_looks.register(Events)
def _(source: Events, _kind: ObjectType, catalog: Catalog) -> Iterator[_Found]:
    found = catalog.events[source.source]
    yield found.table, found.time


@_looks.register(Related)
def _(source: Related, kind: ObjectType, catalog: Catalog) -> Iterator[_Found]:
    time = kind.relations[source.relation].time
    if time is not None:
        other = catalog.objects[source.object]
        satellite = other.fields[time].satellite
        yield (other.table if satellite is None else satellite.table), time


def _within(condition: Condition | None, kind: ObjectType, catalog: Catalog) -> Iterator[_Found]:
    if condition is not None:
        for node in walk(condition):
            yield from _looks(node, kind, catalog)


def _is_relative(value: object) -> bool:
    """Whether a moment, a window or a list of them stands elsewhere at another ``as_of``."""
    match value:
        case Rolling() | Complete() | Period() | RelativeInstant():
            return True
        case Day(date=date):
            return date is None
        case Bounds(lower=lower, upper=upper):
            return _is_relative(lower) or _is_relative(upper)
        case tuple():
            return any(_is_relative(item) for item in value)
        case _:
            return False
