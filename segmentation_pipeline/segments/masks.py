"""Members as bits: position is ``object_index``. What changed between two runs is an XOR of two masks."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.index.build import OBJECT_INDEX

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP = 1 << 20
"""How many objects are turned into rows at once."""


def mask_of(indexes: pl.Series, length: int) -> pl.Series:
    """Return the mask of at least ``length`` bits in which ``indexes`` are set, in any order.

    Raises `RunFailed` for an index that stands there twice, or for none.
    """
    if indexes.null_count():
        raise RunFailed("a member has no index", where="segment_memberships")
    last = indexes.max()
    assert last is None or isinstance(last, int)
    marked = np.zeros(max(length, 0 if last is None else last + 1), dtype=np.bool_)
    marked[indexes.to_numpy()] = True
    if int(np.count_nonzero(marked)) != indexes.len():
        raise RunFailed("an object is a member twice", where="segment_memberships")
    return pl.Series(marked)


def aligned(first: pl.Series, second: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return two masks at the length of the longer one: objects come, and the last may go."""
    length = max(first.len(), second.len())
    return _extended(first, length), _extended(second, length)


def indexes_of(mask: pl.Series, start: int = 0) -> Iterator[pl.Series]:
    """Yield the positions that are set, ascending, few at a time; the first position is ``start``."""
    for at in range(0, mask.len(), STEP):
        part = mask.slice(at, STEP)
        # `arg_true` takes many times as long.
        found = _positions().slice(0, part.len()).filter(part)
        yield (found + (start + at)).alias(OBJECT_INDEX)


@cache
def _positions() -> pl.Series:
    """Return 0 to `STEP`: to count once costs 8 MB, to count for every mask most of the time."""
    return pl.int_range(STEP, eager=True)


def count(mask: pl.Series) -> int:
    return int(mask.sum())


def _extended(mask: pl.Series, length: int) -> pl.Series:
    return mask.extend_constant(value=False, n=length - mask.len()) if mask.len() < length else mask
