"""Which rows a measure is over: events of an object, or rows of another object that point at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.documents import Mapping, Node, Sequence
from segmentation_pipeline.rules.comparisons import read_window_node
from segmentation_pipeline.rules.faults import Fault, Incomplete, required, word
from segmentation_pipeline.rules.paths import EventScope, ObjectScope, Scope
from segmentation_pipeline.rules.tree import Condition, Events, Related

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog, EventSource, ObjectType, Relation
    from segmentation_pipeline.rules.windows import Window


class ConditionReader(Protocol):
    """What the readers of operands need of the reader of conditions."""

    catalog: Catalog
    scope: Scope

    @property
    def owner(self) -> ObjectType: ...
    def rows(self, scope: Scope) -> ConditionReader: ...
    def condition(self, node: Node) -> Condition | None: ...


def read_types(reader: ConditionReader, node: Node, key: str) -> tuple[EventSource, tuple[str, ...]]:
    """Return the source that declares one event type or a list of them, and the types, sorted."""
    kind = reader.owner
    items = node.items if isinstance(node, Sequence) else (node,)
    if not items:
        raise Fault("empty-list", f"`{key}` has an empty list of types", node.at)
    sources = {}
    for item in items:
        name = word(item, key)
        source = reader.catalog.event_source(kind.name, name)
        if source is None:
            known = [known for held in kind.events for known in reader.catalog.events[held].types]
            hint = did_you_mean(name, known)
            raise Fault("unknown-event", f"`{kind.name}` has no event `{name}`", item.at, hint)
        sources[source.name] = source
    if len(sources) > 1:
        raise Fault("event-sources", f"the types stand in several sources: {', '.join(sources)}", node.at)
    return next(iter(sources.values())), tuple(sorted({word(item, key) for item in items}))


def read_event_source(reader: ConditionReader, node: Mapping) -> tuple[Events, EventScope]:
    """Return what ``event:`` names, and the scope of its rows."""
    source, types = read_types(reader, required(node, "event"), "event")
    return Events(source.name, types), EventScope(source, types)


def read_related_source(reader: ConditionReader, node: Mapping) -> tuple[Related, ObjectScope, Relation]:
    """Return what ``related:`` names, the scope of its rows, and the relation."""
    kind = reader.owner
    name = word(required(node, "related"), "related")
    at = required(node, "related").at
    many = {found.name: found for found in kind.relations.values() if found.foreign_key is not None}
    if name not in many:
        if name in kind.relations:
            hint = f"`{name}` is one row; name its fields as `{name}.…`"
            raise Fault("relation-direction", f"`{name}` of `{kind.name}` is not one to many", at, hint)
        hint_near = did_you_mean(name, many)
        raise Fault("unknown-relation", f"`{kind.name}` has no related `{name}`", at, hint_near)
    relation = many[name]
    scope = ObjectScope(reader.catalog, reader.catalog.objects[relation.object])
    return Related(name, relation.object), scope, relation


def read_where(rows: ConditionReader, node: Mapping) -> Condition | None:
    """Return the condition under ``where``, if there is one."""
    if "where" not in node:
        return None
    found = rows.condition(required(node, "where"))
    if found is None:
        raise Incomplete
    return found


def read_within(node: Mapping) -> Window | None:
    return read_window_node(required(node, "within")) if "within" in node else None
