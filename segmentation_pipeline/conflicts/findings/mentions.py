"""What rules say of stored columns: which comparison is about which column, however deep it stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING

from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.graph import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.rules.windows import Window


@dataclass(frozen=True, slots=True)
class Mention:
    """A comparison with a column of an object, or of a source of events (``owner``)."""

    owner: str
    column: str
    compare: tree.Compare


@dataclass(frozen=True, slots=True)
class Looking:
    """A window through which events of some types are counted or measured."""

    source: tree.Events
    window: Window


Said = Mention | Looking


@singledispatch
def said(node: tree.Condition | tree.Operand, kind: ObjectType | None, catalog: Catalog) -> Iterator[Said]:
    """Yield what a leaf or an operand says, of rows of ``kind``; what stands in groups is walked to.

    ``kind`` is None for events, whose columns `_of_rows` answers for.
    """
    raise NotImplementedError(f"nothing is known of what {type(node).__name__} says")


@said.register(tree.Compare)
def _(node: tree.Compare, kind: ObjectType | None, catalog: Catalog) -> Iterator[Said]:
    if not isinstance(node.operand, tree.Field):
        yield from said(node.operand, kind, catalog)
    elif kind is not None:
        owner = kind
        for hop in node.operand.path[:-1]:
            owner = catalog.objects[owner.relations[hop].object]
        yield Mention(owner.name, node.operand.path[-1], node)


@said.register(tree.InSegment)
@said.register(tree.Everyone)
@said.register(tree.Field)
def _(_node: object, _kind: ObjectType | None, _catalog: Catalog) -> Iterator[Said]:
    return iter(())


@said.register(tree.All)
@said.register(tree.Any)
@said.register(tree.AtLeast)
@said.register(tree.Not)
def _(node: tree.Condition, kind: ObjectType | None, catalog: Catalog) -> Iterator[Said]:
    for inner in walk(node):
        if not isinstance(inner, tree.All | tree.Any | tree.AtLeast | tree.Not):
            yield from said(inner, kind, catalog)


@said.register(tree.On)
def _(node: tree.On, _kind: ObjectType | None, catalog: Catalog) -> Iterator[Said]:
    yield from said(node.condition, catalog.objects[node.object], catalog)


@said.register(tree.Sequence)
def _(node: tree.Sequence, _kind: ObjectType | None, catalog: Catalog) -> Iterator[Said]:
    for step in node.steps:
        events = tree.Events(node.source, step.types)
        for window in (node.within, step.within):
            if window is not None:
                yield Looking(events, window)
        yield from _of_rows(events, step.where, catalog)


@said.register(tree.Measure)
@said.register(tree.Response)
def _(node: tree.Measure | tree.Response, _kind: ObjectType | None, catalog: Catalog) -> Iterator[Said]:
    if node.within is not None and isinstance(node.source, tree.Events):
        yield Looking(node.source, node.within)
    yield from _of_rows(node.source, node.where, catalog)


@said.register(tree.Ratio)
def _(node: tree.Ratio, kind: ObjectType | None, catalog: Catalog) -> Iterator[Said]:
    yield from said(node.numerator, kind, catalog)
    yield from said(node.denominator, kind, catalog)


@said.register(tree.Rank)
def _(node: tree.Rank, kind: ObjectType | None, catalog: Catalog) -> Iterator[Said]:
    yield from said(node.operand, kind, catalog)


def _of_rows(
    source: tree.Events | tree.Related, where: tree.Condition | None, catalog: Catalog
) -> Iterator[Said]:
    if where is None:
        return
    if isinstance(source, tree.Related):
        yield from said(where, catalog.objects[source.object], catalog)
        return
    for inner in walk(where):
        if isinstance(inner, tree.Compare) and isinstance(inner.operand, tree.Field):
            yield Mention(source.source, inner.operand.path[-1], inner)
