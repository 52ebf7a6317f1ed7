"""Random choices that come out the same everywhere: only `random.random` is taken from the library.

Its sequence for a seed is promised to stay; that of the other methods is not.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

Item = TypeVar("Item")


class Draws:
    """A stream of draws from one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 — sample data, no secrets

    def unit(self) -> float:
        return self._random.random()

    def chance(self, probability: float) -> bool:
        return self.unit() < probability

    def between(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both included."""
        return low + int(self.unit() * (high - low + 1))

    def one_of(self, items: Sequence[Item]) -> Item:
        return items[int(self.unit() * len(items))]

    def weighted(self, items: Sequence[tuple[Item, float]]) -> Item:
        left = self.unit() * sum(weight for _, weight in items)
        for item, weight in items:
            left -= weight
            if left < 0:
                return item
        return items[-1][0]

    def some(self, mean: float) -> int:
        """Return a skewed count: mostly few, now and then many (geometric)."""
        return int(math.log(1 - self.unit()) / math.log(mean / (1 + mean))) if mean > 0 else 0

    def waiting(self, mean: float) -> float:
        """Return an exponential waiting time."""
        return -mean * math.log(1 - self.unit())
