"""Moments and windows become half-open integer intervals at an ``as_of``, in a segment's zone.

Instants are microseconds since 1970-01-01T00:00:00Z, days are numbers since 1970-01-01, so
``(as_of − N, as_of]`` is ``[as_of − N + 1, as_of + 1)``. Local times follow `zoneinfo` with
``fold=0``: one that DST skips is read an hour later, one that it repeats as the first.
"""

from __future__ import annotations

import calendar
import datetime as dt
import zoneinfo
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.rules.moments import (
    AbsoluteInstant,
    Day,
    LocalInstant,
    Moment,
    RelativeInstant,
    Unit,
)
from segmentation_pipeline.rules.windows import Bounds, Complete, Ever, Period, Rolling, Window

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE
LENGTHS: dict[Unit, int] = {"minute": MINUTE, "hour": 60 * MINUTE, "day": DAY, "week": 7 * DAY}
"""The units of fixed length, in microseconds."""
MONTHS: dict[Unit, int] = {"month": 1, "quarter": 3, "year": 12}
"""The units of the calendar, in months."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NAIVE_EPOCH = _EPOCH.replace(tzinfo=None)
_MICROSECOND = dt.timedelta(microseconds=1)
_EPOCH_ORDINAL = dt.date(1970, 1, 1).toordinal()
_FIRST_DAY = dt.date.min.toordinal() - _EPOCH_ORDINAL
_LAST_DAY = dt.date.max.toordinal() - _EPOCH_ORDINAL
_YEARS = "the years 1 to 9999"


def to_micros(instant: dt.datetime) -> int:
    """Return an aware datetime as microseconds since 1970-01-01T00:00:00Z.

    >>> to_micros(dt.datetime(1970, 1, 1, 1, tzinfo=dt.UTC))
    3600000000
    """
    if instant.tzinfo is None:
        raise ValueError(f"`{instant.isoformat()}` has no offset: an `as_of` is an instant")
    return (instant - _EPOCH) // _MICROSECOND


def to_day(date: dt.date) -> int:
    """Return a date as its number of days since 1970-01-01."""
    return date.toordinal() - _EPOCH_ORDINAL


def to_date(day: int) -> dt.date:
    """Return the date with a number of days since 1970-01-01; `ValueError` outside years 1 to 9999."""
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise ValueError(f"day {day:+} from 1970-01-01 lies outside {_YEARS}")
    return dt.date.fromordinal(day + _EPOCH_ORDINAL)


@dataclass(frozen=True)
class Clock:
    """The ``as_of`` of a run (µs UTC) in a segment's zone.

    ``week_starts`` counts as ``date.weekday()``: 0 is Monday. Every method raises `ValueError` where
    its result lies outside the years 1 to 9999.
    """

    as_of: int
    zone: str
    week_starts: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.week_starts <= 6:
            raise ValueError(f"`week_starts` is {self.week_starts}: 0 is Monday, 6 is Sunday")
        to_date(self.local_day(self.as_of))

    @cached_property
    def today(self) -> dt.date:
        """The local day of ``as_of``."""
        return to_date(self._today)

    def extent(self, moment: Moment) -> tuple[int, int]:
        """Return ``[start, end)`` in µs: an instant t is ``[t, t + 1)``, a day its whole local day."""
        match moment:
            case AbsoluteInstant(micros):
                start = micros
            case LocalInstant(wall):
                start = self._instant(wall)
            case RelativeInstant(amount, unit):
                start = self._moved(amount, unit)
            case Day():
                day = self._day(moment)
                return self._midnight(day), self._midnight(day + 1)
        return start, start + 1

    def days(self, moment: Moment) -> tuple[int, int]:
        """Return ``[first, last + 1)`` in days: an instant stands for its local day.

        ``N days ago`` (weeks, months, quarters, years) counts whole days back from today, so that on
        `date` fields ``last N days`` and ``after N days ago`` agree across a change of DST too.
        """
        match moment:
            case Day():
                day = self._day(moment)
            case RelativeInstant(amount, unit) if unit not in ("minute", "hour"):
                day = _moved_day(self._today, amount, unit)
            case _:
                day = self.local_day(self.extent(moment)[0])
        return day, day + 1

    def span(self, window: Window) -> tuple[int | None, int | None]:
        """Return ``[lo, hi)`` in µs, None for an open end; lo ≤ hi, and the future is not cut."""
        match window:
            case Ever():
                return None, None
            case Bounds():
                return _between(window, self.extent)
            case Rolling(direction, amount, unit):
                if direction == "last":
                    return self._moved(-amount, unit) + 1, self.as_of + 1
                return self.as_of, self._moved(amount, unit)
            case Complete() | Period():
                first, after = self._whole_units(window)
                return self._midnight(first), self._midnight(after)

    def day_span(self, window: Window) -> tuple[int | None, int | None]:
        """Return ``[lo, hi)`` in days, for `date` fields; None for an open end, lo ≤ hi."""
        match window:
            case Ever():
                return None, None
            case Bounds():
                return _between(window, self.days)
            case Rolling(direction, amount, unit):
                if direction == "last":
                    return self.days(RelativeInstant(-amount, unit))[1], self._today + 1
                return self._today, self.days(RelativeInstant(amount, unit))[0]
            case Complete() | Period():
                return self._whole_units(window)

    def anniversary_days(self, value: Moment | Window) -> frozenset[tuple[int, int]]:
        """Return the (month, day) pairs whose anniversary falls in a day or a window.

        29 February falls on 28 February in a common year. A window without a bound holds them all.
        """
        lo: int | None
        hi: int | None
        if isinstance(value, (Rolling, Complete, Period, Bounds, Ever)):
            lo, hi = self.day_span(value)
        else:
            lo, hi = self.days(value)
        if lo is None or hi is None or hi - lo > 366:
            lo, hi = 0, 3 * 366
        dates = [to_date(day) for day in range(lo, hi)]
        found = {(date.month, date.day) for date in dates}
        if any((date.month, date.day) == (2, 28) and not calendar.isleap(date.year) for date in dates):
            found.add((2, 29))
        return frozenset(found)

    def local_day(self, micros: int) -> int:
        """Return the local day of an instant, as days since 1970-01-01; total on all integers."""
        # The zone of the first and the last years stands for what a datetime cannot hold.
        inside = min(max(micros, (_FIRST_DAY + 2) * DAY), (_LAST_DAY - 1) * DAY)
        return (micros + self._offset(inside)) // DAY

    @cached_property
    def _zone(self) -> zoneinfo.ZoneInfo:
        try:
            return zoneinfo.ZoneInfo(self.zone)
        except (KeyError, OSError, ValueError) as error:
            hint = did_you_mean(self.zone, zoneinfo.available_timezones()) or "for example Europe/Paris"
            raise ValueError(f"`{self.zone}` is not a time zone of the IANA database; {hint}") from error

    @cached_property
    def _today(self) -> int:
        return self.local_day(self.as_of)

    def _offset(self, micros: int) -> int:
        utc = _EPOCH + dt.timedelta(microseconds=micros)
        return (utc.astimezone(self._zone).utcoffset() or dt.timedelta()) // _MICROSECOND

    def _instant(self, wall: dt.datetime) -> int:
        offset = wall.replace(tzinfo=self._zone, fold=0).utcoffset() or dt.timedelta()
        return (wall - _NAIVE_EPOCH - offset) // _MICROSECOND

    def _midnight(self, day: int) -> int:
        """Return the first instant of a local day: where DST skips midnight, the end of the gap."""
        # 10000-01-01 ends the last day a date can name, so `until 9999-12-31` is a bound like any.
        inside = min(day, _LAST_DAY)
        return self._instant(dt.datetime.combine(to_date(inside), dt.time())) + (day - inside) * DAY

    def _moved(self, amount: int, unit: Unit) -> int:
        """Return ``as_of`` moved by fixed lengths, or on the calendar of the zone."""
        if amount == 0:
            return self.as_of
        if unit in LENGTHS:
            moved = self.as_of + amount * LENGTHS[unit]
            _inside(self.local_day(moved), self.today, amount, unit)
            return moved
        wall = self.as_of + self._offset(self.as_of)
        day = _moved_day(self._today, amount, unit)
        return self._instant(
            dt.datetime.combine(to_date(day), dt.time()) + dt.timedelta(microseconds=wall % DAY)
        )

    def _day(self, moment: Day) -> int:
        day = self._today if moment.date is None else to_day(moment.date)
        for amount, unit in moment.shifts:
            day = _moved_day(day, amount, unit)
        return day

    def _whole_units(self, window: Complete | Period) -> tuple[int, int]:
        match window:
            case Period(offset, unit):
                first, after = offset, offset + 1
            case Complete(direction, amount, unit):
                first, after = (-amount, 0) if direction == "last" else (1, amount + 1)
        return self._first_day(first, unit), self._first_day(after, unit)

    def _first_day(self, offset: int, unit: Unit) -> int:
        """Return the first day of the unit ``offset`` units away from the one that holds today."""
        if unit == "day":
            start = self._today
        elif unit == "week":
            start = self._today - (self.today.weekday() - self.week_starts) % 7
        else:
            months = MONTHS[unit]
            start = to_day(self.today.replace(month=(self.today.month - 1) // months * months + 1, day=1))
        return _moved_day(start, offset, unit)


@cache
def probes() -> tuple[Clock, ...]:
    """Return clocks that stand for any run: short and long months, a leap day, any hour of the day."""
    noon, midnight, last_minute = (12, 0), (0, 0), (23, 59)
    return tuple(
        Clock(to_micros(dt.datetime(*date, *time, tzinfo=dt.UTC)), zone)
        for date, time in (
            ((2023, 3, 1), noon),
            ((2024, 2, 29), midnight),
            ((2024, 3, 1), noon),
            ((2025, 7, 31), last_minute),
            ((2025, 12, 31), noon),
        )
        for zone in ("Etc/GMT+12", "Etc/UTC", "Etc/GMT-14")
    )


def is_reversed(lower: Moment, upper: Moment) -> bool:
    """Return whether two ends, both absolute or both relative, are reversed whatever the ``as_of``.

    False for one of each: whether they are is known at an ``as_of`` only.
    """
    relative = [
        isinstance(end, RelativeInstant) or (isinstance(end, Day) and end.date is None)
        for end in (lower, upper)
    ]
    if relative[0] is not relative[1]:
        return False
    return all(clock.extent(lower)[0] >= clock.extent(upper)[1] for clock in probes())


def _between(window: Bounds, resolve: Callable[[Moment], tuple[int, int]]) -> tuple[int | None, int | None]:
    inner, outer = (0, 1) if window.closed else (1, 0)
    lo = None if window.lower is None else resolve(window.lower)[inner]
    hi = None if window.upper is None else resolve(window.upper)[outer]
    return lo, hi if lo is None or hi is None else max(lo, hi)


def _moved_day(day: int, amount: int, unit: Unit) -> int:
    """Return a day moved by days or weeks, or by months clamped to the month's end."""
    date = to_date(day)
    if unit in MONTHS:
        year, month = divmod(date.year * 12 + date.month - 1 + amount * MONTHS[unit], 12)
        if not dt.MINYEAR <= year <= dt.MAXYEAR:
            raise _outside(date, amount, unit)
        last = calendar.monthrange(year, month + 1)[1]
        return to_day(dt.date(year, month + 1, min(date.day, last)))
    return _inside(day + amount * LENGTHS[unit] // DAY, date, amount, unit)


def _inside(day: int, start: dt.date, amount: int, unit: Unit) -> int:
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise _outside(start, amount, unit)
    return day


def _outside(start: dt.date, amount: int, unit: Unit) -> ValueError:
    side = "before" if amount < 0 else "after"
    return ValueError(f"{abs(amount)} {unit}(s) {side} {start.isoformat()} lies outside {_YEARS}")
