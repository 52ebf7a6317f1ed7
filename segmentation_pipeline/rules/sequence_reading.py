"""Reads sequences of events, histories of segments, and conditions on parent objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.documents import Mapping, Node, Scalar, Sequence
from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.comparisons import read_window_node
from segmentation_pipeline.rules.durations import read_ago, read_length
from segmentation_pipeline.rules.faults import Fault, field_at, only, place, required, word
from segmentation_pipeline.rules.paths import EventScope
from segmentation_pipeline.rules.row_sources import ConditionReader, read_types, read_where, read_within
from segmentation_pipeline.rules.time_grammar import read_moment

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import EventSource

HISTORY = ("entered", "left", "member_for", "as_of")


def read_sequence(reader: ConditionReader, node: Mapping) -> tree.Sequence:
    """Return the sequence written as ``{sequence: [{event: cart}, …], gap: 2 days, …}``."""
    only(node, "sequence", "gap", "span", "same", "within")
    listed = required(node, "sequence")
    if not isinstance(listed, Sequence) or len(listed.items) < 2:
        raise Fault("sequence-shape", "`sequence` takes a list of at least two steps", listed.at)
    read = [_step(reader, item) for item in listed.items]
    sources = {source.name: source for source, _ in read}
    if len(sources) > 1:
        raise Fault("event-sources", f"the steps stand in several sources: {', '.join(sources)}", listed.at)
    steps = tuple(step for _, step in read)
    if all(step.negated for step in steps):
        raise Fault("no-step-happens", "at least one step must happen", listed.at)
    source = next(iter(sources.values()))
    return tree.Sequence(
        source.name,
        steps,
        read_length(required(node, "gap"), "gap") if "gap" in node else None,
        read_length(required(node, "span"), "span") if "span" in node else None,
        _same(node, source, steps),
        read_within(node),
        node.at,
    )


def _step(reader: ConditionReader, node: Node) -> tuple[EventSource, tree.Step]:
    if not isinstance(node, Mapping):
        raise Fault("sequence-shape", "a step is a mapping such as `{event: cart}`", node.at)
    only(node, "event", "where", "within", "not")
    source, types = read_types(reader, required(node, "event"), "event")
    negated = node.get("not")
    if negated is not None and not (isinstance(negated, Scalar) and isinstance(negated.plain, bool)):
        raise Fault("sequence-shape", "`not` of a step is true or false", negated.at)
    where = read_where(reader.rows(EventScope(source, types)), node)
    return source, tree.Step(types, where, read_within(node), negated is not None and negated.plain is True)


def _same(node: Mapping, source: EventSource, steps: tuple[tree.Step, ...]) -> tuple[str, ...]:
    if "same" not in node:
        return ()
    listed = required(node, "same")
    items = listed.items if isinstance(listed, Sequence) else (listed,)
    if not items:
        raise Fault("empty-list", "`same` has an empty list of fields", listed.at)
    names = []
    for item in items:
        for step in steps:
            found = field_at(EventScope(source, step.types), item, "same")
        names.append(found.name)
    return tuple(dict.fromkeys(names))


def read_history(node: Mapping) -> tree.History | None:
    """Return what a condition asks of a segment's past; None where it asks for its members now."""
    asked = [key for key in HISTORY if key in node]
    if not asked:
        return None
    if len(asked) > 1:
        message = f"`{asked[0]}` and `{asked[1]}` exclude each other"
        raise Fault("exclusive-keys", message, place(node, asked[1]))
    value = required(node, asked[0])
    match asked[0]:
        case "entered":
            return tree.Entered(read_window_node(value))
        case "left":
            return tree.Left(read_window_node(value))
        case "member_for":
            return _member_for(value)
        case _:
            try:
                return tree.PublishedAt(read_moment(word(value, "as_of")))
            except ValueError as error:
                raise Fault("moment", str(error), value.at) from error


def _member_for(node: Node) -> tree.MemberFor:
    if not isinstance(node, Mapping) or not list(node):
        raise Fault(
            "condition-shape", "`member_for` takes `{at_least: 14 days}`, `at_most`, or both", node.at
        )
    only(node, "at_least", "at_most")
    lengths = {key: read_ago(required(node, key), key) for key in node}
    return tree.MemberFor(lengths.get("at_least"), lengths.get("at_most"))


def read_parent(reader: ConditionReader, node: Mapping) -> tuple[str, str]:
    """Return the relation that ``on:`` names, and the object it leads to."""
    only(node, "on", "where")
    name = word(required(node, "on"), "on")
    one = {found.name: found for found in reader.owner.relations.values() if found.key is not None}
    if name not in one:
        at = required(node, "on").at
        if name in reader.owner.relations:
            hint = f"`{name}` has many rows; write `related: {name}`"
            raise Fault("relation-direction", f"`{name}` of `{reader.owner.name}` is not one row", at, hint)
        message = f"`{reader.owner.name}` has no relation `{name}`"
        raise Fault("unknown-relation", message, at, did_you_mean(name, one))
    return name, one[name].object
