"""Members as bits: position is ``object_index``. What changed between two runs is an XOR of two masks."""

from __future__ import annotations

import numpy as np
import polars as pl

from segmentation_pipeline.errors import RunFailed


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


def count(mask: pl.Series) -> int:
    return int(mask.sum())


def _extended(mask: pl.Series, length: int) -> pl.Series:
    return mask.extend_constant(value=False, n=length - mask.len()) if mask.len() < length else mask
