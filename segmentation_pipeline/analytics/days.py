"""Local days and weeks, and the instants between which they lie."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

_DAY = dt.timedelta(days=1)


def start_of(day: dt.date, zone: str) -> dt.datetime:
    """Return the first instant of a local day, in UTC.

    >>> start_of(dt.date(2026, 6, 30), "Europe/Paris").isoformat()
    '2026-06-29T22:00:00+00:00'
    """
    return dt.datetime(day.year, day.month, day.day, tzinfo=zoneinfo.ZoneInfo(zone)).astimezone(dt.UTC)


def end_of(day: dt.date, zone: str) -> dt.datetime:
    """Return the first instant after a local day, in UTC: it has 23, 24 or 25 hours."""
    return start_of(day + _DAY, zone)


def day_of(instant: dt.datetime, zone: str) -> dt.date:
    return instant.astimezone(zoneinfo.ZoneInfo(zone)).date()


def local_day(column: str, zone: str) -> pl.Expr:
    """Return the local day of a column of instants."""
    return pl.col(column).dt.convert_time_zone(zone).dt.date()


def days_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """Return the days from ``first`` to ``last``, both included."""
    return [first + _DAY * number for number in range((last - first).days + 1)]


def by_month(days: Iterable[dt.date]) -> dict[str, list[dt.date]]:
    """Return sorted days by their month, YYYY-MM."""
    found: dict[str, list[dt.date]] = {}
    for day in sorted(set(days)):
        found.setdefault(f"{day:%Y-%m}", []).append(day)
    return found


def week_start(day: dt.date, week_starts: int) -> dt.date:
    """Return the first day of the week that a day lies in; ``week_starts`` as ``date.weekday()``."""
    return day - _DAY * ((day.weekday() - week_starts) % 7)


def week_of(day: pl.Expr, week_starts: int) -> pl.Expr:
    """Return the first day of the week of every local day."""
    weekday = day.dt.weekday().cast(pl.Int64) - 1
    return day - pl.duration(days=(weekday - week_starts) % 7)
