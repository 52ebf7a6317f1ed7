"""What ``operator`` and ``value`` may be, by the family of the operand's type: from the operators' table."""

from __future__ import annotations

from typing import get_args

from segmentation_pipeline.rules.operators import OPERATORS, Family, Operator
from segmentation_pipeline.schemas.shapes import SCALAR, Shape, any_of, closed, list_of, ref, where_is

ANY = "any"
"""The family of an operand whose type is not known here: every operator, every value."""

_UNITS = "minute|hour|day|week|month|quarter|year"
WINDOW: Shape = {
    "description": "A window of time; rolling, of whole calendar units, or between two moments.",
    "anyOf": [
        {
            "type": "string",
            "minLength": 1,
            "examples": [
                "last 7 days", "last 30 days", "last 90 days", "last 12 months", "last 2 complete weeks",
                "today", "yesterday", "this month", "previous month", "this year", "next 7 days",
                "since 2026-01-01", "between 2026-01-01 and 2026-03-31", "ever",
            ],
        },
        closed({"numberOfDaysPrevious": {"type": ["integer", "string"]}}, ["numberOfDaysPrevious"]),
    ],
}  # fmt: skip
MOMENT: Shape = {
    "description": "A day, which means the whole local day, or an instant.",
    "type": "string",
    "minLength": 1,
    "examples": ["2026-03-31", "today", "today - 1 month", "now", "30 days ago", "2026-03-31T10:00:00Z"],
}
DURATION: Shape = {
    "description": "A length of time, the unit spelled out.",
    "type": "string",
    "pattern": rf"^\s*[0-9]+\s*({_UNITS})s?\s*$",
    "examples": ["2 hours", "2 days", "1 week"],
}
_NUMBER: Shape = {
    "type": ["number", "string"],
    "pattern": r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?\s*$",
}
_BOOLEAN: Shape = {
    "anyOf": [
        {"enum": [True, False, 1, 0, "1", "0"]},
        {"type": "string", "pattern": "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$"},
    ]
}
_SCALARS: dict[str, Shape] = {
    "text": {"type": SCALAR},
    "enum": {"type": SCALAR},
    "number": _NUMBER,
    "date": MOMENT,
    "datetime": MOMENT,
    "boolean": _BOOLEAN,
    ANY: {"type": SCALAR},
}
_LISTS_OF_LISTS = ("in", "not_in")
_ANYTHING: Shape = {"type": [*SCALAR, "array", "object"]}
VALUE_FILE = closed(
    {"file": {"type": "string"}, "column": {"type": ["string", "number"]}},
    ["file", "column"],
    description="Values from a column of a CSV file inside the definitions folder.",
)


def shared_shapes() -> dict[str, Shape]:
    """Return the shapes that comparisons refer to by name."""
    families = (*get_args(Family), ANY)
    return {
        "window": WINDOW,
        "moment": MOMENT,
        "duration": DURATION,
        "value_file": VALUE_FILE,
        "operator": {"enum": list(OPERATORS)},
        **{f"compare.{family}": compared(family) for family in families if family != "list"},
        **{f"compare.list.{family}": compared("list", family) for family in families if family != "list"},
    }


def compared(family: str, element: str | None = None, scalar: Shape | None = None) -> Shape:
    """Return what ``operator`` and ``value`` of a condition must be for an operand of a family.

    ``element`` is the family of a list's elements; ``scalar`` a narrower shape of one value.
    """
    fitting = [o for o in OPERATORS.values() if family == ANY or family in o.families]
    one = scalar or _SCALARS[element or family]
    rules: list[Shape] = []
    for operator in fitting:
        value = _value(operator, family, one)
        then: Shape = {"properties": {"value": False}} if value is None else where_is("value", value)
        same = next((rule for rule in rules if rule["then"] == then), None)
        if same is None:
            rules.append({"if": where_is("operator", {"enum": [operator.name]}), "then": then})
        else:
            same["if"]["properties"]["operator"]["enum"].append(operator.name)
    return {"properties": {"operator": {"enum": [o.name for o in fitting]}}, "allOf": rules}


def _value(operator: Operator, family: str, one: Shape) -> Shape | None:
    """Return the shape of an operator's value; None where it takes none."""
    other = [closed({"field": {"type": "string"}}, ["field"])] if operator.field_value else []
    many = any_of(list_of(one), ref("value_file"))
    if family == ANY and operator.takes in ("one", "many", "one_or_many"):
        return _ANYTHING
    match operator.takes:
        case "nothing":
            return None
        case "one":
            return list_of(one) if family == "list" else any_of(one, *other)
        case "many":
            return list_of(list_of(one)) if family == "list" and operator.name in _LISTS_OF_LISTS else many
        case "one_or_many":
            return one if family == "list" else any_of(one, many)
        case "pair":
            return list_of(one, 2) | {"maxItems": 2}
        case "window":
            return ref("window")
        case "anniversary":
            return any_of(ref("moment"), ref("window"))
        case _:
            return {"type": SCALAR, "minLength": 1}
