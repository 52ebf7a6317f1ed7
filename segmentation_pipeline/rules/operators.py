"""The operators: which types they fit, what value they take, and of which one they are the complement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segmentation_pipeline.catalog.types import (
    Boolean,
    Date,
    Datetime,
    Decimal,
    Enum,
    FieldType,
    Integer,
    ListOf,
    Number,
    Text,
)

Family = Literal["text", "enum", "number", "date", "datetime", "boolean", "list"]
Takes = Literal[
    "nothing", "one", "many", "one_or_many", "pair", "window", "anniversary", "pattern", "element"
]

_FAMILIES: dict[type, Family] = {
    Text: "text",
    Enum: "enum",
    Integer: "number",
    Number: "number",
    Decimal: "number",
    Boolean: "boolean",
    Date: "date",
    Datetime: "datetime",
    ListOf: "list",
}
_EVERY: tuple[Family, ...] = ("text", "enum", "number", "date", "datetime", "boolean", "list")
_TIME: tuple[Family, ...] = ("date", "datetime")
_ORDERED: tuple[Family, ...] = ("number", *_TIME)


def family(kind: FieldType) -> Family:
    """Return the family of operators that fits a type."""
    return _FAMILIES[type(kind)]


@dataclass(frozen=True, slots=True)
class Operator:
    """``positive`` names the operator this one is the exact complement of; None if it is positive."""

    name: str
    families: tuple[Family, ...]
    takes: Takes
    positive: str | None = None
    ignores_case: bool = False
    field_value: bool = False
    """Whether the value may be another field."""


def _both(
    name: str,
    negative: str,
    families: tuple[Family, ...],
    takes: Takes,
    *,
    ignores_case: bool = False,
    field_value: bool = False,
) -> tuple[Operator, Operator]:
    return (
        Operator(name, families, takes, None, ignores_case, field_value),
        Operator(negative, families, takes, name, ignores_case, field_value),
    )


OPERATORS: dict[str, Operator] = {
    operator.name: operator
    for operator in (
        *_both("equals", "not_equals", _EVERY, "one", field_value=True),
        *_both("in", "not_in", _EVERY, "many"),
        *_both("is_empty", "is_not_empty", _EVERY, "nothing"),
        *_both("contains", "not_contains", ("text", "list"), "one_or_many", ignores_case=True),
        *_both("starts_with", "not_starts_with", ("text",), "one_or_many", ignores_case=True),
        *_both("ends_with", "not_ends_with", ("text",), "one_or_many", ignores_case=True),
        *_both("matches", "not_matches", ("text",), "pattern"),
        Operator("greater_than", _ORDERED, "one", field_value=True),
        Operator("greater_than_or_equal", _ORDERED, "one", field_value=True),
        Operator("less_than", _ORDERED, "one", field_value=True),
        Operator("less_than_or_equal", _ORDERED, "one", field_value=True),
        *_both("between", "not_between", _ORDERED, "pair"),
        *_both("within", "not_within", _TIME, "window"),
        Operator("before", _TIME, "one", field_value=True),
        Operator("after", _TIME, "one", field_value=True),
        Operator("on_or_before", _TIME, "one", field_value=True),
        Operator("on_or_after", _TIME, "one", field_value=True),
        *_both("on", "not_on", _TIME, "one", field_value=True),
        *_both("anniversary", "not_anniversary", _TIME, "anniversary"),
        *_both("is_true", "is_not_true", ("boolean",), "nothing"),
        *_both("is_false", "is_not_false", ("boolean",), "nothing"),
        Operator("has_any", ("list",), "many"),
        Operator("has_all", ("list",), "many"),
        Operator("has_none", ("list",), "many", "has_any"),
    )
}


def operators_for(kind: FieldType) -> list[str]:
    """Return the names of the operators that fit a type, in the order of the table."""
    return [operator.name for operator in OPERATORS.values() if family(kind) in operator.families]
