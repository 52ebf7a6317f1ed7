"""Says in plain English, and without ambiguity, what a rule asks for: two rules never read the same."""

from __future__ import annotations

import decimal
import json
from functools import singledispatch
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import Enum, ListOf, Text
from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.nouns import name, never_null, noun, number, path, rows_selected
from segmentation_pipeline.rules.operators import OPERATORS
from segmentation_pipeline.rules.phrases import phrase
from segmentation_pipeline.rules.segment import Segment
from segmentation_pipeline.rules.stories import chain, happenings, recollection
from segmentation_pipeline.rules.time_english import describe_time

if TYPE_CHECKING:
    from collections.abc import Iterable


def describe(rule: tree.Condition | Segment) -> str:
    """Return a rule as one or more indented lines of English, without a final line break."""
    return _segment(rule) if isinstance(rule, Segment) else "\n".join(_lines(rule))


@singledispatch
def _lines(condition: tree.Condition) -> list[str]:
    """Return the lines of a condition, the first without a mark and those below it indented."""
    raise NotImplementedError(f"English has no words for {type(condition).__name__}")


@_lines.register
def _(_condition: tree.Everyone) -> list[str]:
    return ["everyone"]


@_lines.register
def _(condition: tree.InSegment) -> list[str]:
    segment = name(condition.segment)
    if condition.history is None:
        return [f"is a member of segment {segment}"]
    return [recollection(condition.history, segment)]


@_lines.register
def _(condition: tree.On) -> list[str]:
    head = f"has a {name(condition.relation)} (a row of {name(condition.object)}) with:"
    return _group(head, (condition.condition,))


@_lines.register
def _(condition: tree.Sequence) -> list[str]:
    lines = [chain(condition)]
    for said, where in happenings(condition):
        first, *rest = [said] if where is None else _group(f"{said}, with:", (where,))
        lines += [f"  - {first}", *(f"    {line}" for line in rest)]
    return lines


@_lines.register
def _(condition: tree.All) -> list[str]:
    return _group("all of:", condition.conditions)


@_lines.register
def _(condition: tree.Any) -> list[str]:
    return _group("any of:", condition.conditions)


@_lines.register
def _(condition: tree.AtLeast) -> list[str]:
    return _group(f"at least {condition.k} of:", condition.conditions)


@_lines.register
def _(condition: tree.Not) -> list[str]:
    return _group("not:", (condition.condition,))


@_lines.register
def _(condition: tree.Compare) -> list[str]:
    operand = condition.operand
    lines = [f"{noun(operand)} {phrase(condition)}{_wanted(condition)}{_fine_print(condition)}"]
    selections = rows_selected(operand)
    if list(selections) == [""]:
        return _group(f"{lines[0]}; counting only rows with:", (selections[""],))
    for counted, where in selections.items():
        lines += [f"  {line}" for line in _group(f"{counted} counting only rows with:", (where,))]
    return lines


def _group(head: str, conditions: Iterable[tree.Condition]) -> list[str]:
    lines = [head]
    for condition in conditions:
        first, *rest = _lines(condition)
        lines += [f"  - {first}", *(f"    {line}" for line in rest)]
    return lines


def _wanted(compare: tree.Compare) -> str:
    value = compare.value
    if OPERATORS[compare.operator].takes == "nothing":
        return ""
    if OPERATORS[compare.operator].takes == "pair" and isinstance(value, tuple):
        return f" {_value(value[0])} and {_value(value[1])}, both included"
    return f" {_value(value)}"


def _value(value: object) -> str:
    match value:
        case tree.Field():
            return f"the field {path(value)}"
        case tuple():
            return "[" + ", ".join(map(_value, value)) + "]"
        case str() | bool():
            return json.dumps(value, ensure_ascii=False)
        case int() | float() | decimal.Decimal():
            return number(value)
        case _:
            return describe_time(value)


def _fine_print(compare: tree.Compare) -> str:
    """Say what case and null do where the operator alone does not."""
    operator, operand, notes = OPERATORS[compare.operator], compare.operand, []
    kind = operand.type.of if isinstance(operand.type, ListOf) else operand.type
    if compare.ignore_case:
        notes.append("ignoring case")
    elif operator.ignores_case and isinstance(kind, Text | Enum):
        notes.append("in exactly this case")
    subject = "either" if isinstance(compare.value, tree.Field) else "it"
    if compare.nulls_excluded:
        notes.append(f"never if {subject} is null")
    elif operator.positive not in (None, "is_empty") and not never_null(operand):
        notes.append(f"or {subject} is null")
    return "".join(f", {note}" for note in notes)


def _segment(segment: Segment) -> str:
    head = f"{segment.type} segment {segment.id} of {segment.object}, days in {segment.time_zone}"
    lines = [head + ("" if segment.active else ", inactive")]
    if segment.where is not None:
        lines += _group("members:", (segment.where,))
    if segment.members is not None:
        lines += ["members, by key or e-mail:", *(f"  - {_value(member)}" for member in segment.members)]
    if segment.exclude is not None:
        lines += _group("never:", (segment.exclude,))
    for pin in segment.pins:
        until = f" until the end of {pin.until.isoformat()}" if pin.until is not None else ""
        reason = json.dumps(pin.reason, ensure_ascii=False)[1:-1]
        lines.append(f"pinned {pin.put}, whatever the rules say: {_value(pin.key)}{until} ({reason})")
    return "\n".join(lines)
