"""Masks of days: bit ``d % 64`` of word ``d // 64`` is the ``d``-th day. Arrays have shape (words, n)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Array = np.ndarray[Any, np.dtype[Any]]
    Words = np.ndarray[Any, np.dtype[np.uint64]]

WORD = 64
_U = np.uint64
_LANES = 1 << 10
"""So many contacts are turned round at once: 64 words of each fit the cache."""


def words_for(days: int) -> int:
    return max(1, -(-days // WORD))


def packed(truths: Array) -> Words:
    """Return booleans of shape (days, n) as words of shape (words, n)."""
    days, width = truths.shape
    words = np.zeros((words_for(days), width), dtype=_U)
    for day in range(days):
        words[day // WORD] |= truths[day].astype(_U) << _U(day % WORD)
    return words


def prefixes(days: int) -> Words:
    """Return words of shape (words, days + 1): column ``k`` holds the first ``k`` days.

    >>> prefixes(3).tolist()
    [[0, 1, 3, 7]]
    """
    return packed(np.arange(days)[:, None] < np.arange(days + 1)[None, :])


def add_day(words: Words, day: int, truths: Array) -> None:
    """Set a day where booleans are true."""
    words[day // WORD] |= truths.astype(_U) << _U(day % WORD)


def united(words: Words, positions: Array, size: int) -> Words:
    """Return the union of the masks of each position, shape (words, size); positions ascend."""
    found = np.zeros((len(words), size), dtype=_U)
    if len(positions):
        starts = np.flatnonzero(np.concatenate(([True], positions[1:] != positions[:-1])))
        for word, mine in enumerate(words):
            found[word, positions[starts]] = np.bitwise_or.reduceat(mine, starts)
    return found


def day_before(words: Words) -> Words:
    """Return masks moved on by one day: day ``d`` says what day ``d − 1`` said, the first says nothing."""
    moved = words << _U(1)
    moved[1:] |= words[:-1] >> _U(WORD - 1)
    return moved


def by_day(rows: Sequence[Words], days: int) -> Words:
    """Turn masks of days, one a row, into masks of rows, one a day.

    ``rows`` are arrays of shape (words, n). The result has shape (days, words of rows, n): bit ``r % 64``
    of word ``r // 64`` of day ``d`` is day ``d`` of row ``r``.
    """
    width = rows[0].shape[1] if rows else 0
    found = np.zeros((days, words_for(len(rows)), width), dtype=_U)
    block, spare = np.empty((WORD, _LANES), dtype=_U), np.empty((WORD // 2, _LANES), dtype=_U)
    for group, word in ((g, w) for g in range(words_for(len(rows))) for w in range(words_for(days))):
        mine = rows[group * WORD : (group + 1) * WORD]
        first, count = word * WORD, min(WORD, days - word * WORD)
        for start in range(0, width, _LANES):
            stop = min(start + _LANES, width)
            lanes = block[:, : stop - start]
            lanes[len(mine) :] = 0
            for number, row in enumerate(mine):
                lanes[number] = row[word, start:stop]
            _turn(lanes, spare[:, : stop - start])
            found[first : first + count, group, start:stop] = lanes[:count]
    return found


def _turn(block: Words, spare: Words) -> None:
    """Turn 64 × 64 bits of every lane round in place: halves, quarters, … are swapped across."""
    for low, high, shift, mask in _stages(block):
        swapped = spare[: low.shape[0] * low.shape[1]].reshape(low.shape)
        np.right_shift(low, shift, out=swapped)
        np.bitwise_xor(swapped, high, out=swapped)
        np.bitwise_and(swapped, mask, out=swapped)
        np.bitwise_xor(high, swapped, out=high)
        np.left_shift(swapped, shift, out=swapped)
        np.bitwise_xor(low, swapped, out=low)


def _stages(block: Words) -> Iterator[tuple[Words, Words, np.uint64, np.uint64]]:
    step = WORD // 2
    while step:
        halves = block.reshape(WORD // (2 * step), 2, step, block.shape[1])
        every = sum(((1 << step) - 1) << first for first in range(0, WORD, 2 * step))
        yield halves[:, 0], halves[:, 1], _U(step), _U(every)
        step //= 2
