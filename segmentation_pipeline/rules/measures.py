"""Reads measures over events and related rows, and the quantifiers that are sugar for counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import Date, Datetime, Decimal, FieldType, Integer, ListOf, Number
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.documents import Mapping, Scalar
from segmentation_pipeline.rules.clock import DAY
from segmentation_pipeline.rules.comparisons import OPTIONS, read_comparison
from segmentation_pipeline.rules.durations import read_length
from segmentation_pipeline.rules.faults import Fault, Incomplete, field_at, only, place, required, word
from segmentation_pipeline.rules.row_sources import (
    ConditionReader,
    read_event_source,
    read_related_source,
    read_where,
    read_within,
)
from segmentation_pipeline.rules.tree import All, Compare, Condition, Events, Field, Measure, Not, Related

if TYPE_CHECKING:
    from segmentation_pipeline.rules.paths import Scope

KEYS = ("where", "within", "measure", "of", "period", "each")
_QUANTIFIERS = ("any", "none", "all")
_WITHOUT_OF = (
    "count",
    "days_since_first",
    "days_since_last",
    "active_days",
    "active_periods",
    "longest_streak",
)
_WITH_OF = ("sum", "avg", "min", "max", "median", "count_distinct", "first", "last")
MEASURES = (*_WITHOUT_OF, *_WITH_OF)
_TIMELESS = ("count", "sum", "avg", "min", "max", "median", "count_distinct")
_COMPUTING = ("sum", "avg", "median")
RATIONAL = Decimal(18)
"""The type an average, a median, a ratio or a percentile is compared as; it is exact all the same."""
_QUANTISED = Decimal(6)


def read_measured(reader: ConditionReader, node: Mapping) -> Condition:
    """Return the condition on a measure of events or related rows; without operator: at least one."""
    key = "event" if "event" in node else "related"
    quantifier = next((name for name in _QUANTIFIERS if name in node), None)
    if quantifier is not None:
        only(node, key, "where", "within", quantifier)
        return _quantified(reader, node, quantifier)
    only(node, key, *KEYS, *OPTIONS)
    measure = read_measure(reader, node)
    if "operator" in node:
        return read_comparison(measure, node, reader.scope)
    if measure.measure != "count" or "value" in node:
        raise Fault("missing-key", f"`operator` is missing: what should the {measure.measure} be?", node.at)
    only(node, key, *KEYS)
    return Compare(measure, "greater_than_or_equal", 1, at=node.at)


def read_measure(reader: ConditionReader, node: Mapping) -> Measure:
    """Return the measure that ``event:`` or ``related:`` with its keys writes."""
    source, scope = _source(reader, node)
    rows = reader.rows(scope)
    name = word(required(node, "measure"), "measure") if "measure" in node else "count"
    if name not in MEASURES:
        raise Fault(
            "unknown-measure",
            f"unknown measure `{name}`",
            place(node, "measure"),
            did_you_mean(name, MEASURES),
        )
    period, each = _periods(node, name)
    of = _of(rows, node, name)
    where, within = read_where(rows, node), read_within(node)
    return Measure(source, name, _result_type(name, of, node), of, where, within, period, each)


def _source(reader: ConditionReader, node: Mapping) -> tuple[Events | Related, Scope]:
    if "event" in node:
        return read_event_source(reader, node)
    source, scope, relation = read_related_source(reader, node)
    timed = "within" if "within" in node else "measure" if "measure" in node else None
    needs_time = timed == "within" or (timed and word(required(node, timed), timed) not in _TIMELESS)
    if timed is not None and needs_time and relation.time is None:
        hint = f"declare `time:` of the relation `{relation.name}` in the catalog"
        raise Fault(
            "rows-without-time", f"the rows of `{relation.name}` have no time", place(node, timed), hint
        )
    daily = relation.time is not None and isinstance(scope.object.fields[relation.time].type, Date)
    if daily and "period" in node and read_length(required(node, "period"), "period") % DAY:
        message = f"the rows of `{relation.name}` are timed by days: `period` is a number of days"
        raise Fault("duration", message, place(node, "period"))
    return source, scope


def _periods(node: Mapping, measure: str) -> tuple[int | None, int | None]:
    if measure != "active_periods":
        for key in ("period", "each"):
            if key in node:
                raise Fault(
                    "unknown-key", f"`{key}` belongs to the measure `active_periods`", place(node, key)
                )
        return None, None
    period = read_length(required(node, "period"), "period")
    each = node.get("each")
    if each is None:
        return period, 1
    value = each.plain if isinstance(each, Scalar) else None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Fault("value-type", "`each` takes a whole number from 1", each.at)
    return period, value


def _of(rows: ConditionReader, node: Mapping, measure: str) -> Field | None:
    if measure in _WITHOUT_OF:
        if "of" in node:
            raise Fault("unknown-key", f"the measure `{measure}` takes no `of`", place(node, "of"))
        return None
    if "of" not in node:
        raise Fault("missing-key", f"the measure `{measure}` needs `of`: the field it computes with", node.at)
    return field_at(rows.scope, required(node, "of"), "of", place(node, "of"))


def _result_type(measure: str, of: Field | None, node: Mapping) -> FieldType:
    if of is None:
        return Integer()
    computes = isinstance(of.type, Integer | Number | Decimal)
    ordered = computes or isinstance(of.type, Date | Datetime)
    unfit = (measure in _COMPUTING and not computes) or (measure in ("min", "max") and not ordered)
    if isinstance(of.type, ListOf) or unfit:
        raise Fault(
            "measure-not-for-type",
            f"`{measure}` does not fit field `{of.name}` ({of.type})",
            place(node, "of"),
        )
    if measure == "count_distinct":
        return Integer()
    if measure in ("avg", "median"):
        return RATIONAL
    return _QUANTISED if isinstance(of.type, Number) else of.type


def _quantified(reader: ConditionReader, node: Mapping, quantifier: str) -> Condition:
    source, scope = _source(reader, node)
    rows = reader.rows(scope)
    where, within = read_where(rows, node), read_within(node)
    tested = rows.condition(required(node, quantifier))
    if tested is None:
        raise Incomplete

    def count(*conditions: Condition | None) -> Measure:
        given = tuple(condition for condition in conditions if condition is not None)
        combined = given[0] if len(given) == 1 else All(given, node.at) if given else None
        return Measure(source, "count", Integer(), None, combined, within)

    if quantifier == "any":
        return Compare(count(where, tested), "greater_than_or_equal", 1, at=node.at)
    if quantifier == "none":
        return Compare(count(where, tested), "equals", 0, at=node.at)
    some = Compare(count(where), "greater_than_or_equal", 1, at=node.at)
    no_other = Compare(count(where, Not(tested, node.at)), "equals", 0, at=node.at)
    return All((some, no_other), node.at)
