"""Contacts by position: the place of their number among those that a decision is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """All contacts there are: ``keys`` and sorted ``indexes``, and those that count as another.

    ``merged`` are the sorted numbers of merged contacts, ``primaries`` the numbers that they count as.
    """

    keys: pl.Series
    indexes: NDArray[np.int64]
    merged: NDArray[np.int64]
    primaries: NDArray[np.int64]

    @classmethod
    def of(cls, numbers: pl.DataFrame) -> People:
        """Return the contacts of `contact_numbers`."""
        own = numbers.filter(pl.col("own") == pl.col(OBJECT_INDEX)).sort(OBJECT_INDEX)
        moved = moved_numbers(numbers).sort("own")
        return cls(
            own["key"].cast(pl.String),
            own[OBJECT_INDEX].to_numpy(),
            moved["own"].to_numpy(),
            moved[OBJECT_INDEX].to_numpy(),
        )

    def counted(self, indexes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the numbers that contacts count as, and which of them are there at all.

        Primaries may come twice then; those that are not there are left out of the numbers.
        """
        found = indexes
        if self.merged.size:
            places, merged = positions_of(self.merged, indexes)
            found = indexes.copy()
            found[merged] = self.primaries[places]
        there = positions_of(self.indexes, found)[1]
        return found[there], there

    def among(self, several: Iterable[NDArray[np.int64]]) -> NDArray[np.int64]:
        """Return, sorted, the numbers that stand in any of several arrays; each must be one of these."""
        mark = np.zeros(self.indexes.size, dtype=np.bool_)
        for one in several:
            mark[positions_of(self.indexes, one)[0]] = True
        return self.indexes[mark]

    def keys_of(self, indexes: NDArray[np.int64]) -> pl.Series:
        return self.keys.gather(positions_of(self.indexes, indexes)[0])


def moved_numbers(numbers: pl.DataFrame) -> pl.DataFrame:
    """Return ``own`` and ``object_index`` of the contacts that count as another."""
    return numbers.filter(pl.col("own") != pl.col(OBJECT_INDEX)).select("own", OBJECT_INDEX)


def positions_of(
    among: NDArray[np.int64], indexes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the positions in ``among``, sorted, of those indexes that it has; and which these are."""
    places = np.searchsorted(among, indexes)
    known = places < among.size
    known[known] = among[places[known]] == indexes[known]
    return places[known], known
