"""The tree every rule is read into, and every visitor walks. Frozen values; equality ignores places.

A leaf (`Compare`, `InSegment`) is true or false, never null: what null does is said at each.
Equality and hashes leave positions out, so the same leaf of two segments is one leaf.
"""

from __future__ import annotations

import decimal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentation_pipeline.errors import Position
from segmentation_pipeline.rules.moments import Moment, RelativeInstant
from segmentation_pipeline.rules.windows import Window

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.types import FieldType


_NOWHERE = Position("", 0, 0)


@dataclass(frozen=True, slots=True)
class All:
    """True where every condition is."""

    conditions: tuple[Condition, ...]
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Any:
    """True where at least one condition is."""

    conditions: tuple[Condition, ...]
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The exact complement."""

    condition: Condition
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """True where at least ``k`` of the conditions are; 1 ≤ k ≤ their number."""

    k: int
    conditions: tuple[Condition, ...]
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Everyone:
    """True for every object; also what ``{segment: all_contacts}`` reads as."""

    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Entered:
    """Entered the segment at least once inside the window, whether or not still in it."""

    window: Window


@dataclass(frozen=True, slots=True)
class Left:
    """Left the segment at least once inside the window, whether or not back in it."""

    window: Window


@dataclass(frozen=True, slots=True)
class MemberFor:
    """A published member now, without a break since an instant that far back (see `moments`).

    ``at_least`` and ``at_most`` say how long ago the current stay began, as ``14 days ago``; either
    may be None, not both. Entering exactly then counts for both.
    """

    at_least: RelativeInstant | None = None
    at_most: RelativeInstant | None = None


@dataclass(frozen=True, slots=True)
class PublishedAt:
    """A published member at an instant; a day stands for its last microsecond."""

    moment: Moment


History = Entered | Left | MemberFor | PublishedAt


@dataclass(frozen=True, slots=True)
class InSegment:
    """True for the members of another segment of the same object.

    Without ``history`` the segment is evaluated before this one. With it the rows of
    ``segment_transitions`` up to ``as_of`` decide: what was published is data, so this is no
    dependency, and a segment may ask for its own past.
    """

    segment: str
    history: History | None = None
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class On:
    """True where the object that a many-to-one relation leads to meets a condition of its own.

    False where the relation leads nowhere, whatever the condition.
    """

    relation: str
    object: str
    condition: Condition
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a sequence: an event of any of ``types``, or with ``negated`` that there is none."""

    types: tuple[str, ...]
    where: Condition | None = None
    within: Window | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """True where some chain of events fits: each strictly after the one before, by (time, id as text).

    ``gap`` bounds the time between neighbours, ``span`` from first to last, both in microseconds,
    ends included. ``same`` are event fields that are equal and not null along the chain. A negated
    step means no such event strictly between its neighbours; before the first (after the last)
    step, none within ``gap`` of it. ``within`` bounds every step.
    """

    source: str
    steps: tuple[Step, ...]
    gap: int | None = None
    span: int | None = None
    same: tuple[str, ...] = ()
    within: Window | None = None
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


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
    period: int | None = None
    """``active_periods`` only: the length of a period in microseconds …"""
    each: int | None = None
    """… and how many events make it active."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Numerator ÷ denominator, exact; null where the denominator is 0 or below ``minimum``.

    Both are counts or sums of rows of this object; compared as ``numerator`` with ``value × denominator``.
    """

    numerator: Measure
    denominator: Measure
    minimum: decimal.Decimal
    type: FieldType


@dataclass(frozen=True, slots=True)
class Response:
    """How many of the latest ``latest`` events (of all there are, if fewer) have an answer.

    An answer is an event of ``answered_by`` with an equal, non-null value of ``matching``, at the
    same time or later, up to ``as_of``. Null without any event to answer.
    """

    source: Events
    latest: int
    answered_by: tuple[str, ...]
    matching: str
    type: FieldType
    where: Condition | None = None
    within: Window | None = None


@dataclass(frozen=True, slots=True)
class Rank:
    """Where an object stands among others by an operand; null outside ``among`` and for a null operand.

    ``form`` is ``position`` (1 + how many stand strictly before), ``percentile`` (100 × position ÷
    ranked objects) or ``ntile`` (``buckets``; bucket 1 is first in ``order``). ``method`` ``rank`` is
    SQL's NTILE with ties by key, ``quantile`` cuts at interpolated quantiles. A ``number``, an average
    or a ratio ranks by its value rounded down to whole 10⁻¹² (a ``number`` to 10⁻⁶, half to even).
    """

    operand: Field | Measure | Ratio | Response
    form: str
    order: str
    type: FieldType
    among: str | None = None
    method: str = "rank"
    buckets: int | None = None


Operand = Field | Measure | Ratio | Response | Rank

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
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


Condition = All | Any | Not | AtLeast | Everyone | InSegment | On | Sequence | Compare
GROUPS = (All, Any, AtLeast)
