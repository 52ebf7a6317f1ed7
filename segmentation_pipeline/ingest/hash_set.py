"""A set of 64-bit hashes that grows with an import: what is not in it has certainly not been seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]


class HashSet:
    """A growing set of 64-bit hashes, 8 bytes each.

    Kept in sorted parts of which each is at least twice as long as the next, so that a long import
    is not sorted anew at every batch.
    """

    def __init__(self) -> None:
        self._parts: list[Hashes] = []

    def add(self, hashes: Hashes) -> None:
        part = np.sort(hashes)
        while self._parts and len(self._parts[-1]) < 2 * len(part):
            part = np.sort(np.concatenate([self._parts.pop(), part]))
        self._parts.append(part)

    def common(self, hashes: Hashes) -> Hashes:
        """Return those of ``hashes`` that are in the set, in ascending order."""
        wanted = np.sort(hashes)
        found = [wanted[:0]]
        for part in self._parts:
            if len(part):
                places = np.minimum(np.searchsorted(part, wanted), len(part) - 1)
                found.append(wanted[part[places] == wanted])
        return np.unique(np.concatenate(found))
