"""When to ask again: back-off with jitter, what `Retry-After` asks for, and a steady pace."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class Clock:
    """What waiting needs: the instant, a way to pass seconds, and a chance between 0 and 1."""

    now: Callable[[], dt.datetime]
    sleep: Callable[[float], None]
    chance: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double from ``first`` up to ``longest``."""

    first: dt.timedelta
    longest: dt.timedelta

    def after(self, attempts: int, chance: float, asked: dt.timedelta | None = None) -> dt.timedelta:
        """Return the wait after so many attempts: between half and all of its length, by ``chance``.

        Never less than what the other side ``asked`` for.

        >>> Backoff(dt.timedelta(seconds=1), dt.timedelta(seconds=60)).after(3, 1.0).total_seconds()
        4.0
        """
        full = min(self.longest, self.first * (1 << min(attempts - 1, _DOUBLINGS)))
        wait = full * (0.5 + chance / 2)
        return wait if asked is None else max(wait, asked)


def retry_after(value: str | None, now: dt.datetime) -> dt.timedelta | None:
    """Return what a `Retry-After` header asks for (RFC 9110, 10.2.3): seconds, or until a date.

    >>> retry_after("120", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)).total_seconds()
    120.0
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return dt.timedelta(seconds=min(int(text[:10]), 10**9))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if until.tzinfo is None:
        return None
    return max(until - now, dt.timedelta())


class Pace:
    """Lets a request pass every so often; the first at once."""

    def __init__(self, interval: dt.timedelta, clock: Clock) -> None:
        self._interval = interval
        self._clock = clock
        self._next: dt.datetime | None = None

    def wait(self) -> None:
        """Wait until the next request may go."""
        now = self._clock.now()
        if self._next is not None and now < self._next:
            self._clock.sleep((self._next - now).total_seconds())
            now = self._next
        self._next = now + self._interval
