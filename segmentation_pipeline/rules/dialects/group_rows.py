"""What the conditions of a group become, by its ``conditionFocus``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import Integer
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.rules.dialects.context import Context, choice
from segmentation_pipeline.rules.dialects.field_conditions import check_type, comparison
from segmentation_pipeline.rules.dialects.nodes import mapping, text
from segmentation_pipeline.rules.dialects.seed_objects import OBJECTS, catalog_object
from segmentation_pipeline.rules.dialects.seed_rows import (
    BLANKS,
    FIELD_TYPES,
    PREFIXES,
    Row,
    operator,
    row_type,
)
from segmentation_pipeline.rules.faults import Fault, word
from segmentation_pipeline.rules.measures import MEASURES
from segmentation_pipeline.rules.paths import EventScope, ObjectScope

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import ObjectType
    from segmentation_pipeline.catalog.types import FieldType
    from segmentation_pipeline.documents import Mapping, Node, Scalar
    from segmentation_pipeline.rules.dialects.date_ranges import DateRange
    from segmentation_pipeline.rules.dialects.ways import Target
    from segmentation_pipeline.rules.paths import Scope

_COUNTS = Integer()


def row_condition(context: Context, there: Target, focus: str, row: Row, dates: DateRange) -> Node:
    """Return the condition of one row, on the object of its group."""
    declared = row_type(focus, row)
    metric = context.names.metrics.get(row.key.text) if focus == "metric" else None
    if focus == "property" or (focus == "metric" and metric is None):
        return property_condition(context, there, row, declared, dates)
    if there.way.down is not None:
        message = f"`{focus}` of `{there.way}`: conditions on related rows name only their fields"
        hint = "write a segment of that object, and embed it"
        raise Fault("dialect-object", message, row.node.at, hint)
    if metric is not None:
        return _metric(context, metric, row, dates)
    if focus == "relationship":
        if declared == "crm-lifetime-count":
            dates.refuse_unless_lifetime("a `crm-lifetime-count`")
        name = related_rows(context, there.kind, row.key)
        rows = context.catalog.objects[there.kind.relations[name].object]
        return _measured(context, ("related", name), ObjectScope(context.catalog, rows), row, dates)
    name = event_type(context, there.kind, row.key)
    source = context.catalog.event_source(there.kind.name, name)
    assert source is not None
    return _measured(context, ("event", name), EventScope(source, (name,)), row, dates)


def property_condition(context: Context, there: Target, row: Row, declared: str, dates: DateRange) -> Node:
    """Return the comparison of a field of the group's object, or of its related rows."""
    if there.way.down is None:
        dates.refuse_unless_lifetime(f"the field `{row.path}`")
    return field_condition(context, there, ObjectScope(context.catalog, there.kind), row, declared)


def field_condition(context: Context, there: Target, scope: Scope, row: Row, declared: str) -> Node:
    """Return the comparison of the field that a row's key names."""
    if row.measure is not None:
        raise Fault("dialect-property", "`property` belongs to events and relationships", row.measure.at)
    path = field_path(context, there, row, declared)
    found = context.field(scope, path, row.key)
    check_type(declared, FIELD_TYPES[declared], path, found.type, row.node.at)
    named = text(".".join((*there.way.onward, path)), row.key.at)
    return mapping(row.node.at, [("field", named), *compared(context, row, found.type)])


def field_path(context: Context, there: Target, row: Row, declared: str) -> str:
    """Return the catalog's path of a row's key: as the names file says, else as it is written."""
    for name in (f"{there.seed}.{row.path}", row.path):
        if name in context.names.fields:
            return context.names.fields[name]
    prefix = PREFIXES.get(declared, "")
    return row.path if row.path.startswith(prefix) else prefix + row.path


def compared(context: Context, row: Row, kind: FieldType) -> list[tuple[str, Node | None]]:
    if row.condition is None:
        raise Fault("missing-key", "`condition` is missing", row.node.at)
    return comparison(operator(context, row.condition), kind, row.value, row.condition.at)


def event_type(context: Context, kind: ObjectType, node: Scalar) -> str:
    """Return the event of ``kind`` that a seed's key names."""
    name = context.names.events.get(node.text, node.text)
    spelled = next(
        (word for word in (name, BLANKS.sub("_", name)) if context.catalog.event_source(kind.name, word)),
        None,
    )
    if spelled is None:
        known = [known for source in kind.events for known in context.catalog.events[source].types]
        near = did_you_mean(name, known)
        hint = near or f"map `{node.text}` under `events:` of a names file"
        raise Fault("dialect-event", f"`{kind.name}` has no event `{name}`", node.at, hint)
    return spelled


def related_rows(context: Context, kind: ObjectType, node: Scalar) -> str:
    """Return the one-to-many relation that a key names: itself, or the seed's object it leads to."""
    many = {name: link for name, link in kind.relations.items() if link.foreign_key is not None}
    if node.text in many:
        return node.text
    goal = catalog_object(context, node.text) if node.text in OBJECTS else None
    fitting = [name for name, link in many.items() if link.object == goal]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        message = f"from `{kind.name}` several relations lead to `{node.text}`: {', '.join(fitting)}"
        raise Fault("dialect-ambiguous", message, node.at, "write the relation's name as `key`")
    if node.text in kind.relations:
        message = f"`{node.text}` of `{kind.name}` is one row: there is nothing to count"
        raise Fault("dialect-no-way", message, node.at)
    message = f"`{kind.name}` has no related rows `{node.text}`"
    raise Fault("dialect-no-way", message, node.at, did_you_mean(node.text, many))


def _measured(context: Context, source: tuple[str, str], scope: Scope, row: Row, dates: DateRange) -> Node:
    """Return a condition on a count or another measure, or on any event whose ``subKey`` fits."""
    at = row.node.at
    first: tuple[str, Node | None] = (source[0], text(source[1], row.key.at))
    window: tuple[str, Node | None] = ("within", dates.window)
    measure = (
        choice(word(row.measure, "property"), MEASURES, "property", row.measure) if row.measure else None
    )
    if row.sub_key is not None:
        found = context.field(scope, row.sub_key, row.key)
        of = text(row.sub_key, row.key.at)
        if measure is None:
            test = mapping(at, [("field", of), *compared(context, row, found.type)])
            return mapping(at, [first, ("where", test), window])
        if measure == "count":
            hint = "write `count_distinct`, or leave `property` out to ask for an event whose `subKey` fits"
            raise Fault("dialect-ambiguous", "`count` with a `subKey`: which of its values count?", at, hint)
        measured: list[tuple[str, Node | None]] = [("measure", text(measure, at)), ("of", of)]
        return mapping(at, [first, window, *measured, *compared(context, row, found.type)])
    if measure in (None, "count") and row.condition is None and row.value is None:
        return mapping(at, [first, window])
    counted = ("measure", text(measure, at) if measure not in (None, "count") else None)
    return mapping(at, [first, window, counted, *compared(context, row, _COUNTS)])


def _metric(context: Context, metric: Mapping, row: Row, dates: DateRange) -> Node:
    """Return a measure of the names file, in the group's window, compared as the row says."""
    own = [key.text for key, _ in metric.entries if key.text in ("operator", "value", "within")]
    if own:
        message = f"`{own[0]}` of the metric `{row.key.text}` comes from the rule, not from the names file"
        raise Fault("names-file", message, metric.at)
    entries: list[tuple[str, Node | None]] = [(key.text, value) for key, value in metric.entries]
    return mapping(row.node.at, [*entries, ("within", dates.window), *compared(context, row, _COUNTS)])
