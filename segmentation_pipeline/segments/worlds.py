"""The rows behind some objects as the interpreter reads them, taken from the index.

What a rule reads of an object decides what is gathered: through `on` its parents with their events
and related rows, through `where` those of related rows; a rank reads every object there is.
"""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.world import World
from segmentation_pipeline.segments.gathering import Gathering

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable

    from segmentation_pipeline.evaluation.evaluate import Evaluation


def gather_world(
    evaluation: Evaluation,
    as_of: dt.datetime,
    object_name: str,
    keys: Collection[str] | None,
    *,
    segments: Iterable[str] | None = None,
) -> World:
    """Return a world in which the objects with ``keys`` (None: all) can be examined.

    It holds what the rules of ``segments`` read (None: of every segment of the object): a rule with a
    rank makes it hold the whole population. What was published before comes from the index.
    """
    definitions = evaluation.definitions
    gathering = Gathering(definitions.catalog, evaluation.index)
    kind = definitions.catalog.objects[object_name]
    found = gathering.load(object_name, kind.key, keys)
    for source in kind.events:
        gathering.need_events(source, found)
    for relation in kind.relations.values():
        if relation.foreign_key is not None:
            gathering.load(relation.object, relation.foreign_key, found if keys is not None else None)
    asked = None if segments is None else set(segments)
    for segment in definitions.segments.values():
        if segment.object == object_name and (asked is None or segment.id in asked):
            for rule in (segment.where, segment.exclude):
                if rule is not None:
                    _reach(rule, object_name, found, gathering)
    past = gathering.transitions(evaluation.index.transitions)
    return World(
        definitions.catalog,
        gathering.rows,
        as_of,
        gathering.events(),
        gathering.memberships(evaluation),
        definitions.week_starts,
        past,
        *gathering.former_names(object_name),
    )


@singledispatch
def _reach(node: Any, _object_name: str, _keys: Collection[str], _gathering: Gathering) -> None:
    """Gather what a condition, or an operand, reads of the rows of an object with ``keys``."""
    raise NotImplementedError(f"no way to gather what {type(node).__name__} reads")


@_reach.register(tree.Everyone)
@_reach.register(tree.Field)
def _(_node: object, _object_name: str, _keys: Collection[str], _gathering: Gathering) -> None:
    pass


@_reach.register(tree.All)
@_reach.register(tree.Any)
@_reach.register(tree.AtLeast)
def _(
    node: tree.All | tree.Any | tree.AtLeast, object_name: str, keys: Collection[str], gathering: Gathering
) -> None:
    for condition in node.conditions:
        _reach(condition, object_name, keys, gathering)


@_reach.register(tree.Not)
def _(node: tree.Not, object_name: str, keys: Collection[str], gathering: Gathering) -> None:
    _reach(node.condition, object_name, keys, gathering)


@_reach.register(tree.InSegment)
def _(node: tree.InSegment, object_name: str, keys: Collection[str], gathering: Gathering) -> None:
    if node.history is not None:
        gathering.need_past(node.segment, object_name, keys)


@_reach.register(tree.On)
def _(node: tree.On, object_name: str, keys: Collection[str], gathering: Gathering) -> None:
    parents = gathering.parents(object_name, node.relation, keys)
    _reach(node.condition, node.object, parents, gathering)


@_reach.register(tree.Compare)
def _(node: tree.Compare, object_name: str, keys: Collection[str], gathering: Gathering) -> None:
    _reach(node.operand, object_name, keys, gathering)


@_reach.register(tree.Sequence)
def _(node: tree.Sequence, _object_name: str, keys: Collection[str], gathering: Gathering) -> None:
    gathering.need_events(node.source, keys)


@_reach.register(tree.Response)
def _(node: tree.Response, _object_name: str, keys: Collection[str], gathering: Gathering) -> None:
    gathering.need_events(node.source.source, keys)


@_reach.register(tree.Ratio)
def _(node: tree.Ratio, object_name: str, keys: Collection[str], gathering: Gathering) -> None:
    _reach(node.numerator, object_name, keys, gathering)
    _reach(node.denominator, object_name, keys, gathering)


@_reach.register(tree.Measure)
def _(node: tree.Measure, object_name: str, keys: Collection[str], gathering: Gathering) -> None:
    if isinstance(node.source, tree.Events):
        gathering.need_events(node.source.source, keys)
        return
    relation = gathering.catalog.objects[object_name].relations[node.source.relation]
    children = gathering.load(relation.object, str(relation.foreign_key), keys)
    if node.where is not None:
        _reach(node.where, relation.object, children, gathering)


@_reach.register(tree.Rank)
def _(node: tree.Rank, object_name: str, _keys: Collection[str], gathering: Gathering) -> None:
    everyone = gathering.load(object_name, gathering.catalog.objects[object_name].key, None)
    _reach(node.operand, object_name, everyone, gathering)
