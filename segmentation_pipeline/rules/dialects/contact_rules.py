"""``contact_rules``: groups that match all or any of their conditions, and exclusions.

Its SQL drops null from every negative comparison, so these are read with ``nulls: exclude``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.documents import Mapping, Node, Scalar, Sequence
from segmentation_pipeline.rules.dialects.context import Context, choice
from segmentation_pipeline.rules.dialects.field_conditions import check_type, comparison
from segmentation_pipeline.rules.dialects.nodes import given, group, mapping, text
from segmentation_pipeline.rules.faults import Fault, only, place, required, word

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import ObjectType

OPERATORS = ("equals", "not_equals", "contains", "greater_than", "less_than", "between", "in", "not_in")
MATCHES = ("all", "any")
DATA_TYPES = {
    "string": ("text", "enum"),
    "number": ("number",),
    "date": ("date", "datetime"),
    "boolean": ("boolean",),
    "array": ("list",),
}
PREFIXES = {"contact.": "", "customField.": "custom."}
ROOT_KEYS = ("match", "groups", "conditions", "exclusions")


def translate_rule(context: Context, kind: ObjectType, rule: Node) -> list[tuple[str, Node | None]]:
    """Return ``where`` and ``exclude`` of a rule document."""
    if not isinstance(rule, Mapping):
        raise Fault("dialect-shape", "a rule is `{match, groups, exclusions}`", rule.at)
    only(rule, *ROOT_KEYS)
    translator = _Translator(context, kind)
    where, *excluded = context.each(
        [rule, *_exclusions(rule)],
        lambda node: translator.group_of(node) if node is rule else translator.condition(node),
    )
    return [
        ("where", where),
        ("exclude", group("any", excluded, place(rule, "exclusions")) if excluded else None),
    ]


def _exclusions(rule: Mapping) -> list[Node]:
    """The array of its type excludes by any item; the object of its code says ``match`` itself."""
    written = given(rule, "exclusions")
    if written is None:
        return []
    if isinstance(written, Sequence):
        return list(written.items)
    if not isinstance(written, Mapping):
        raise Fault("dialect-shape", "`exclusions` is a list, or `{match, groups}`", written.at)
    listed = [given(written, key) for key in ("groups", "conditions")]
    empty = all(part is None or (isinstance(part, Sequence) and not part.items) for part in listed)
    return [] if empty and "match" in written else [written]


class _Translator:
    def __init__(self, context: Context, kind: ObjectType) -> None:
        self.context = context
        self.kind = kind

    def condition(self, node: Node) -> Node:
        if not isinstance(node, Mapping):
            raise Fault("dialect-shape", "expected a condition, or a group `{match, conditions}`", node.at)
        if "field" in node:
            return self.comparison(node)
        only(node, "match", "groups", "conditions")
        return self.group_of(node)

    def group_of(self, node: Node) -> Node:
        assert isinstance(node, Mapping)
        match = required(node, "match")
        kind = choice(word(match, "match").lower(), MATCHES, "match", match)
        items: list[Node] = []
        for key in ("groups", "conditions"):
            listed = given(node, key)
            if listed is not None and not isinstance(listed, Sequence):
                raise Fault("dialect-shape", f"`{key}` is a list", listed.at)
            items += listed.items if listed is not None else ()
        if not items:
            raise Fault("empty-group", "a group without conditions", node.at)
        return group(kind, self.context.each(items, self.condition), node.at)

    def comparison(self, node: Mapping) -> Node:
        only(node, "field", "operator", "value", "dataType")
        named, written = required(node, "field"), required(node, "operator")
        operator = choice(word(written, "operator"), OPERATORS, "operator", written)
        path = self.path(word(named, "field"))
        assert isinstance(named, Scalar)
        found = self.context.field(self.kind, path, named)
        declared = given(node, "dataType")
        if declared is not None:
            data_type = choice(word(declared, "dataType"), DATA_TYPES, "dataType", declared)
            check_type(data_type, DATA_TYPES[data_type], path, found.type, declared.at)
        compared = comparison(operator, found.type, node.get("value"), written.at, nulls_excluded=True)
        return mapping(node.at, [("field", text(path, named.at)), *compared])

    def path(self, written: str) -> str:
        if written in self.context.names.fields:
            return self.context.names.fields[written]
        for prefix, own in PREFIXES.items():
            if written.startswith(prefix):
                return own + written.removeprefix(prefix)
        return written
