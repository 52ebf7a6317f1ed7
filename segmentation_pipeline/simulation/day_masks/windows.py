"""On which days an event counts: the days whose window holds it, an unbroken run of them.

As the days go by, windows open and close later and later. So an event that happened at t counts from
the first day that ends after it to the last whose window begins before it. All windows over one kind of
event share one list of ``edges``: the place of t among them decides what it means for each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.windows import Window
    from segmentation_pipeline.simulation.day_masks.bits import Array

_EVER = np.iinfo(np.int64).min
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Opened:
    """The half-open windows of all days: ``lows`` and ``highs`` never fall, in µs."""

    lows: Array
    highs: Array

    @property
    def edges(self) -> Array:
        return np.unique(np.concatenate([self.lows[self.lows > _EVER], self.highs]))

    @property
    def first(self) -> int:
        """Before it no event counts on any day."""
        return int(self.lows[0])

    def first_days(self, at: Array) -> Array:
        """Return the first day on which each instant counts, the number of days for none."""
        return np.searchsorted(self.highs, at, side="right")

    def after_days(self, at: Array) -> Array:
        """Return the first day on which each instant does not count any more."""
        return np.searchsorted(self.lows, at, side="right")


def opened(windows: tuple[Window | None, ...], clocks: tuple[Clock, ...]) -> Opened | None:
    """Return what lies in all of some windows on each day, up to its end; None where one falls back.

    A window falls back where a day's is open to what the window of the day before had left behind.
    """
    lows, highs = [], []
    for clock in clocks:
        spans = [clock.span(window) for window in windows if window is not None]
        low = max((low for low, _ in spans if low is not None), default=_EVER)
        high = min((high for _, high in spans if high is not None), default=_NEVER)
        lows.append(low)
        highs.append(min(high, clock.as_of + 1))
    found = Opened(np.array(lows, dtype=np.int64), np.array(highs, dtype=np.int64))
    rising = bool(np.all(np.diff(found.lows) >= 0) and np.all(np.diff(found.highs) >= 0))
    return found if rising else None
