"""The tree every rule is read into, and every visitor walks. Frozen values; equality ignores places.

A leaf (`Compare`, `InSegment`) is true or false, never null: what null does is said at each.
Equality and hashes leave positions out, so the same leaf of two segments is one leaf.
"""

from __future__ import annotations

import decimal
from dataclasses import dataclass, field

from segmentation_pipeline.catalog.types import FieldType
from segmentation_pipeline.errors import Position
from segmentation_pipeline.rules.moments import Moment
from segmentation_pipeline.rules.windows import Window


def _place() -> Position:
    return field(default=Position("", 0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class All:
    """True where every condition is."""

    conditions: tuple[Condition, ...]
    at: Position = _place()


@dataclass(frozen=True, slots=True)
class Any:
    """True where at least one condition is."""

    conditions: tuple[Condition, ...]
    at: Position = _place()


@dataclass(frozen=True, slots=True)
class Not:
    """The exact complement."""

    condition: Condition
    at: Position = _place()


@dataclass(frozen=True, slots=True)
class AtLeast:
    """True where at least ``k`` of the conditions are; 1 ≤ k ≤ their number."""

    k: int
    conditions: tuple[Condition, ...]
    at: Position = _place()


@dataclass(frozen=True, slots=True)
class Everyone:
    """True for every object; also what ``{segment: all_contacts}`` reads as."""

    at: Position = _place()


@dataclass(frozen=True, slots=True)
class InSegment:
    """True for the published members of another segment of the same object."""

    segment: str
    at: Position = _place()


@dataclass(frozen=True, slots=True)
class Field:
    """One value a row: the path from the row's object, through many-to-one relations.

    ``("company", "custom.tier")`` is the field ``custom.tier`` of the related company. Null where
    the value is null or the relation leads nowhere.
    """

    path: tuple[str, ...]
    type: FieldType

    @property
    def name(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Events:
    """The events of a row's object, of any of ``types``; those after ``as_of`` are invisible."""

    source: str
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """The rows of another object that point at this one; those timed after ``as_of`` are invisible."""

    relation: str
    object: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One value a row, computed over its events or related rows that meet ``where`` in ``within``.

    ``count`` and ``sum`` are 0 without rows; the others are null there. Nulls of ``of`` are skipped
    by sum, avg, min, max and count_distinct; ``first`` and ``last`` take theirs. ``type`` is the
    type of the result; ``avg`` is compared exactly, as ``sum`` against ``value × count``.
    """

    source: Events | Related
    measure: str
    type: FieldType
    of: Field | None = None
    where: Condition | None = None
    within: Window | None = None


Operand = Field | Measure

Literal = str | bool | int | float | decimal.Decimal | Moment
Value = Literal | tuple[Literal, ...] | tuple[tuple[Literal, ...], ...] | Field | Window | None


@dataclass(frozen=True, slots=True)
class Compare:
    """Compares an operand with a value read by the operand's type.

    A positive operator is false on null. A negative one is its exact complement, so null satisfies
    it, unless ``nulls_excluded``. ``ignore_case`` is resolved from the operator's default.
    ``value``: None for operators without one; a tuple for lists and ``between``; a `Window`, a
    `Moment`, a `Field` where the rule says so. Text is in NFC.
    """

    operand: Operand
    operator: str
    value: Value = None
    ignore_case: bool = False
    nulls_excluded: bool = False
    at: Position = _place()


Condition = All | Any | Not | AtLeast | Everyone | InSegment | Compare
GROUPS = (All, Any, AtLeast)
