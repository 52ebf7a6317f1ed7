"""``filter_rules``: conditions joined by AND or OR, nested at will. Its null rule is not stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.documents import Mapping, Node, Scalar, Sequence
from segmentation_pipeline.rules.dialects.context import Context, choice
from segmentation_pipeline.rules.dialects.field_conditions import comparison
from segmentation_pipeline.rules.dialects.nodes import group, mapping, text
from segmentation_pipeline.rules.faults import Fault, only, required, word

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import ObjectType

JOINS = {"AND": "all", "OR": "any"}
OPERATORS = (
    "equals",
    "not_equals",
    "contains",
    "not_contains",
    "starts_with",
    "ends_with",
    "greater_than",
    "less_than",
    "between",
    "in",
    "not_in",
    "is_empty",
    "is_not_empty",
    "date_relative",
)
PREFIXES = {"contact.": "", "custom_fields.": "custom."}


def translate_rule(context: Context, kind: ObjectType, rule: Node) -> list[tuple[str, Node | None]]:
    """Return ``where`` of a rule document."""

    def translated(node: Node) -> Node:
        if not isinstance(node, Mapping):
            raise Fault(
                "dialect-shape", "expected `{field, operator, value}` or `{operator, conditions}`", node.at
            )
        return compared(node) if "field" in node else joined(node)

    def joined(node: Mapping) -> Node:
        only(node, "operator", "conditions")
        written, listed = required(node, "operator"), required(node, "conditions")
        join = choice(word(written, "operator").upper(), JOINS, "operator of a group", written)
        if not isinstance(listed, Sequence):
            raise Fault("dialect-shape", "`conditions` is a list", listed.at)
        if not listed.items:
            raise Fault("empty-group", "a group without conditions", node.at)
        return group(JOINS[join], context.each(listed.items, translated), node.at)

    def compared(node: Mapping) -> Node:
        only(node, "field", "operator", "value")
        named, written = required(node, "field"), required(node, "operator")
        operator = choice(word(written, "operator"), OPERATORS, "operator", written)
        path = _path(context, word(named, "field"))
        assert isinstance(named, Scalar)
        found = context.field(kind, path, named)
        parts = comparison(operator, found.type, node.get("value"), written.at)
        return mapping(node.at, [("field", text(path, named.at)), *parts])

    return [("where", context.each([rule], translated)[0])]


def _path(context: Context, written: str) -> str:
    if written in context.names.fields:
        return context.names.fields[written]
    for prefix, own in PREFIXES.items():
        if written.startswith(prefix):
            return own + written.removeprefix(prefix)
    return written
