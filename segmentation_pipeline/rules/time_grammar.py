"""The text of moments and windows, read into values; what cannot be read is refused with the forms.

Words are spelled in any case, blanks are free, units are whole words, singular or plural.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, TypeVar, cast

from segmentation_pipeline.rules.clock import LENGTHS, MONTHS, is_reversed, probes, to_micros
from segmentation_pipeline.rules.moments import (
    AbsoluteInstant,
    Day,
    LocalInstant,
    Moment,
    RelativeInstant,
    Unit,
)
from segmentation_pipeline.rules.time_suggestions import Kind, suggestions
from segmentation_pipeline.rules.windows import Bounds, Complete, Direction, Ever, Period, Rolling, Window

if TYPE_CHECKING:
    from collections.abc import Callable

MOMENT_FORMS = {
    "a day": "2026-03-31",
    "a relative day": "today, yesterday, tomorrow",
    "a day and shifts": "today - 1 month + 3 days",
    "an instant with an offset": "2026-03-31T10:00:00+02:00",
    "an instant in the segment's zone": "2026-03-31T10:00:00",
    "as_of": "now",
    "back from as_of": "30 days ago",
    "on from as_of": "2 weeks from now",
}
WINDOW_FORMS = {
    "rolling": "last 30 days, next 7 days",
    "whole units": "last 3 complete months, next 2 complete weeks",
    "one unit": "today, yesterday, tomorrow, this week, previous month, next quarter",
    "ends included": "between 2026-03-01 and 2026-03-31, since 2026-03-01, until 30 days ago",
    "ends excluded": "before 2026-03-01, after 7 days ago",
    "no bounds": "ever",
}

NOW = RelativeInstant(0, "minute")
_RELATIVE_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_PERIODS = {"previous": -1, "this": 0, "next": 1}

_N = r"(\d+)"
_UNIT = r"(minute|hour|day|week|month|quarter|year)s?"
_DATE = r"\d{4}-\d{2}-\d{2}"
_COUNTED = re.compile(rf"{_N} ?{_UNIT} (ago|from now)", re.ASCII)
_DAY = re.compile(rf"(today|yesterday|tomorrow|{_DATE})((?: ?[+-] ?\d+ ?{_UNIT})*)", re.ASCII)
_SHIFT = re.compile(rf"([+-]) ?{_N} ?{_UNIT}", re.ASCII)
_INSTANT = re.compile(
    rf"(?P<date>{_DATE})[t ](?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)([.,](?P<fraction>\d{{1,9}}))?)?"
    r" ?(z|(?P<sign>[+-])(?P<hours>\d\d)(:?(?P<minutes>\d\d))?)?",
    re.ASCII,
)
_COUNT = re.compile(rf"(last|next) {_N} ?(complete ?)?{_UNIT}", re.ASCII)
_SEED = re.compile(rf"numberofdaysprevious ?: ?{_N}", re.ASCII)
_PERIOD = re.compile(rf"(this|previous|next) {_UNIT}", re.ASCII)
_BETWEEN = re.compile(r"between (.+?) and (.+)")
_SIDE = re.compile(r"(since|until|before|after) (.+)")

_Read = TypeVar("_Read", Moment, Window)


def read_moment(text: str) -> Moment:
    """Return the instant or the day that ``text`` names; `ValueError` shows the accepted forms.

    >>> read_moment("30 days ago")
    RelativeInstant(amount=-30, unit='day')
    >>> read_moment("Tomorrow+1 week")
    Day(date=None, shifts=((1, 'day'), (1, 'week')))
    """
    return _read(text, _moment, "a moment", MOMENT_FORMS)


def read_window(text: str) -> Window:
    """Return the window that ``text`` names; `ValueError` shows the accepted forms.

    A ``between`` whose ends are both absolute or both relative must not be reversed.

    >>> read_window("last 3 complete months")
    Complete(direction='last', amount=3, unit='month')
    """
    return _read(text, _window, "a window", WINDOW_FORMS)


class _UnknownFormError(ValueError):
    """No form fits the text; any other `ValueError` says what is wrong with one that does."""


def _read(text: str, parse: Callable[[str], _Read], kind: Kind, forms: dict[str, str]) -> _Read:
    written = " ".join(text.split())
    words = written.lower()
    shown = written if len(written) <= 80 else f"{written[:77]}..."
    allowed = "; ".join(f"{name}: {examples}" for name, examples in forms.items())
    try:
        return parse(words)
    except _UnknownFormError as error:
        part = f" ({error})" if str(error) else ""
        near = suggestions(words[:80], kind, lambda draft: _fits(draft, parse))
        if near:
            hint = f"; did you mean {' or '.join(f'`{draft}`' for draft in near)}?"
        elif kind == "a moment" and _fits(words, _window):
            hint = " but a window, for `within`."
        else:
            hint = "."
        raise ValueError(f"`{shown}` is not {kind}{part}{hint} Accepted are {allowed}") from None
    except ValueError as error:
        raise ValueError(f"`{shown}`: {error}. Accepted are {allowed}") from error


def _fits(draft: str, parse: Callable[[str], _Read]) -> bool:
    try:
        parse(draft)
    except ValueError:
        return False
    return True


def _moment(words: str) -> Moment:
    if words == "now":
        return NOW
    if found := _COUNTED.fullmatch(words):
        count, unit, side = found.groups()
        amount = _amount(count)
        moment = RelativeInstant(-amount if side == "ago" else amount, _unit(unit)) if amount else NOW
        _resolve(moment)
        return moment
    if found := _DAY.fullmatch(words):
        day = _day(found[1], found[2])
        if day.shifts:
            _resolve(day)
        return day
    if found := _INSTANT.fullmatch(words):
        return _instant(found)
    raise _UnknownFormError


def _day(name: str, shifts: str) -> Day:
    moved = [
        (_amount(count) * (-1 if sign == "-" else 1), _unit(unit))
        for sign, count, unit in _SHIFT.findall(shifts)
    ]
    for _, unit in moved:
        if unit in ("minute", "hour"):
            raise ValueError("a day is moved by days, weeks, months, quarters or years")
    kept = tuple(shift for shift in moved if shift[0])
    if name not in _RELATIVE_DAYS:
        return Day(_date(name), kept)
    offset = _RELATIVE_DAYS[name]
    return Day(None, ((offset, "day"), *kept) if offset else kept)


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"there is no day {text} (year-month-day)") from None


def _instant(found: re.Match[str]) -> Moment:
    fraction = found["fraction"] or ""
    if fraction[6:].strip("0"):
        raise ValueError("times are kept to the microsecond, six digits after the second")
    micros = int(fraction[:6].ljust(6, "0"))
    try:
        time = dt.time(int(found["hour"]), int(found["minute"]), int(found["second"] or 0), micros)
    except ValueError:
        raise ValueError(
            "there is no such time of day: hours are 00 to 23, minutes and seconds 00 to 59"
        ) from None
    wall = dt.datetime.combine(_date(found["date"]), time)
    if not found[0].endswith("z") and not found["sign"]:
        return LocalInstant(wall)
    hours, minutes = int(found["hours"] or 0), int(found["minutes"] or 0)
    if hours > 23 or minutes > 59:
        raise ValueError("there is no such offset: they go from -23:59 to +23:59")
    offset = (hours * LENGTHS["hour"] + minutes * LENGTHS["minute"]) * (-1 if found["sign"] == "-" else 1)
    return AbsoluteInstant(to_micros(wall.replace(tzinfo=dt.UTC)) - offset)


def _window(words: str) -> Window:
    if words == "ever":
        return Ever()
    if words in _RELATIVE_DAYS:
        return Period(_RELATIVE_DAYS[words], "day")
    window: Window
    if found := _COUNT.fullmatch(words):
        direction, count, complete, unit = found.groups()
        if complete and unit in ("minute", "hour"):
            raise ValueError("complete units are days, weeks, months, quarters or years")
        kind = Complete if complete else Rolling
        window = kind(cast("Direction", direction), _positive(count), _unit(unit))
    elif found := _SEED.fullmatch(words):
        window = Rolling("last", _positive(found[1]), "day")
    elif found := _PERIOD.fullmatch(words):
        if found[2] in ("minute", "hour", "day") or words.endswith("s"):
            raise _UnknownFormError("one unit is a week, month, quarter or year")
        window = Period(_PERIODS[found[1]], _unit(found[2]))
    elif found := _BETWEEN.fullmatch(words):
        lower, upper = _end(found[1]), _end(found[2])
        if is_reversed(lower, upper):
            raise ValueError("`between` is reversed, the earlier end comes first")
        window = Bounds(lower, upper)
    elif found := _SIDE.fullmatch(words):
        moment = _end(found[2])
        window = {
            "since": Bounds(lower=moment),
            "until": Bounds(upper=moment),
            "before": Bounds(upper=moment, closed=False),
            "after": Bounds(lower=moment, closed=False),
        }[found[1]]
    else:
        raise _UnknownFormError
    _resolve(window)
    return window


def _end(words: str) -> Moment:
    try:
        return _moment(words)
    except _UnknownFormError:
        raise _UnknownFormError(f"`{words[:80]}` is not a moment") from None


def _amount(digits: str) -> int:
    if len(digits) > 12:
        raise ValueError("this lies outside the years 1 to 9999")
    return int(digits)


def _positive(digits: str) -> int:
    if amount := _amount(digits):
        return amount
    raise ValueError("a window holds at least 1 unit; for the day itself write `today`")


def _unit(word: str) -> Unit:
    return next(unit for unit in (*LENGTHS, *MONTHS) if unit == word)


def _resolve(value: Moment | Window) -> None:
    """Raise `ValueError` where a value lies outside the years a date can have."""
    for clock in probes():
        try:
            if isinstance(value, (Rolling, Complete, Period, Bounds, Ever)):
                clock.span(value)
            else:
                clock.extent(value)
        except ValueError:
            raise ValueError("this lies outside the years 1 to 9999") from None
