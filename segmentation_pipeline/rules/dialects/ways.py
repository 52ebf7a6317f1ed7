"""The way from a segment's object to the object of a group, along the catalog's relations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.rules.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from segmentation_pipeline.catalog.model import Catalog, ObjectType, Relation
    from segmentation_pipeline.documents import Node


@dataclass(frozen=True, slots=True)
class Way:
    """Up through many-to-one relations, at most once down to rows, and onward to parents of these."""

    ups: tuple[str, ...] = ()
    down: str | None = None
    onward: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join((*self.ups, *filter(None, (self.down,)), *self.onward))

    def then(self, relation: Relation) -> Way | None:
        """Return the way one relation further; None for a second way down, which no rule can say."""
        if relation.key is None:
            return Way(self.ups, relation.name) if self.down is None else None
        if self.down is None:
            return Way((*self.ups, relation.name))
        return Way(self.ups, self.down, (*self.onward, relation.name))


@dataclass(frozen=True, slots=True)
class Target:
    """Where the conditions of a group stand: an object, or one event of it, and the way there.

    ``seed`` is what the seed calls the object; empty where the group names none.
    """

    kind: ObjectType
    way: Way = Way()
    seed: str = ""
    is_event: bool = False


def shortest(
    catalog: Catalog,
    start: ObjectType,
    wanted: Callable[[Target], bool],
    seed: str,
    node: Node,
) -> Target:
    """Return the nearest target; refuse by name where there is none, or several as near."""
    for targets in _levels(catalog, start, seed):
        fitting = [found for found in targets if wanted(found)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            ways = ", ".join(f"`{found.way}`" for found in fitting)
            message = f"from `{start.name}` to `{seed}` lead several ways: {ways}"
            hint = f"name one under `ways: {{{seed}: …}}` of a names file"
            raise Fault("dialect-ambiguous", message, node.at, hint)
    message = f"no way leads from `{start.name}` to `{seed}`"
    hint = f"declare a relation of `{start.name}` in the catalog, or translate with another --object"
    raise Fault("dialect-no-way", message, node.at, hint)


def declared(catalog: Catalog, start: ObjectType, path: str, seed: str, node: Node) -> Target:
    """Return the target at the end of a way that the names file declares."""
    kind, way = start, Way()
    for step in path.split("."):
        relation = kind.relations.get(step)
        longer = way.then(relation) if relation is not None else None
        if relation is None or longer is None:
            problem = (
                f"`{kind.name}` has no relation `{step}`"
                if relation is None
                else f"`{step}` leads down again"
            )
            raise Fault(
                "dialect-no-way", f"the way `{path}` to `{seed}` of the names file: {problem}", node.at
            )
        kind, way = catalog.objects[relation.object], longer
    return Target(kind, way, seed)


def _levels(catalog: Catalog, start: ObjectType, seed: str) -> Iterator[list[Target]]:
    """Yield what lies no, one, two … relations away, on ways that visit no object twice."""
    level: list[tuple[Target, tuple[str, ...]]] = [(Target(start, Way(), seed), (start.name,))]
    while level:
        yield [found for found, _ in level]
        level = [
            (Target(catalog.objects[relation.object], way, seed), (*visited, relation.object))
            for here, visited in level
            for relation in here.kind.relations.values()
            if relation.object not in visited and (way := here.way.then(relation)) is not None
        ]
