"""Operations on masks of shape (words, contacts): the best bit of each contact, and those around it.

The best-ranked bit is the lowest set bit of the first word that is not 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.assignment.contenders import BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

Mask = np.ndarray[tuple[int, int], np.dtype[np.uint64]]
_ONE = np.uint64(1)
_NONE = np.uint64(0)
_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


def bit_of(ranks: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return the word of each rank and its bit in there."""
    return ranks // BITS, _ONE << (ranks % BITS).astype(np.uint64)


def any_bit(mask: Mask) -> NDArray[np.bool_]:
    """Return which contacts have a bit at all."""
    some: NDArray[np.bool_] = (mask[0] if len(mask) == 1 else np.bitwise_or.reduce(mask, axis=0)) != 0
    return some


def best(mask: Mask) -> Mask:
    """Return the best-ranked bit of each contact; nothing where it has none."""
    found = mask & (~mask + _ONE)
    taken = mask[0] != 0
    for word in range(1, len(mask)):
        found[word][taken] = _NONE
        taken |= mask[word] != 0
    return found


def ranks_of(single: Mask) -> NDArray[np.int64]:
    """Return the rank of the one bit that each contact has, -1 where it has none."""
    found = np.full(single.shape[1], -1, dtype=np.int64)
    for word, bits in enumerate(single):
        there = np.bitwise_count(bits - _ONE).astype(np.int64)  # 64 where there is no bit
        found = np.where(bits != 0, there + word * BITS, found)
    return found


def better_than(single: Mask) -> Mask:
    """Return all bits of better rank than the one that each contact has; all there are where it has none."""
    found = single - _ONE
    passed = single[0] != 0
    for word in range(1, len(single)):
        found[word][passed] = _NONE
        passed |= single[word] != 0
    return found


def with_bits(words: int, contacts: int, at: NDArray[np.int64], ranks: NDArray[np.int64]) -> Mask:
    """Return a mask with one bit at each of some contacts, each of which stands in ``at`` once."""
    mask: Mask = np.zeros((words, contacts), dtype=np.uint64)
    word, bit = bit_of(ranks)
    mask[word, at] = bit
    return mask
