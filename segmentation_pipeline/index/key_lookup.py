"""Keys to indexes, looked up many times: hashed and sorted once, where a join would hash them every time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from typing import Self


class KeyLookup:
    """Finds the index of a key among distinct keys.

    The hash only says where to look; the key found there is compared. ``of`` returns None for keys
    that are not distinct, or of which two have one hash.
    """

    def __init__(self, keys: pl.Series, indexes: pl.Series, hashes: np.ndarray, order: np.ndarray) -> None:
        self._keys, self._indexes = keys, indexes
        self._hashes, self._order = hashes, order

    @classmethod
    def of(cls, keys: pl.Series, indexes: pl.Series) -> Self | None:
        hashes = keys.hash().to_numpy()
        order = np.argsort(hashes).astype(np.uint32)
        hashes = hashes[order]
        if keys.null_count() or (hashes[1:] == hashes[:-1]).any():
            return None
        return cls(keys, indexes, hashes, order)

    def find(self, keys: pl.Series) -> pl.Series:
        """Return the index of every key, null for one that is not there."""
        if not len(self._hashes):
            return pl.Series(self._indexes.name, [None] * len(keys), dtype=self._indexes.dtype)
        asked = keys.hash().to_numpy()
        # Sorted, the search walks through memory instead of jumping about in it.
        order = np.argsort(asked)
        places = np.empty(len(asked), np.int64)
        places[order] = np.searchsorted(self._hashes, asked[order])
        found = self._order[np.minimum(places, len(self._hashes) - 1)]
        same = (self._keys.gather(found) == keys).fill_null(value=False)
        return (
            self._indexes.gather(found)
            .to_frame()
            .select(pl.when(same).then(pl.col(self._indexes.name)))
            .to_series()
        )
