"""How many contacts customers get in 1, 7 and 30 days: counted day by day, only where something happens."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.simulation.figures import WINDOWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

REACH = max(WINDOWS)
"""The days of the longest window: so far back contacts must be known."""


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """The contacts of one day: every customer once, with how many there were."""

    positions: Numbers
    times: NDArray[np.int16]

    @classmethod
    def of(cls, positions: Numbers) -> _Made:
        if positions.size < 2 or bool((positions[1:] > positions[:-1]).all()):
            return cls(positions, np.ones(positions.size, dtype=np.int16))
        found, times = np.unique(positions, return_counts=True)
        return cls(found, times.astype(np.int16))


class _Window:
    """The contacts of ``days`` days, of every customer: how many now, and how many at most so far."""

    def __init__(self, days: int, contacts: int) -> None:
        self.days = days
        self.now = np.zeros(contacts, dtype=np.int16)
        self.fullest: NDArray[np.int16] | None = None
        self.sizes = np.array([contacts], dtype=np.int64)
        self.windows = np.zeros(1, dtype=np.int64)
        self.recent: deque[_Made] = deque()

    def turn(self, made: _Made, *, counted: bool) -> None:
        """Let a day pass; ``counted`` ones are simulated."""
        self.recent.append(made)
        if len(self.recent) > self.days:
            gone = self.recent.popleft()
            self._change(gone.positions, -gone.times)
        self._change(made.positions, made.times)
        if not counted:
            return
        self.windows = added(self.windows, self.sizes)
        if self.fullest is None:
            self.fullest = self.now.copy()
        else:
            # Only the window of who is contacted today can be fuller than ever.
            mine = made.positions
            self.fullest[mine] = np.maximum(self.fullest[mine], self.now[mine])

    def _change(self, positions: Numbers, by: NDArray[np.int16]) -> None:
        if positions.size:
            before = self.now[positions]
            after = before + by
            self.now[positions] = after
            self.sizes = added(added(self.sizes, np.bincount(after)), -np.bincount(before))


class Pressure:
    """The windows of all contacts, and of each channel, of so many customers."""

    def __init__(self, channels: Sequence[str], customers: int) -> None:
        self._channels = tuple(channels)
        names: tuple[str | None, ...] = (None, *channels)
        self._windows = {(days, name): _Window(days, customers) for days in WINDOWS for name in names}

    def turn(self, positions: Numbers, channels: Numbers, *, counted: bool) -> None:
        """Let a day pass with its contacts: customers by position, and the places of their channels.

        Days come in order, those that are not ``counted`` first: they fill the windows.
        """
        made = {name: _Made.of(positions[channels == place]) for place, name in enumerate(self._channels)}
        every = _Made.of(positions)
        for (_, channel), window in self._windows.items():
            window.turn(every if channel is None else made[channel], counted=counted)

    def histograms(self) -> dict[tuple[int, str | None], tuple[Numbers, Numbers]]:
        """Return, by window and channel, customers by their fullest window, and all windows by contacts."""
        return {
            key: (np.bincount(window.now if window.fullest is None else window.fullest), window.windows)
            for key, window in self._windows.items()
        }


def added(one: Numbers, other: Numbers) -> Numbers:
    """Return the sum of two histograms of any length.

    >>> added(np.array([1, 2]), np.array([1, 0, 4])).tolist()
    [2, 2, 4]
    """
    found = np.zeros(max(len(one), len(other)), dtype=np.int64)
    found[: len(one)] += one
    found[: len(other)] += other
    return found
