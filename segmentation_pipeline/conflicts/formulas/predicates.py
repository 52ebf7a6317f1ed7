"""One comparison of an operand with literals, as a literal over the operand's atoms.

As in evaluation: a positive predicate is false on null, except ``is_empty``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmentation_pipeline.catalog.types import Boolean, Date, Enum, FieldType, ListOf, Text
from segmentation_pipeline.conflicts.formulas.axes import Axis, year_days
from segmentation_pipeline.conflicts.formulas.choices import Choice
from segmentation_pipeline.conflicts.formulas.elements import Lying, Written
from segmentation_pipeline.conflicts.formulas.lines import Line
from segmentation_pipeline.conflicts.formulas.lists import ListAtoms, Test
from segmentation_pipeline.conflicts.formulas.texts import MOST_PARTS, PARTS, TextAtoms
from segmentation_pipeline.rules.truth import is_blank, several

if TYPE_CHECKING:
    from segmentation_pipeline.conflicts.formulas.parts import Part
    from segmentation_pipeline.rules.clock import Clock


def positive(part: Part, operator: str, value: Any, clock: Clock, *, ignore_case: bool) -> int | None:
    """Return the literal of a positive operator; None for one that is not looked into."""
    match part.atoms:
        case TextAtoms() as text:
            return _text(text, operator, value, ignore_case=ignore_case)
        case Choice() as choice:
            return _choice(choice, operator, value, ignore_case=ignore_case)
        case ListAtoms() as elements:
            assert isinstance(part.kind, ListOf)
            return _list(elements, part.kind.of, operator, value, clock, ignore_case=ignore_case)
        case Line() as line:
            if operator == "is_empty":
                return part.null
            if operator == "anniversary":
                days = sorted(year_days()[day] for day in clock.anniversary_days(value))
                return part.years[clock].inside([(day, day + 1) for day in days])
            return line.inside(line.axis.spans(operator, value, clock))
    raise NotImplementedError(f"no literal for `{operator}` of {part.key}")


def _text(text: TextAtoms, operator: str, value: Any, *, ignore_case: bool) -> int | None:
    match operator:
        case "is_empty":
            return text.empty()
        case "equals" | "in":
            return text.named(several(value), ignore_case=ignore_case)
        case "matches":
            return text.matching(value, ignore_case=ignore_case)
    if operator not in PARTS:
        raise NotImplementedError(f"no literal for `{operator}` of text")
    literals = several(value)
    if len(literals) > MOST_PARTS:
        return None
    return text.clauses.either(text.part(operator, one, ignore_case=ignore_case) for one in literals)


def _choice(choice: Choice, operator: str, value: Any, *, ignore_case: bool) -> int:
    match operator:
        case "is_empty":
            blank = frozenset(one for one in choice.domain if isinstance(one, str) and is_blank(one))
            return choice.clauses.either((choice.null, choice.among(blank)))
        case "is_true" | "is_false":
            return choice.among(frozenset({operator == "is_true"}))
        case "equals" | "in":
            tests = [_written(one, ignore_case=ignore_case) for one in several(value)]
            return choice.among(frozenset(one for one in choice.domain if any(test(one) for test in tests)))
    raise NotImplementedError(f"no literal for `{operator}` of a closed domain")


def _list(
    elements: ListAtoms, kind: FieldType, operator: str, value: Any, clock: Clock, *, ignore_case: bool
) -> int:
    clauses = elements.clauses
    match operator:
        case "is_empty":
            return -elements.some()
        case "in":
            return clauses.either(
                _list(elements, kind, "equals", one, clock, ignore_case=ignore_case) for one in value
            )
    tests = [_test(kind, one, clock, ignore_case=ignore_case) for one in several(value)]
    found = [elements.has(test) for test in tests]
    match operator:
        case "has_any" | "contains":
            return clauses.either(found)
        case "has_all":
            return clauses.both(found)
        case "equals":
            return clauses.both((*found, elements.has_only(tests), -elements.null))
    raise NotImplementedError(f"no literal for `{operator}` of a list")


def _test(kind: FieldType, literal: Any, clock: Clock, *, ignore_case: bool) -> Test:
    if isinstance(kind, Text | Enum | Boolean):
        return _written(literal, ignore_case=ignore_case)
    return Lying(*Axis(kind).extent(literal, clock))


def _written(literal: Any, *, ignore_case: bool) -> Written:
    folded = ignore_case and isinstance(literal, str)
    return Written(literal.lower() if folded else literal, folded)


def is_daily(kind: FieldType | None) -> bool:
    """Return whether values of a type are calendar days."""
    return isinstance(kind.of if isinstance(kind, ListOf) else kind, Date)
