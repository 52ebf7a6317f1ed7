"""Which columns a segment reads: one visitor, for what is missing, what it costs, what it depends on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING

from segmentation_pipeline.evaluation.columns import fields
from segmentation_pipeline.evaluation.members import named_keys
from segmentation_pipeline.rules.graph import leaves, walk
from segmentation_pipeline.rules.tree import (
    Compare,
    Condition,
    Events,
    Field,
    InSegment,
    Measure,
    On,
    Operand,
    Rank,
    Ratio,
    Related,
    Response,
    Sequence,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segmentation_pipeline.catalog.model import Catalog, EventSource, ObjectType
    from segmentation_pipeline.catalog.types import FieldType
    from segmentation_pipeline.rules.segment import Segment


@dataclass(frozen=True, slots=True)
class Need:
    """One column of an object or an event source (``owner``), and the table that holds it."""

    owner: str
    column: str
    table: str
    type: FieldType


def needs(segment: Segment, catalog: Catalog) -> Iterator[Need]:
    """Yield every column that decides a segment's membership; those of embedded segments left out."""
    kind = catalog.objects[segment.object]
    yield from _of_object(kind, kind.key, catalog)
    if any("@" in key for key in named_keys(segment)):
        for name in (name for name, found in kind.fields.items() if found.form == "email"):
            yield from _of_object(kind, name, catalog)
    for node in leaves(segment):
        yield from _needs(node, kind, catalog)


@singledispatch
def _needs(node: Condition | Operand, kind: ObjectType, catalog: Catalog) -> Iterator[Need]:
    """Yield what a leaf or an operand reads, on rows of ``kind``."""
    raise NotImplementedError(f"no needs known of {type(node).__name__}")


@_needs.register(Compare)
def _(node: Compare, kind: ObjectType, catalog: Catalog) -> Iterator[Need]:
    yield from _needs(node.operand, kind, catalog)
    if isinstance(node.value, Field):
        yield from _needs(node.value, kind, catalog)


@_needs.register(InSegment)
def _(_node: InSegment, _kind: ObjectType, _catalog: Catalog) -> Iterator[Need]:
    return iter(())


@_needs.register(On)
def _(node: On, kind: ObjectType, catalog: Catalog) -> Iterator[Need]:
    relation, parent = kind.relations[node.relation], catalog.objects[node.object]
    assert relation.key is not None
    yield from _of_object(kind, relation.key, catalog)
    yield from _of_object(parent, parent.key, catalog)
    for inner in walk(node.condition):
        if isinstance(inner, Compare | Sequence | On):
            yield from _needs(inner, parent, catalog)


@_needs.register(Sequence)
def _(node: Sequence, _kind: ObjectType, catalog: Catalog) -> Iterator[Need]:
    source = catalog.events[node.source]
    tested = [found.name for step in node.steps for found in fields(step.where)]
    yield from _of_events(source, [*node.same, *tested])


@_needs.register(Field)
def _(operand: Field, kind: ObjectType, catalog: Catalog) -> Iterator[Need]:
    for hop in operand.path[:-1]:
        relation = kind.relations[hop]
        assert relation.key is not None
        yield from _of_object(kind, relation.key, catalog)
        kind = catalog.objects[relation.object]
        yield from _of_object(kind, kind.key, catalog)
    yield from _of_object(kind, operand.path[-1], catalog)


@_needs.register(Measure)
def _(operand: Measure, kind: ObjectType, catalog: Catalog) -> Iterator[Need]:
    read = fields(operand.where) | ({operand.of} if operand.of is not None else set())
    yield from _of_rows(operand.source, read, kind, catalog)


@_needs.register(Ratio)
def _(operand: Ratio, kind: ObjectType, catalog: Catalog) -> Iterator[Need]:
    yield from _needs(operand.numerator, kind, catalog)
    yield from _needs(operand.denominator, kind, catalog)


@_needs.register(Response)
def _(operand: Response, _kind: ObjectType, catalog: Catalog) -> Iterator[Need]:
    tested = [found.name for found in fields(operand.where)]
    yield from _of_events(catalog.events[operand.source.source], [operand.matching, *tested])


@_needs.register(Rank)
def _(operand: Rank, kind: ObjectType, catalog: Catalog) -> Iterator[Need]:
    yield from _needs(operand.operand, kind, catalog)


def _of_rows(
    source: Events | Related, read: Iterable[Field], kind: ObjectType, catalog: Catalog
) -> Iterator[Need]:
    if isinstance(source, Events):
        yield from _of_events(catalog.events[source.source], [found.name for found in read])
        return
    relation = kind.relations[source.relation]
    other = catalog.objects[relation.object]
    for name in (other.key, relation.foreign_key, relation.time):
        if name is not None:
            yield from _of_object(other, name, catalog)
    for found in read:
        yield from _needs(found, other, catalog)


def _of_events(source: EventSource, read: Iterable[str]) -> Iterator[Need]:
    for name in (source.key, source.type, source.time, source.id, *read):
        yield Need(source.name, name, source.table, source.columns[name].type)


def _of_object(kind: ObjectType, name: str, catalog: Catalog) -> Iterator[Need]:
    found = kind.fields[name]
    yield Need(kind.name, name, found.satellite.table if found.satellite else kind.table, found.type)
    if name == kind.key and kind.merges is not None:
        # Who is an object at all, and whose a key is, its merges decide.
        yield Need(kind.name, name, kind.merges, found.type)
    for relation in kind.relations.values():
        other = catalog.objects[relation.object]
        if relation.key == name and other.merges is not None:
            yield Need(kind.name, name, other.table, found.type)
            yield Need(kind.name, name, other.merges, found.type)
