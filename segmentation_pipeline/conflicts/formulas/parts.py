"""What formulas are about: operands with their atoms, and things that are not looked into."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.catalog.types import Boolean, Enum, FieldType, ListOf, Text
from segmentation_pipeline.conflicts.formulas.axes import Axis
from segmentation_pipeline.conflicts.formulas.choices import Choice
from segmentation_pipeline.conflicts.formulas.elements import places_for, texts_for
from segmentation_pipeline.conflicts.formulas.lines import Line
from segmentation_pipeline.conflicts.formulas.lists import ListAtoms
from segmentation_pipeline.conflicts.formulas.texts import TextAtoms
from segmentation_pipeline.rules.operators import family

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from segmentation_pipeline.conflicts.formulas.clauses import Clauses
    from segmentation_pipeline.rules.clock import Clock

Atoms = Line | TextAtoms | Choice | ListAtoms
Subject = tuple[str, ...]
"""The relations that lead from the row in question to the one that is meant."""


@dataclass
class Part:
    """An operand, or a leaf that is not looked into (``atoms`` is None).

    ``exact``: what its atoms can be is what values can be. Otherwise they can be more, so that what
    contradicts is proved to, and what does not may be impossible all the same. ``literal`` is the
    atom of a leaf that is not looked into. ``years`` are the day of the year of a date or an instant,
    by the clock that says what day it is.
    """

    number: int
    key: Hashable
    exact: bool
    atoms: Atoms | None = None
    null: int = 0
    literal: int = 0
    kind: FieldType | None = None
    years: dict[Clock, Line] = field(default_factory=dict)


@dataclass
class Support:
    """What a formula is about: the numbers of its parts, and how its bounds move with ``as_of``."""

    parts: set[int] = field(default_factory=set)
    times: set[tuple[int, str]] = field(default_factory=set)
    opaque: set[int] = field(default_factory=set)

    def add(self, other: Support) -> None:
        self.parts |= other.parts
        self.times |= other.times
        self.opaque |= other.opaque


def atoms_for(
    clauses: Clauses,
    kind: FieldType,
    null: int,
    near: Sequence[int],
    *,
    dense: bool = False,
    least: float | None = None,
    most: float | None = None,
    allowed: Callable[[str], bool] | None = None,
) -> Atoms:
    """Return the atoms of an operand of a type; ``near`` are today's day and ``as_of`` in µs."""
    match kind:
        case ListOf(of):
            return ListAtoms(clauses, null, _elements(of, near))
        case Enum(values):
            return Choice(clauses, values, null)
        case Boolean():
            return Choice(clauses, (True, False), null)
        case Text():
            return TextAtoms(clauses, null, allowed or (lambda _text: True))
        case _:
            return Line(clauses, Axis(kind, dense, least, most), null)


def near_of(kind: FieldType, near: Sequence[int]) -> int:
    """Return the place of now on the axis of a type; 0 where it has none."""
    return {"date": near[0], "datetime": near[1]}.get(family(kind), 0)


def _elements(kind: FieldType, near: Sequence[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    match kind:
        case Enum(values):
            return lambda _tests: values
        case Boolean():
            return lambda _tests: (True, False)
        case Text():
            return texts_for
        case _:
            axis = Axis(kind)
            return lambda tests: places_for(axis, near_of(kind, near), tests)
