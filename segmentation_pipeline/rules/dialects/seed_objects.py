"""The objects of ``rule_groups``, what the catalog calls them, and the way there from a segment's object."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segmentation_pipeline.rules.dialects.context import Context, choice
from segmentation_pipeline.rules.faults import Fault, word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.documents import Node

# The first that the catalog has; an object of events without one is the events of the nearest object.
OBJECTS: dict[str, tuple[str, ...]] = {
    "event": ("event",),
    "session": ("session",),
    "user": ("user",),
    "people": ("people", "person", "contact"),
    "revealed-company": ("revealed_company", "company"),
    "web-conversion": ("web_conversion",),
    "crm-lead": ("crm_lead", "lead"),
    "crm-contact": ("crm_contact", "contact"),
    "crm-account": ("crm_account", "account", "company"),
    "crm-parent-account": ("crm_parent_account", "parent_account"),
    "crm-opportunity": ("crm_opportunity", "opportunity"),
    "crm-quote": ("crm_quote", "quote"),
    "crm-order": ("crm_order", "order"),
    "crm-contract": ("crm_contract", "contract"),
    "crm-campaign": ("crm_campaign", "campaign"),
    "crm-event": ("crm_event",),
}
EVENTS = ("event", "web-conversion", "crm-event")
PARENTS = {"crm-parent-account": "crm-account"}


@dataclass(frozen=True, slots=True)
class Way:
    """From one object to another: up through many-to-one relations, then at most one down."""

    ups: tuple[str, ...] = ()
    down: str | None = None

    def __str__(self) -> str:
        return ".".join((*self.ups, self.down) if self.down else self.ups)


@dataclass(frozen=True, slots=True)
class Target:
    """Where the conditions of a group stand: an object, or one event of it, and the way there."""

    kind: ObjectType
    way: Way
    is_event: bool = False


def seed_object(node: Node) -> str:
    """Return the seed's object that a node names."""
    return choice(word(node, "segmentObject"), OBJECTS, "segmentObject", node)


def catalog_object(context: Context, seed: str) -> str | None:
    """Return the catalog's object for a seed's, None where it has none."""
    candidates = (context.names.objects[seed],) if seed in context.names.objects else OBJECTS[seed]
    return next((name for name in candidates if name in context.catalog.objects), None)


def target(context: Context, start: ObjectType, node: Node) -> Target:
    """Return where the object named at ``node`` lies from ``start``; refuse by name where it does not."""
    seed = seed_object(node)
    name = catalog_object(context, seed)
    if seed in context.names.ways:
        there = _declared(context.catalog, start, context.names.ways[seed], seed, node)
        return replace(there, is_event=seed in EVENTS and name is None)
    if name is not None:
        return _found(context.catalog, start, lambda kind: kind.name == name, seed, node)
    if seed in EVENTS:
        owner = _found(context.catalog, start, lambda kind: bool(kind.events), seed, node, downwards=False)
        return Target(owner.kind, owner.way, is_event=True)
    if seed in PARENTS and (base := catalog_object(context, PARENTS[seed])) is not None:
        child = _found(context.catalog, start, lambda kind: kind.name == base, seed, node, downwards=False)
        return Target(child.kind, Way((*child.way.ups, _parent(child.kind, seed, node))))
    tried = [context.names.objects[seed]] if seed in context.names.objects else list(OBJECTS[seed])
    raise Fault(
        "dialect-object",
        f"the catalog has no object for `{seed}` (looked for {', '.join(f'`{name}`' for name in tried)})",
        node.at,
        f"declare it, or name another under `objects: {{{seed}: …}}` of a names file",
    )


def _parent(kind: ObjectType, seed: str, node: Node) -> str:
    own = [name for name, link in kind.relations.items() if link.key is not None and link.object == kind.name]
    if len(own) == 1:
        return own[0]
    message = f"`{seed}`: `{kind.name}` has {len(own)} relations to a parent `{kind.name}`, not one"
    raise Fault(
        "dialect-object", message, node.at, f"name the way under `ways: {{{seed}: …}}` of a names file"
    )


def _found(
    catalog: Catalog,
    start: ObjectType,
    wanted: Callable[[ObjectType], bool],
    seed: str,
    node: Node,
    *,
    downwards: bool = True,
) -> Target:
    for targets in _levels(catalog, start):
        fitting = [found for found in targets if wanted(found.kind) and (downwards or not found.way.down)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            ways = ", ".join(f"`{found.way}`" for found in fitting)
            hint = f"name one under `ways: {{{seed}: …}}` of a names file"
            raise Fault(
                "dialect-ambiguous",
                f"from `{start.name}` to `{seed}` lead several ways: {ways}",
                node.at,
                hint,
            )
    raise Fault(
        "dialect-no-way",
        f"no way leads from `{start.name}` to `{seed}`",
        node.at,
        f"declare a relation of `{start.name}` in the catalog, or translate with another --object",
    )


def _levels(catalog: Catalog, start: ObjectType) -> Iterator[list[Target]]:
    """Yield what lies no, one, two … relations away, on ways that visit no object twice."""
    level: list[tuple[Target, tuple[str, ...]]] = [(Target(start, Way()), (start.name,))]
    yield [Target(start, Way())]
    while level:
        up, down = [], []
        for here, visited in level:
            for relation in here.kind.relations.values():
                if relation.object in visited:
                    continue
                kind = catalog.objects[relation.object]
                if relation.key is None:
                    down.append(Target(kind, Way(here.way.ups, relation.name)))
                else:
                    way = Way((*here.way.ups, relation.name))
                    up.append((Target(kind, way), (*visited, kind.name)))
        yield [*(found for found, _ in up), *down]
        level = up


def _declared(catalog: Catalog, start: ObjectType, path: str, seed: str, node: Node) -> Target:
    kind, ups, down = start, [], None
    for step in path.split("."):
        relation = kind.relations.get(step)
        if relation is None or down is not None:
            problem = (
                f"`{kind.name}` has no relation `{step}`"
                if relation is None
                else f"`{down}` must be its last"
            )
            raise Fault(
                "dialect-no-way", f"the way `{path}` to `{seed}` of the names file: {problem}", node.at
            )
        kind = catalog.objects[relation.object]
        if relation.key is None:
            down = step
        else:
            ups.append(step)
    return Target(kind, Way(tuple(ups), down))


def named_object(context: Context, node: Node | None) -> str | None:
    """Return the catalog's object a ``segmentObject`` names, None without one or for events."""
    return catalog_object(context, seed_object(node)) if node is not None else None
