"""A group whose object is an event: its conditions speak of one and the same event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.documents import Node, Scalar, Sequence
from segmentation_pipeline.rules.dialects.group_rows import event_type, field_condition
from segmentation_pipeline.rules.dialects.nodes import group, mapping, text
from segmentation_pipeline.rules.dialects.seed_rows import PREFIXES, Row, operator, row_type
from segmentation_pipeline.rules.faults import Fault
from segmentation_pipeline.rules.paths import EventScope

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import ObjectType
    from segmentation_pipeline.errors import Position
    from segmentation_pipeline.rules.dialects.context import Context
    from segmentation_pipeline.rules.dialects.date_ranges import DateRange
    from segmentation_pipeline.rules.dialects.ways import Target

NAMING_KEYS = ("event", "event_type")


def event_condition(
    context: Context, there: Target, rows: list[Row], dates: DateRange, *, join: str, at: Position
) -> Node:
    """Return ``{event: types, where: the other rows}``; one row must name the types."""
    kind = there.kind
    naming = [row for row in rows if row.key.text in (*NAMING_KEYS, *_type_columns(context, kind))]
    others = [row for row in rows if row not in naming]
    if len(naming) != 1 or (join == "any" and others):
        hint = "write one condition `{key: event, condition: equals, value: …}`, joined by `and`"
        raise Fault("dialect-event", "a group of events must say which: one row names them", at, hint)
    named = _types(context, kind, naming[0])
    scope = _scope(context, kind, named)
    where = context.each(others, lambda row: _on_event(context, there, scope, row))
    types = named[0] if len(named) == 1 else Sequence(tuple(named), named[0].at)
    found = group("all", where, at) if where else None
    return mapping(at, [("event", types), ("where", found), ("within", dates.window)])


def _type_columns(context: Context, kind: ObjectType) -> set[str]:
    return {context.catalog.events[source].type for source in kind.events}


def _types(context: Context, kind: ObjectType, row: Row) -> list[Scalar]:
    asked = operator(context, row.condition) if row.condition is not None else None
    items = row.value.items if isinstance(row.value, Sequence) else (row.value,)
    if asked not in ("equals", "in") or not items:
        raise Fault("dialect-event", "events are named by `equals` one or `in` several", row.node.at)
    named = []
    for item in items:
        if not isinstance(item, Scalar):
            raise Fault("dialect-value", "the name of an event is a text", item.at if item else row.node.at)
        named.append(text(event_type(context, kind, item), item.at))
    return named


def _scope(context: Context, kind: ObjectType, types: list[Scalar]) -> EventScope:
    names = tuple(named.text for named in types)
    source = context.catalog.event_source(kind.name, names[0])
    assert source is not None
    strangers = [named for named in types if named.text not in source.types]
    if strangers:
        message = f"`{strangers[0].text}` stands in another source than `{names[0]}`"
        raise Fault("dialect-event", message, strangers[0].at)
    return EventScope(source, names)


def _on_event(context: Context, there: Target, scope: EventScope, row: Row) -> Node:
    declared = row_type("property", row)
    if declared in PREFIXES:
        raise Fault("dialect-type", f"events have no `{declared}` fields", row.node.at)
    return field_condition(context, there, scope, row, declared)
