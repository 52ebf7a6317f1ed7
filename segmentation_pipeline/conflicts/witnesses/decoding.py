"""Values of operands read from a model: the plainest that make true what the model says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmentation_pipeline.catalog.types import Date, Datetime, Decimal, FieldType, Integer, ListOf, Number
from segmentation_pipeline.conflicts.formulas.axes import Axis, day_of_year
from segmentation_pipeline.conflicts.formulas.choices import Choice
from segmentation_pipeline.conflicts.formulas.lines import Line
from segmentation_pipeline.conflicts.formulas.lists import ListAtoms
from segmentation_pipeline.conflicts.formulas.parts import near_of
from segmentation_pipeline.conflicts.formulas.texts import TextAtoms
from segmentation_pipeline.rules.clock import DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.conflicts.formulas.axes import Span
    from segmentation_pipeline.conflicts.formulas.parts import Part
    from segmentation_pipeline.rules.clock import Clock

_YEARS = 1_500
"""So many days a moment is looked for that falls on a day of the year: four years, a leap day among them."""


def decode(part: Part, model: Sequence[int], near: Sequence[int], token: str | None = None) -> Any:
    """Return a value of an operand of which all is true that a model says, a text with a token in it.

    Raises `ValueError` where none was found.
    """
    assert part.kind is not None
    match part.atoms:
        case TextAtoms() as text:
            return text.text(model, token)
        case Choice() as choice:
            return choice.value(model)
        case ListAtoms() as elements:
            found = elements.value(model)
            return None if found is None else [_element(part.kind, element) for element in found]
        case Line() as line:
            span = line.region(model)
            return None if span is None else _ordered(part, line, span, model, near_of(part.kind, near))
    raise ValueError(f"{part.key} has no value of its own")


def _element(kind: FieldType, element: Any) -> Any:
    assert isinstance(kind, ListOf)
    ordered = isinstance(kind.of, Integer | Number | Decimal | Date | Datetime)
    return Axis(kind.of).value(element) if ordered else element


def _ordered(part: Part, line: Line, span: Span, model: Sequence[int], near: int) -> Any:
    if not part.years:
        return line.axis.value(line.axis.plain(*span, near))
    days = {clock: year.region(model) for clock, year in part.years.items()}
    first, after = line.axis.bounds()
    low, high = max(span[0] or first, first), min(span[1] or after, after)
    step = 1 if isinstance(line.axis.kind, Date) else DAY // 4
    start = min(max(near, low), high - 1)
    for distance in range(_YEARS * DAY // (step if step > 1 else DAY)):
        for place in (start + distance * step, start - distance * step):
            if low <= place < high and all(_falls(line, place, clock, one) for clock, one in days.items()):
                return line.axis.value(place)
    raise ValueError("no moment of the span falls on one of the days of the year")


def _falls(line: Line, place: int, clock: Clock, days: Span | None) -> bool:
    number = day_of_year(place if isinstance(line.axis.kind, Date) else clock.local_day(place))
    assert days is not None
    return (days[0] or 0) <= number < (days[1] or 366)


def is_asked(part: Part | None) -> bool:
    """Return whether some rule says what a key must be, and not only that there is one."""
    atoms = part.atoms if part is not None else None
    match atoms:
        case TextAtoms():
            return atoms.is_asked
        case Line():
            return bool(atoms.below)
        case _:
            return False
