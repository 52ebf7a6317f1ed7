"""The conditions ``g0``, ``g1``, … of a group as the seed writes them: its types and its operators."""

from __future__ import annotations

import re
from dataclasses import dataclass

from segmentation_pipeline.documents import Mapping, Node, Scalar
from segmentation_pipeline.rules.dialects.context import Context, choice
from segmentation_pipeline.rules.dialects.nodes import given
from segmentation_pipeline.rules.faults import Fault, only, required, word

# The types of field that may stand under each focus.
FOCUSES = {
    "property": ("dimension", "custom", "date", "multi-value", "boolean", "number", "intent"),
    "metric": ("metric", "number"),
    "web-conversion-event": ("conversion",),
    "ecommerce-event": ("ecommerce",),
    "sales-conversion-event": ("sales-conversion",),
    "relationship": ("number", "crm-lifetime-count"),
    "other-event": ("trigger",),
}
# The types of the catalog that a field of the seed's type may have; None: any.
FIELD_TYPES: dict[str, tuple[str, ...] | None] = {
    "dimension": None,
    "custom": None,
    "intent": None,
    "date": ("date", "datetime"),
    "multi-value": ("list",),
    "boolean": ("boolean",),
    "number": ("number",),
    "metric": ("number",),
}
PREFIXES = {"custom": "custom.", "intent": "intent."}
CONDITIONS = {
    "=": "equals",
    "!=": "not_equals",
    ">": "greater_than",
    ">=": "greater_than_or_equal",
    "<": "less_than",
    "<=": "less_than_or_equal",
    **{
        name: name
        for name in (
            "equals", "not_equals", "contains", "not_contains", "starts_with", "not_starts_with",
            "ends_with", "not_ends_with", "greater_than", "greater_than_or_equal", "less_than",
            "less_than_or_equal", "between", "not_between", "in", "not_in", "is_empty", "is_not_empty",
            "before", "after", "on", "on_or_before", "on_or_after", "within", "is_true", "is_false",
        )
    },
}  # fmt: skip
_ROW_KEYS = ("conjunction", "type", "key", "subKey", "subKeyLv2", "condition", "value", "property", "id")
BLANKS = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True)
class Row:
    """One condition as the seed writes it; ``node`` is where."""

    node: Mapping
    key: Scalar
    type: Node | None
    sub_key: str | None
    measure: Node | None
    condition: Node | None
    value: Node | None

    @classmethod
    def read(cls, node: Node) -> Row:
        if not isinstance(node, Mapping):
            raise Fault("dialect-shape", "a condition is `{type, key, condition, value, …}`", node.at)
        only(node, *_ROW_KEYS)
        key = required(node, "key")
        word(key, "key")
        assert isinstance(key, Scalar)
        subs = [
            word(found, name) for name in ("subKey", "subKeyLv2") if (found := given(node, name)) is not None
        ]
        if given(node, "subKeyLv2") is not None and len(subs) < 2:
            raise Fault("dialect-shape", "`subKeyLv2` without `subKey`", required(node, "subKeyLv2").at)
        return cls(
            node,
            key,
            given(node, "type"),
            ".".join(subs) or None,
            given(node, "property"),
            given(node, "condition"),
            _value(node),
        )

    @property
    def path(self) -> str:
        return f"{self.key.text}.{self.sub_key}" if self.sub_key else self.key.text


def _value(node: Mapping) -> Node | None:
    """Return the value of a condition; a null where no condition is stands for none."""
    found = node.get("value")
    is_null = isinstance(found, Scalar) and found.is_null
    return None if is_null and given(node, "condition") is None else found


def row_type(focus: str, row: Row) -> str:
    """Return the seed's field type of a row: what it says, else the first its focus has."""
    if row.type is None:
        return FOCUSES[focus][0]
    known = tuple(name for names in FOCUSES.values() for name in names)
    declared = choice(word(row.type, "type"), known, "type", row.type)
    if declared not in FOCUSES[focus]:
        message = f"the type `{declared}` does not belong to the focus `{focus}`"
        hint = f"types of `{focus}`: {', '.join(FOCUSES[focus])}"
        raise Fault("dialect-type", message, row.type.at, hint)
    return declared


def operator(context: Context, node: Node) -> str:
    """Return this language's operator for a condition; dashes and blanks read as underscores."""
    written = word(node, "condition")
    if written in context.names.conditions:
        return context.names.conditions[written]
    return CONDITIONS[choice(BLANKS.sub("_", written.strip().lower()), CONDITIONS, "condition", node)]
