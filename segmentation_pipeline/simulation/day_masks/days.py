"""The days of a replay, each at its last microsecond in the policy's zone."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.rules.clock import Clock, to_day
from segmentation_pipeline.rules.moments import Day
from segmentation_pipeline.simulation.day_masks.bits import prefixes, words_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.simulation.day_masks.bits import Words

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Days:
    """Calendar days of a zone, ascending; ``ends`` are their last microseconds."""

    dates: tuple[dt.date, ...]
    zone: str
    week_starts: int
    ends: tuple[int, ...]
    until: Words = field(repr=False)
    """Shape (words, days + 1): column ``k`` is the mask of the first ``k`` days."""

    @classmethod
    def of(cls, dates: Sequence[dt.date], zone: str, week_starts: int) -> Days:
        """Raises `UsageError` for days that do not ascend, and for none."""
        if not dates:
            raise UsageError("a replay needs a day", where="days")
        if any(one >= other for one, other in itertools.pairwise(dates)):
            raise UsageError("the days of a replay must ascend", where="days")
        clock = Clock(0, zone, week_starts)
        ends = tuple(clock.extent(Day(date))[1] - 1 for date in dates)
        return cls(tuple(dates), zone, week_starts, ends, prefixes(len(dates)))

    def __len__(self) -> int:
        return len(self.dates)

    @property
    def words(self) -> int:
        return words_for(len(self))

    @property
    def numbers(self) -> tuple[int, ...]:
        """The days as numbers since 1970-01-01."""
        return tuple(to_day(date) for date in self.dates)

    @property
    def every(self) -> Words:
        """The mask of all days, shape (words, 1)."""
        return self.until[:, -1:]

    def instant(self, day: int) -> dt.datetime:
        return _EPOCH + dt.timedelta(microseconds=self.ends[day])

    def clocks(self, zone: str) -> tuple[Clock, ...]:
        """Return the clock of a zone at the end of every day."""
        return tuple(Clock(end, zone, self.week_starts) for end in self.ends)
