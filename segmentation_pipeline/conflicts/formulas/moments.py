"""How the bounds of a condition move with ``as_of``: what moves alike keeps its order on any day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.rules.clock import MONTHS
from segmentation_pipeline.rules.moments import AbsoluteInstant, Day, LocalInstant, RelativeInstant
from segmentation_pipeline.rules.windows import Bounds, Complete, Ever, Period, Rolling

if TYPE_CHECKING:
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.moments import Unit

ABSOLUTE = "absolute"
"""Bounds that stay where they are; all others move with ``as_of``."""


def movements(value: object, clock: Clock, *, daily: bool) -> frozenset[str]:
    """Return the ways in which the bounds in a value move: two of one way never change their order.

    ``daily``: the operand is a calendar day, on which elapsed days and calendar days are one.
    """
    match value:
        case tuple():
            return frozenset[str]().union(*(movements(part, clock, daily=daily) for part in value))
        case AbsoluteInstant() | LocalInstant():
            return frozenset({ABSOLUTE})
        case RelativeInstant(0, _) | Day(None, ()) if daily:
            return frozenset({_calendar("day", clock)})
        case RelativeInstant(0, _):
            return frozenset()
        case RelativeInstant(_, unit):
            return frozenset({_elapsed(unit, clock, daily=daily)})
        case Day(None, shifts):
            units = {unit for _, unit in shifts} or {"day"}
            return frozenset(_calendar(unit, clock) for unit in units)
        case Day():
            return frozenset({ABSOLUTE})
        case Bounds(lower, upper, _):
            ends = tuple(end for end in (lower, upper) if end is not None)
            return movements(ends, clock, daily=daily)
        case Rolling(_, _, unit):
            return frozenset({_elapsed(unit, clock, daily=daily)})
        case Complete(_, _, unit) | Period(_, unit):
            return frozenset({_calendar(unit, clock, whole=unit not in ("day", "minute", "hour"))})
        case Ever():
            return frozenset()
    return frozenset()


def _elapsed(unit: Unit, clock: Clock, *, daily: bool) -> str:
    if unit in MONTHS:
        return f"months back in {clock.zone}"
    return _calendar("day", clock) if daily else "elapsed"


def _calendar(unit: Unit, clock: Clock, *, whole: bool = False) -> str:
    if unit in MONTHS:
        return f"calendar months in {clock.zone}" if whole else f"days of months in {clock.zone}"
    return f"calendar weeks in {clock.zone}" if whole else f"days in {clock.zone}"
