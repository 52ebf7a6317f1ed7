"""What the interpreter found for one object: the answer, and the values and rows that decide it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.rules.segment import Pin, Segment
    from segmentation_pipeline.rules.tree import Condition

Decider = Literal["pin", "exclude", "where", "members", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition holds, and why.

    ``value`` is the operand of a `Compare` (an average rounded to 28 digits, though compared
    exactly), ``other`` the value of the field it is compared with, if it is compared with one.
    ``rows`` are the events or related rows a measure was computed over, in order of time; of a
    response the events to answer, of a sequence the chain. ``parts`` are the verdicts of a group's
    conditions, all of them, or of the one below `Not` and `On`. ``details`` are named values that
    decide: numerator and denominator, position and population, the change that a history turns on.
    """

    condition: Condition
    holds: bool
    value: Any = None
    other: Any = None
    rows: tuple[Mapping[str, Any], ...] = ()
    parts: tuple[Verdict, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SegmentVerdict:
    """Whether an object is a member of a segment, and what decided it.

    ``where`` and ``exclude`` are None where the segment has none, ``listed`` is None unless it has
    ``members``, ``pin`` is the one active at ``as_of``. ``decided_by`` is ``unknown`` for a key that
    the object's table does not hold: it is no member of anything.
    """

    segment: Segment
    key: str
    member: bool
    decided_by: Decider
    where: Verdict | None = None
    exclude: Verdict | None = None
    listed: bool | None = None
    pin: Pin | None = None
