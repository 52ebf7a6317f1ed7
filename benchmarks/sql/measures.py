"""Counts, sums and times of events as SQL: the objects whose events meet a threshold."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from benchmarks.sql.errors import Untranslatable
from benchmarks.sql.predicates import compare, complement, inside
from segmentation_pipeline.catalog.types import Date, Datetime, Decimal, Integer, Number
from segmentation_pipeline.rules.clock import DAY
from segmentation_pipeline.rules.operators import OPERATORS
from segmentation_pipeline.rules.tree import Events

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.sql.queries import Scope
    from segmentation_pipeline.catalog.model import EventSource
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.tree import Compare, Measure
    from segmentation_pipeline.rules.windows import Window

    Span = tuple[int | None, int | None]

_ZERO_WITHOUT_EVENTS = ("count", "sum", "count_distinct", "active_days")
_AT_ZERO: dict[str, Callable[..., bool]] = {
    "equals": operator.eq,
    "greater_than": operator.gt,
    "greater_than_or_equal": operator.ge,
    "less_than": operator.lt,
    "less_than_or_equal": operator.le,
    "in": lambda zero, values: zero in values,
    "between": lambda zero, ends: ends[0] <= zero <= ends[1],
    "is_empty": lambda _zero, _value: False,
}


def measured(measure: Measure, node: Compare, where: str | None, scope: Scope) -> str:
    """Return the truth of a comparison of a measure; ``where`` is that of its rows, if any.

    Objects without events are in no group: where the comparison holds for them too, the query finds
    those for which it does not.
    """
    if not isinstance(measure.source, Events):
        raise Untranslatable(type(measure.source).__name__)
    source = scope.catalog.events[measure.source.source]
    table, key = scope.tables.relations[source.name], scope.tables.key
    rows = events(source, measure.source.types, spans(measure.within, scope.clock), scope)
    if where is not None:
        rows = f"{rows} AND {where}"
    truth = compare(node, _aggregate(measure, source, scope), scope.clock, scope.dialect)
    found = f"SELECT {key} FROM {table} WHERE {rows}"
    absent = _holds_without(node, measure)
    if not _is_existence(node, measure):
        having = complement(truth, scope.dialect) if absent else truth
        found = f"{found} GROUP BY {key} HAVING {having}"
    return f"{key} {'NOT IN' if absent else 'IN'} ({found})"


def spans(window: Window | None, clock: Clock) -> list[Span]:
    return [] if window is None else [clock.span(window)]


def events(source: EventSource, types: Sequence[str], windows: Sequence[Span], scope: Scope) -> str:
    """Return which rows of a source are of some types, visible, and inside every window."""
    clock, dialect = scope.clock, scope.dialect
    low = max((low for low, _ in windows if low is not None), default=None)
    high = min([clock.as_of + 1, *(high for _, high in windows if high is not None)])
    names = ", ".join(map(dialect.text, types))
    kind = dialect.column(source.type)
    which = f"{kind} = {names}" if len(types) == 1 else f"{kind} IN ({names})"
    return f"{which} AND {inside(dialect.column(source.time), (low, high), dialect.instant)}"


def _aggregate(measure: Measure, source: EventSource, scope: Scope) -> str:
    dialect, time = scope.dialect, scope.dialect.column(source.time)
    refused = Untranslatable(f"the measure `{measure.measure}` in {dialect.name}")
    match measure.measure:
        case "count":
            return "count(*)"
        case "days_since_first" | "days_since_last":
            which = "min" if measure.measure == "days_since_first" else "max"
            ago = f"({scope.clock.as_of} - {dialect.micros.format(at=f'{which}({time})')})"
            return dialect.divided.format(above=ago, below=DAY)
        case "active_days":
            zone = dialect.text(scope.clock.zone)
            return f"count(DISTINCT {dialect.local_date.format(at=time, zone=zone)})"
    if measure.of is None:
        raise refused
    of, kind = dialect.column(measure.of.name), measure.of.type
    if isinstance(kind, Number):
        raise Untranslatable(f"`{measure.measure}` of a `number`, which rules round to millionths")
    match measure.measure:
        case "sum" if isinstance(kind, Integer | Decimal):
            wide = dialect.wide.format(value=of) if isinstance(kind, Integer) else of
            return f"coalesce(sum({wide}), 0)"
        case "min" | "max" if isinstance(kind, Integer | Decimal | Date | Datetime):
            return f"{measure.measure}({of})"
        case "count_distinct":
            return f"count(DISTINCT {of})"
    raise refused


def _holds_without(node: Compare, measure: Measure) -> bool:
    """Return whether a comparison holds for an object without such events: at 0, or at null."""
    asked = OPERATORS[node.operator]
    if measure.measure in _ZERO_WITHOUT_EVENTS:
        positive = asked.positive or asked.name
        return _AT_ZERO[positive](0, node.value) is (asked.positive is None)
    if asked.name == "is_empty":
        return True
    return asked.positive is not None and asked.name != "is_not_empty" and not node.nulls_excluded


def _is_existence(node: Compare, measure: Measure) -> bool:
    """Return whether a comparison only asks if there is any event."""
    return measure.measure == "count" and (node.operator, node.value) in (
        ("greater_than_or_equal", 1),
        ("greater_than", 0),
        ("equals", 0),
        ("not_equals", 0),
        ("less_than", 1),
        ("less_than_or_equal", 0),
    )
