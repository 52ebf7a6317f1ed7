"""Reads measures over events and related rows, and the quantifiers that are sugar for counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from segmentation_pipeline.catalog.types import Date, Datetime, Decimal, FieldType, Integer, ListOf, Number
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.documents import Mapping, Node, Sequence
from segmentation_pipeline.rules.comparisons import OPTIONS, read_comparison, read_window_node
from segmentation_pipeline.rules.faults import Fault, Incomplete, not_yet, only, place, required, word
from segmentation_pipeline.rules.paths import EventScope, ObjectScope, Scope
from segmentation_pipeline.rules.tree import All, Compare, Condition, Events, Field, Measure, Not, Related

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.rules.windows import Window

_KEYS = ("where", "within", "measure", "of")
_QUANTIFIERS = ("any", "none", "all")
_WITHOUT_OF = ("count", "days_since_first", "days_since_last")
_WITH_OF = ("sum", "avg", "min", "max", "count_distinct", "first", "last")
MEASURES = (*_WITHOUT_OF, *_WITH_OF)
_TIMELESS = ("count", "sum", "avg", "min", "max", "count_distinct")
_NOT_YET = ("median", "active_days", "active_periods", "longest_streak")
_AVERAGE = Decimal(18)
_QUANTISED = Decimal(6)


class ConditionReader(Protocol):
    """What a measure needs of the reader of conditions."""

    catalog: Catalog
    scope: Scope

    @property
    def owner(self) -> ObjectType: ...
    def rows(self, scope: Scope) -> ConditionReader: ...
    def condition(self, node: Node) -> Condition | None: ...


def read_events(reader: ConditionReader, node: Mapping) -> Condition:
    """Return the condition on a measure of events: ``{event: purchase, …}``."""
    kind = reader.owner
    named = required(node, "event")
    items = named.items if isinstance(named, Sequence) else (named,)
    if not items:
        raise Fault("empty-list", "`event` has an empty list of types", named.at)
    types = tuple(dict.fromkeys(word(item, "event") for item in items))
    sources = {}
    for item, name in zip(items, types, strict=False):
        source = reader.catalog.event_source(kind.name, name)
        if source is None:
            known = [known for source in kind.events for known in reader.catalog.events[source].types]
            raise Fault(
                "unknown-event", f"`{kind.name}` has no event `{name}`", item.at, did_you_mean(name, known)
            )
        sources[source.name] = source
    if len(sources) > 1:
        raise Fault("event-sources", f"the types stand in several sources: {', '.join(sources)}", named.at)
    source = next(iter(sources.values()))
    return _measured(
        reader, node, "event", Events(source.name, tuple(sorted(types))), EventScope(source, types)
    )


def read_related(reader: ConditionReader, node: Mapping) -> Condition:
    """Return the condition on a measure of related rows: ``{related: opportunities, …}``."""
    kind = reader.owner
    name = word(required(node, "related"), "related")
    at = required(node, "related").at
    many = {
        relation.name: relation for relation in kind.relations.values() if relation.foreign_key is not None
    }
    if name not in many:
        if name in kind.relations:
            hint = f"`{name}` is one row; name its fields as `{name}.…`"
            raise Fault("unknown-relation", f"`{name}` of `{kind.name}` is not one to many", at, hint)
        raise Fault(
            "unknown-relation", f"`{kind.name}` has no related `{name}`", at, did_you_mean(name, many)
        )
    relation = many[name]
    timed = "within" if "within" in node else "measure" if "measure" in node else None
    needs_time = timed == "within" or (timed and word(required(node, timed), timed) not in _TIMELESS)
    if timed is not None and needs_time and relation.time is None:
        hint = f"declare `time:` of the relation `{name}` in the catalog"
        raise Fault("window", f"the rows of `{name}` have no time", place(node, timed), hint)
    scope = ObjectScope(reader.catalog, reader.catalog.objects[relation.object])
    return _measured(reader, node, "related", Related(name, relation.object), scope)


def _measured(
    reader: ConditionReader, node: Mapping, key: str, source: Events | Related, scope: Scope
) -> Condition:
    rows = reader.rows(scope)
    quantifier = next((name for name in _QUANTIFIERS if name in node), None)
    if quantifier is not None:
        only(node, key, "where", "within", quantifier)
        return _quantified(rows, node, source, quantifier)
    only(node, key, *_KEYS, *OPTIONS, "period", "each")
    measure = _measure(rows, node, source)
    if "operator" in node:
        return read_comparison(measure, node, scope)
    if measure.measure != "count" or "value" in node:
        raise Fault("missing-key", f"`operator` is missing: what should the {measure.measure} be?", node.at)
    only(node, key, *_KEYS)
    return Compare(measure, "greater_than_or_equal", 1, at=node.at)


def _measure(rows: ConditionReader, node: Mapping, source: Events | Related) -> Measure:
    name = word(required(node, "measure"), "measure") if "measure" in node else "count"
    at = place(node, "measure")
    if name in _NOT_YET:
        raise not_yet(f"the measure `{name}`", at)
    if name not in MEASURES:
        raise Fault("unknown-measure", f"unknown measure `{name}`", at, did_you_mean(name, MEASURES))
    for key in ("period", "each"):
        if key in node:
            raise Fault("unknown-key", f"`{key}` belongs to the measure `active_periods`", place(node, key))
    of = _of(rows, node, name)
    return Measure(source, name, _result_type(name, of, node), of, _where(rows, node), _within(node))


def _of(rows: ConditionReader, node: Mapping, measure: str) -> Field | None:
    if measure in _WITHOUT_OF:
        if "of" in node:
            raise Fault("unknown-key", f"the measure `{measure}` takes no `of`", place(node, "of"))
        return None
    if "of" not in node:
        raise Fault("missing-key", f"the measure `{measure}` needs `of`: the field it computes with", node.at)
    try:
        return rows.scope.field(word(required(node, "of"), "of"))
    except ValueError as error:
        raise Fault("unknown-field", str(error), place(node, "of")) from error


def _result_type(measure: str, of: Field | None, node: Mapping) -> FieldType:
    if of is None or measure == "count_distinct":
        if of is not None and isinstance(of.type, ListOf):
            raise _unfit(measure, of, node)
        return Integer()
    computes = isinstance(of.type, Integer | Number | Decimal)
    ordered = computes or isinstance(of.type, Date | Datetime)
    if (
        isinstance(of.type, ListOf)
        or (measure in ("sum", "avg") and not computes)
        or (measure in ("min", "max") and not ordered)
    ):
        raise _unfit(measure, of, node)
    if measure == "avg":
        return _AVERAGE
    return _QUANTISED if isinstance(of.type, Number) else of.type


def _unfit(measure: str, of: Field, node: Mapping) -> Fault:
    return Fault(
        "measure-not-for-type", f"`{measure}` does not fit field `{of.name}` ({of.type})", place(node, "of")
    )


def _where(rows: ConditionReader, node: Mapping) -> Condition | None:
    if "where" not in node:
        return None
    found = rows.condition(required(node, "where"))
    if found is None:
        raise Incomplete
    return found


def _within(node: Mapping) -> Window | None:
    return read_window_node(required(node, "within")) if "within" in node else None


def _quantified(rows: ConditionReader, node: Mapping, source: Events | Related, quantifier: str) -> Condition:
    where, within = _where(rows, node), _within(node)
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
