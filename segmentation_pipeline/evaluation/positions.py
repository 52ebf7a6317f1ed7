"""Dense positions of a bucket: ``object_index`` less the bucket's start, holes included.

Masks and features are aligned by position, so they are combined without a single join.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.index.coding import BUCKET, BUCKET_COLUMN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.index.coding import Coded

POSITION = "bucket:position"
STEP = 1 << 20
"""How many positions are turned into ids at once."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A range of ``object_index``, the end left out: the unit of memory, parallelism and retries."""

    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start

    @property
    def position(self) -> pl.Expr:
        return (pl.col(OBJECT_INDEX).cast(pl.Int64) - self.start).alias(POSITION)

    def rows(self, stored: Coded) -> pl.LazyFrame:
        """Return the rows of this bucket's objects, reading only the files that may hold some."""
        here = [pl.col(OBJECT_INDEX).is_between(self.start, self.end, closed="left")]
        # A catalog's integers have 64 bits: a field that happens to be called so is none of ours.
        if stored.rows.collect_schema().get(BUCKET_COLUMN) == pl.Int16:
            here.insert(0, pl.col(BUCKET_COLUMN).is_between(self.start // BUCKET, (self.end - 1) // BUCKET))
        return stored.rows.filter(*here)

    def values(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Return those rows of decoded values that belong to this bucket's objects."""
        return rows.filter(pl.col(OBJECT_INDEX).is_between(self.start, self.end, closed="left"))

    def mask(self, ids: pl.Series) -> pl.Series:
        """Return sorted ids as a mask of this bucket."""
        first, after = (int(ids.search_sorted(edge, side="left")) for edge in (self.start, self.end))
        return as_mask(ids.slice(first, after - first) - self.start, self.size)

    def spread(self, frame: pl.DataFrame, fill: object = None) -> pl.DataFrame:
        """Return rows by `POSITION`, each position once, as dense rows; ``fill`` stands in the holes."""
        columns = frame.drop(POSITION)
        if frame.height == self.size and frame[POSITION].is_sorted():
            return columns
        if frame.height == self.size:
            return frame.sort(POSITION).drop(POSITION)
        every = pl.DataFrame({POSITION: pl.int_range(self.size, dtype=pl.Int64, eager=True)})
        joined = every.join(frame, on=POSITION, how="left", maintain_order="left").drop(POSITION)
        return joined if fill is None else joined.with_columns(pl.all().fill_null(fill))


def buckets(objects: int, size: int = BUCKET) -> list[Bucket]:
    """Return the ranges that cover ``object_index`` 0 … ``objects`` − 1."""
    return [Bucket(start, min(start + size, objects)) for start in range(0, objects, size)]


def as_mask(ids: pl.Series, size: int) -> pl.Series:
    """Return ids as a mask of ``size`` positions; those beyond it belong to no object."""
    held = np.zeros(size, dtype=bool)
    held[ids.filter(ids < size).to_numpy()] = True
    return pl.Series(held)


def as_ids(mask: pl.Series) -> pl.Series:
    """Return the positions where a mask is true, sorted, as ``object_index``."""
    return pl.concat([_none(), *ids_in_steps(mask)])


def ids_in_steps(mask: pl.Series, start: int = 0) -> Iterator[pl.Series]:
    """Yield the positions that are set, ascending, few at a time; the first position is ``start``."""
    for at in range(0, mask.len(), STEP):
        part = mask.slice(at, STEP)
        # `arg_true` takes many times as long.
        found = _positions().slice(0, part.len()).filter(part)
        yield (found + (start + at)).alias(OBJECT_INDEX)


@cache
def _positions() -> pl.Series:
    """Return 0 to `STEP`: to count once costs 8 MB, to count for every mask most of the time."""
    return pl.int_range(STEP, dtype=pl.Int64, eager=True)


def _none() -> pl.Series:
    return pl.Series(OBJECT_INDEX, [], dtype=pl.Int64)
