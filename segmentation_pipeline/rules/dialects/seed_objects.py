"""The objects of ``rule_groups``: what the catalog calls them, and where they lie."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from segmentation_pipeline.rules.dialects.context import Context, choice
from segmentation_pipeline.rules.dialects.ways import Target, Way, declared, shortest
from segmentation_pipeline.rules.faults import Fault, word

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import ObjectType
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


def seed_object(node: Node) -> str:
    """Return the seed's object that a node names."""
    return choice(word(node, "segmentObject"), OBJECTS, "segmentObject", node)


def catalog_object(context: Context, seed: str) -> str | None:
    """Return the catalog's object for a seed's, None where it has none."""
    candidates = (context.names.objects[seed],) if seed in context.names.objects else OBJECTS[seed]
    return next((name for name in candidates if name in context.catalog.objects), None)


def target(context: Context, start: ObjectType, node: Node) -> Target:
    """Return where the object named at ``node`` lies from ``start``; refuse by name where it does not."""
    seed, catalog = seed_object(node), context.catalog
    name = catalog_object(context, seed)
    if seed in context.names.ways:
        there = declared(catalog, start, context.names.ways[seed], seed, node)
        if name is not None or seed not in EVENTS:
            return there
        if there.way.down:
            message = f"the way to `{seed}` leads down to rows, whose events no rule can name"
            raise Fault("dialect-no-way", message, node.at)
        return replace(there, is_event=True)
    if name is not None:
        return shortest(catalog, start, lambda found: found.kind.name == name, seed, node)
    if seed in EVENTS:
        owner = shortest(
            catalog, start, lambda found: bool(found.kind.events) and not found.way.down, seed, node
        )
        return replace(owner, is_event=True)
    if seed in PARENTS and (base := catalog_object(context, PARENTS[seed])) is not None:
        child = shortest(catalog, start, lambda found: found.kind.name == base, seed, node)
        return replace(child, way=_parent(child, node))
    tried = [context.names.objects[seed]] if seed in context.names.objects else list(OBJECTS[seed])
    raise Fault(
        "dialect-object",
        f"the catalog has no object for `{seed}` (looked for {', '.join(f'`{name}`' for name in tried)})",
        node.at,
        f"declare it, or name another under `objects: {{{seed}: …}}` of a names file",
    )


def _parent(child: Target, node: Node) -> Way:
    """Return the way to the one parent an object has of its own kind."""
    name = child.kind.name
    links = [link for link in child.kind.relations.values() if link.key is not None and link.object == name]
    way = child.way.then(links[0]) if len(links) == 1 else None
    if way is None:
        message = f"`{child.seed}`: `{name}` has {len(links)} relations to a parent `{name}`, not one"
        hint = f"name the way under `ways: {{{child.seed}: …}}` of a names file"
        raise Fault("dialect-object", message, node.at, hint)
    return way


def named_object(context: Context, node: Node | None) -> str | None:
    """Return the catalog's object a ``segmentObject`` names, None without one or for events."""
    return catalog_object(context, seed_object(node)) if node is not None else None
