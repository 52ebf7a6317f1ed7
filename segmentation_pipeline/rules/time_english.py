"""Says in plain English which point in time or window a rule means."""

from __future__ import annotations

import datetime as dt

from segmentation_pipeline.rules.clock import LENGTHS
from segmentation_pipeline.rules.moments import (
    AbsoluteInstant,
    Day,
    LocalInstant,
    Moment,
    RelativeInstant,
    Unit,
)
from segmentation_pipeline.rules.windows import Bounds, Complete, Ever, Period, Rolling, Window

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_CALENDAR = {-1: "the previous", 0: "this", 1: "the following"}
_DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def describe_time(value: object) -> str:
    """Return a moment or a window in words.

    >>> describe_time(Rolling("last", 30, "day"))
    'the last 30 days'
    """
    match value:
        case Rolling() | Complete() | Period() | Bounds() | Ever():
            return _window(value)
        case AbsoluteInstant() | LocalInstant() | RelativeInstant() | Day():
            return _moment(value)
    raise NotImplementedError(f"English has no words for {value!r}")


def describe_length(micros: int) -> str:
    """Return a length of time in the largest unit below weeks that is whole.

    >>> describe_length(36 * LENGTHS["hour"])
    '36 hours'
    """
    units: tuple[Unit, ...] = ("day", "hour", "minute")
    for unit in units:
        if micros % LENGTHS[unit] == 0:
            return _amount(micros // LENGTHS[unit], unit)
    return _amount(micros, "microsecond")


def _moment(moment: Moment) -> str:
    match moment:
        case AbsoluteInstant(micros):
            return (_EPOCH + dt.timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")
        case LocalInstant(wall):
            return f"{wall.isoformat()} local time"
        case RelativeInstant(0, "minute"):
            return "now"
        case RelativeInstant(amount, unit):
            return f"{_amount(abs(amount), unit)} {'ago' if amount < 0 else 'from now'}"
        case Day(date, shifts):
            steps = (f" {'-' if step < 0 else '+'} {_amount(abs(step), unit)}" for step, unit in shifts)
            return f"the day {date.isoformat() if date else 'today'}{''.join(steps)}"


def _window(window: Window) -> str:
    match window:
        case Rolling(direction, amount, unit):
            return f"the {direction} {_amount(amount, unit)}"
        case Complete(direction, amount, unit):
            return f"the {direction} {amount} complete {unit}{'' if amount == 1 else 's'}"
        case Period(offset, "day") if offset in _DAYS:
            return _DAYS[offset]
        case Period(offset, unit) if offset in _CALENDAR:
            return f"{_CALENDAR[offset]} {unit}"
        case Period(offset, unit):
            return f"the {unit} {_amount(abs(offset), unit)} {'before' if offset < 0 else 'after'} this one"
        case Bounds(lower, upper, closed):
            ends = [f"{'from' if closed else 'after'} {_moment(lower)}"] if lower is not None else []
            ends += [f"{'up to' if closed else 'before'} {_moment(upper)}"] if upper is not None else []
            return f"the time {' and '.join(ends)}, {'that included' if closed else 'that excluded'}"
        case Ever():
            return "all time"


def _amount(amount: int, unit: str) -> str:
    return f"{amount} {unit}{'' if amount == 1 else 's'}"
