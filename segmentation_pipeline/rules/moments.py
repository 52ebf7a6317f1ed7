"""Points in time as rules write them: instants, and days that mean the whole local day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt

Unit = Literal["minute", "hour", "day", "week", "month", "quarter", "year"]


@dataclass(frozen=True, slots=True)
class AbsoluteInstant:
    """An instant with its own offset; ``micros`` since 1970-01-01T00:00:00Z."""

    micros: int


@dataclass(frozen=True, slots=True)
class LocalInstant:
    """A wall-clock time in the segment's zone; a time that DST skips is read an hour later."""

    wall: dt.datetime


@dataclass(frozen=True, slots=True)
class RelativeInstant:
    """``30 days ago`` (negative) or ``2 weeks from now``; zero is ``now``.

    Minutes to weeks have fixed length; months, quarters and years move on the calendar of the
    segment's zone and clamp to the month's end.
    """

    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Day:
    """A local day: a date, or today when ``date`` is None, moved by ``shifts`` from left to right."""

    date: dt.date | None = None
    shifts: tuple[tuple[int, Unit], ...] = ()


Instant = AbsoluteInstant | LocalInstant | RelativeInstant
Moment = Instant | Day
