"""Reads ``operator``, ``value`` and the options of a condition by the type of its operand."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, cast

from segmentation_pipeline.catalog.types import Enum, FieldType, ListOf, ScalarType, Text
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.documents import Mapping, Node, Scalar, Sequence
from segmentation_pipeline.rules.clock import is_reversed
from segmentation_pipeline.rules.faults import Fault, field_at, place, required, word
from segmentation_pipeline.rules.literals import read_literal
from segmentation_pipeline.rules.moments import AbsoluteInstant, Day, LocalInstant, RelativeInstant
from segmentation_pipeline.rules.operators import OPERATORS, Operator, family, operators_for
from segmentation_pipeline.rules.regex import check_regex
from segmentation_pipeline.rules.time_grammar import read_moment, read_window
from segmentation_pipeline.rules.tree import Compare, Field, Literal, Measure, Operand, Value

if TYPE_CHECKING:
    from segmentation_pipeline.rules.moments import Moment
    from segmentation_pipeline.rules.paths import Scope
    from segmentation_pipeline.rules.windows import Window

OPTIONS = ("operator", "value", "case", "nulls")
_MOMENTS = (AbsoluteInstant, LocalInstant, RelativeInstant, Day)


def read_comparison(operand: Operand, node: Mapping, scope: Scope) -> Compare:
    """Return the comparison written in ``node``; raise `Fault` where a part does not fit."""
    operator = _operator(operand, node)
    value = _value(operand, operator, node, scope)
    _refuse_reversed(operator, value, node)
    return Compare(
        operand,
        operator.name,
        value,
        ignore_case=_ignores_case(operand.type, operator, node),
        nulls_excluded=_nulls_excluded(node),
        at=node.at,
    )


def read_window_node(node: Node) -> Window:
    """Return the window a scalar, or the mapping ``numberOfDaysPrevious: N``, writes."""
    if isinstance(node, Mapping) and list(node) == ["numberOfDaysPrevious"]:
        days = word(required(node, "numberOfDaysPrevious"), "numberOfDaysPrevious")
        return _read_window(f"last {days} days", node)
    return _read_window(word(node, "within"), node)


def _read_window(text: str, node: Node) -> Window:
    try:
        return read_window(text)
    except ValueError as error:
        raise Fault("window", str(error), node.at) from error


def _operator(operand: Operand, node: Mapping) -> Operator:
    name = word(required(node, "operator"), "operator")
    at = required(node, "operator").at
    fitting = operators_for(operand.type)
    if name not in OPERATORS:
        raise Fault("unknown-operator", f"unknown operator `{name}`", at, did_you_mean(name, fitting))
    operator = OPERATORS[name]
    if name not in fitting:
        raise Fault(
            "operator-not-for-type",
            f"operator `{name}` does not fit {_named(operand)}",
            at,
            f"operators of {family(operand.type)}: {', '.join(fitting)}",
        )
    return operator


def _value(operand: Operand, operator: Operator, node: Mapping, scope: Scope) -> Value:
    at = place(node, "value")
    if operator.takes == "nothing":
        if "value" in node:
            raise Fault("value-not-taken", f"operator `{operator.name}` takes no value", at)
        return None
    if "value" not in node:
        raise Fault("value-missing", f"operator `{operator.name}` needs a `value`", node.at)
    value = required(node, "value")
    match operator.takes:
        case "window":
            return read_window_node(value)
        case "anniversary":
            return _anniversary(value)
        case "pattern":
            return _pattern(value)
        case "pair":
            items = _items(value, operator)
            if len(items) != 2:
                raise Fault("value-shape", f"`{operator.name}` takes two values: [from, to]", value.at)
            return tuple(_literal(item, operand) for item in items)
        case "many":
            return _many(value, operand, operator)
        case "one_or_many":
            return _one_or_many(value, operand, operator)
        case _:
            return _one(value, operand, operator, scope)


def _one(value: Node, operand: Operand, operator: Operator, scope: Scope) -> Value:
    if isinstance(value, Mapping):
        return _other_field(value, operand, operator, scope)
    if isinstance(operand.type, ListOf):
        return tuple(_literal(item, operand) for item in _items(value, operator))
    if isinstance(value, Sequence):
        hint = "use `in` for any of several values" if operator.name == "equals" else None
        raise Fault("value-shape", f"`{operator.name}` takes one value, not a list", value.at, hint)
    return _literal(value, operand)


def _many(value: Node, operand: Operand, operator: Operator) -> Value:
    items = _items(value, operator)
    if isinstance(operand.type, ListOf) and operator.name in ("in", "not_in"):
        return tuple(tuple(_literal(part, operand) for part in _items(item, operator)) for item in items)
    return tuple(_literal(item, operand) for item in items)


def _one_or_many(value: Node, operand: Operand, operator: Operator) -> Value:
    if isinstance(operand.type, ListOf) and isinstance(value, Sequence):
        raise Fault(
            "value-shape", f"`{operator.name}` takes one element", value.at, "use `has_any` for several"
        )
    items = _items(value, operator) if isinstance(value, Sequence) else (value,)
    read = tuple(_literal(item, operand) for item in items)
    for item, literal in zip(items, read, strict=True):
        if literal == "" and not isinstance(operand.type, ListOf):
            raise Fault("empty-pattern", f"`{operator.name}` with an empty text fits every text", item.at)
    return read if isinstance(value, Sequence) else read[0]


def _items(value: Node, operator: Operator) -> tuple[Node, ...]:
    if not isinstance(value, Sequence):
        raise Fault("value-shape", f"`{operator.name}` takes a list of values", value.at, "write `[a, b]`")
    if not value.items:
        raise Fault("empty-list", f"`{operator.name}` has an empty list of values", value.at)
    return value.items


def _literal(node: Node, operand: Operand) -> Literal:
    if not isinstance(node, Scalar):
        raise Fault("value-shape", "a single value is expected here", node.at)
    if node.is_null:
        message = "`value: null` compares with nothing; use the operator `is_empty` or `is_not_empty`"
        raise Fault("null-value", message, node.at)
    kind: ScalarType = operand.type.of if isinstance(operand.type, ListOf) else operand.type
    try:
        return read_literal(kind, node.text)
    except ValueError as error:
        said = str(error).replace(f"`{node.text}`", f"`value: '{node.text}'`", 1)
        raise Fault("value-type", f"{said}, {_named(operand)}", node.at) from error


def _other_field(value: Mapping, operand: Operand, operator: Operator, scope: Scope) -> Field:
    if list(value) != ["field"]:
        raise Fault("value-shape", "a value is a scalar, a list, or `{field: …}`", value.at)
    if not operator.field_value or not isinstance(operand, Field) or isinstance(operand.type, ListOf):
        message = f"`{operator.name}` of {_named(operand)} cannot be compared with a field"
        raise Fault("field-comparison", message, value.at)
    other = field_at(scope, required(value, "field"), "field", value.at)
    if _comparable(operand.type) != _comparable(other.type):
        raise Fault(
            "field-comparison",
            f"field `{other.name}` is of type {other.type}, {_named(operand)} of {operand.type}",
            value.at,
        )
    return other


def _comparable(kind: FieldType) -> str:
    return {"enum": "text", "date": "time", "datetime": "time"}.get(name := family(kind), name)


def _anniversary(value: Node) -> Moment | Window:
    text = word(value, "value")
    try:
        return read_moment(text)
    except ValueError:
        return _read_window(text, value)


def _pattern(value: Node) -> str:
    if not isinstance(value, Scalar) or value.is_null:
        raise Fault("value-shape", "`matches` takes one regular expression", value.at)
    if not value.text:
        raise Fault("empty-pattern", "an empty regular expression fits every text", value.at)
    pattern = unicodedata.normalize("NFC", value.text)
    if problem := check_regex(pattern):
        raise Fault("regex", f"`{value.text}` is not a regular expression: {problem}", value.at)
    return pattern


def _refuse_reversed(operator: Operator, value: Value, node: Mapping) -> None:
    if operator.takes != "pair":
        return
    low, high = cast("tuple[Literal, Literal]", value)
    if isinstance(low, _MOMENTS) and isinstance(high, _MOMENTS):
        wrong = is_reversed(low, high)
    else:
        wrong = cast("float", low) > cast("float", high)
    if wrong:
        raise Fault(
            "reversed-between",
            f"`{operator.name}` is reversed: its first value is the greater one",
            place(node, "value"),
        )


def _ignores_case(kind: FieldType, operator: Operator, node: Mapping) -> bool:
    of = kind.of if isinstance(kind, ListOf) else kind
    is_text = isinstance(of, Text | Enum)
    if "case" not in node:
        return operator.ignores_case and is_text
    written = word(required(node, "case"), "case")
    if written not in ("sensitive", "insensitive"):
        raise Fault(
            "unknown-option", f"`case: {written}` is neither sensitive nor insensitive", place(node, "case")
        )
    if not is_text or operator.takes == "nothing":
        raise Fault(
            "option-not-for-type",
            f"`case` means nothing for `{operator.name}` of type {kind}",
            place(node, "case"),
        )
    return written == "insensitive"


def _nulls_excluded(node: Mapping) -> bool:
    if "nulls" not in node:
        return False
    written = word(required(node, "nulls"), "nulls")
    if written not in ("include", "exclude"):
        raise Fault(
            "unknown-option", f"`nulls: {written}` is neither include nor exclude", place(node, "nulls")
        )
    return written == "exclude"


def _named(operand: Operand) -> str:
    match operand:
        case Field():
            return f"field `{operand.name}` ({operand.type})"
        case Measure(measure=measure):
            return f"measure `{measure}` ({operand.type})"
        case _:
            return f"{type(operand).__name__.lower()} ({operand.type})"
