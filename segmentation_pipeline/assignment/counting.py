"""Counts over masks, without taking them apart: contacts of each segment, and by what stood in the way.

Bits are counted by carry-save addition: 31 words are added up to 5, of weights 1 to 16, in 26 full adders
of five operations each, and so on with those: less than half the work of a histogram of bytes.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.assignment.contenders import BITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segmentation_pipeline.assignment.bits import Mask

_ROWS = 31
_DIGITS = 5
_BLOCK = 1 << 11
_BYTES = BITS // 8
_OF_BYTE = (np.arange(256)[:, None] >> np.arange(8) & 1).astype(np.int64)


def segment_counts(masks: Sequence[Mask], segments: int) -> NDArray[np.int64]:
    """Return for each mask the contacts that have the bit of each rank, shape (masks, segments).

    Many masks of the same shape are counted faster together; one without any bit costs next to nothing.
    """
    words = [bits for mask in masks for bits in mask]
    found = np.zeros((len(words), BITS), dtype=np.int64)
    filled = [number for number, bits in enumerate(words) if bits.any()]
    if filled:
        found[filled] = _counts([words[number] for number in filled])
    return found.reshape(len(masks), -1)[:, :segments] if masks else np.zeros((0, segments), dtype=np.int64)


def _counts(words: list[NDArray[np.uint64]]) -> NDArray[np.int64]:
    """Return the count of every bit of each array, shape (arrays, 64)."""
    width = len(words[0]) // _ROWS
    if not width:
        return _spread(np.stack(words))
    digits = np.empty((len(words), _DIGITS, width), dtype=np.uint64)
    for bits, found in zip(words, digits, strict=True):
        parts = bits[: width * _ROWS].reshape(_ROWS, width)
        # 31 pieces of a block stay in the cache while they are added.
        for start in range(0, width, _BLOCK):
            found[:, start : start + _BLOCK] = _digits(parts[:, start : start + _BLOCK])
    return _weighed(digits) + _spread(np.stack([bits[width * _ROWS :] for bits in words]))


def _bit_counts(bits: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the count of every bit in each row, shape (rows, 64)."""
    rows, length = bits.shape
    width = length // _ROWS
    if not width:
        return _spread(bits)
    parts = bits[:, : width * _ROWS].reshape(rows, _ROWS, width).transpose(1, 0, 2)
    return _weighed(_digits(parts).transpose(1, 0, 2)) + _spread(bits[:, width * _ROWS :])


def _weighed(digits: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the counts that binary digits stand for; shape (rows, digits, any) to (rows, 64)."""
    rows, _, width = digits.shape
    counts = _bit_counts(digits.reshape(rows * _DIGITS, width)).reshape(rows, _DIGITS, BITS)
    weighed: NDArray[np.int64] = (counts << np.arange(_DIGITS)[:, None]).sum(axis=1)
    return weighed


def _digits(parts: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the binary digits of the sum of 31 arrays, bit for bit, the lowest first."""
    adding = list(parts)
    digits = []
    while adding:
        carries = []
        while len(adding) > 1:
            first, second, third = adding.pop(), adding.pop(), adding.pop()
            either = first ^ second
            carries.append((first & second) | (either & third))
            adding.append(either ^ third)
        digits.append(adding[0])
        adding = carries
    return np.stack(digits)


def _spread(bits: NDArray[np.uint64]) -> NDArray[np.int64]:
    octets = np.ascontiguousarray(bits).astype("<u8", copy=False).view(np.uint8)
    each = np.unpackbits(octets, axis=1, bitorder="little").reshape(len(bits), -1, BITS)
    counts: NDArray[np.int64] = each.sum(axis=1, dtype=np.int64)
    return counts


def block_counts(mask: Mask, sources: NDArray[np.integer], segments: int, known: int) -> NDArray[np.int64]:
    """Return how many bits of each rank stand at contacts of each source, shape (segments, known + 1).

    ``sources`` has one number a contact, -1 for none: those are the last column.
    """
    found = np.zeros((len(mask) * BITS, known + 1), dtype=np.int64)
    column = np.where(sources < 0, known, sources).astype(np.int64) << 8
    for word, bits in enumerate(mask):
        octets = np.ascontiguousarray(bits).view(np.uint8).reshape(-1, _BYTES)
        there = int(np.bitwise_or.reduce(bits)) if len(bits) else 0
        for place in range(_BYTES):
            if not there >> 8 * place & 0xFF:
                continue
            octet = octets[:, place if sys.byteorder == "little" else _BYTES - 1 - place]
            tally = np.bincount(column + octet, minlength=(known + 1) << 8).reshape(known + 1, 256)
            start = word * BITS + place * 8
            found[start : start + 8] += (tally @ _OF_BYTE).T
    return found[:segments]
