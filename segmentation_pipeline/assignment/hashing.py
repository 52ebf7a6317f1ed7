"""The hash that draws lots: the same on every machine and in every release.

It is splitmix64 (Steele, Lea, Flood 2014) of the lake's dense contact key and a number made of a salt.
It maps different keys to different numbers, so an order by it has no ties.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_SHARES = 10_000
CAPACITY_SALT = "capacity"


def splitmix64(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the hash of each number.

    >>> hex(int(splitmix64(np.array([0], dtype=np.uint64))[0]))
    '0xe220a8397b1dcdaf'
    """
    mixed = numbers + _STEP
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    return mixed ^ (mixed >> np.uint64(31))


def salt_number(salt: str) -> int:
    """Return the first 8 bytes of the SHA-256 of a salt, the lowest first, as a number."""
    return int.from_bytes(hashlib.sha256(salt.encode()).digest()[:8], "little")


def salted(contacts: NDArray[np.int64], salt: str) -> NDArray[np.uint64]:
    """Return the hash of every contact under a salt."""
    return splitmix64(contacts.astype(np.uint64) ^ np.uint64(salt_number(salt)))


def sampled(contacts: NDArray[np.int64], percent: float, salt: str) -> NDArray[np.bool_]:
    """Return which contacts a share of ``percent``, to two decimals, holds under a salt."""
    return salted(contacts, salt) % np.uint64(_SHARES) < np.uint64(round(percent * 100))


def capacity_order(contacts: NDArray[np.int64], day: dt.date) -> NDArray[np.uint64]:
    """Return where each contact stands in the queue for what room a day has: the lowest come first."""
    today = splitmix64(np.array([day.toordinal()], dtype=np.uint64))[0]
    return splitmix64(contacts.astype(np.uint64) ^ today ^ np.uint64(salt_number(CAPACITY_SALT)))
