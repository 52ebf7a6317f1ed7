"""Who is a member of what, as bits: bit *i* of a row is the object with `object_index` *i*.

A row is a vector of unsigned 64-bit words, as long as its largest member needs; what lies behind its
end is nobody. 300 rows of 10 million objects are 375 MB at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from segmentation_pipeline.segments.published import Memberships

    Row = npt.NDArray[np.uint64]
    Bits = Mapping[str, Row]

WORD = 64
_COLUMNS = 1024
"""Words of a row that are counted together: what a block of rows takes fits the processor's cache."""
_FIRST_LOOK = 64


def read_bits(memberships: Memberships, segments: Iterable[str]) -> dict[str, Row]:
    """Return the published members of segments; the lake is read one segment at a time."""
    return {
        name: row_of(memberships.scan(name).select(OBJECT_INDEX).collect().to_series().to_numpy())
        for name in segments
    }


def row_of(indexes: npt.NDArray[np.integer] | Sequence[int]) -> Row:
    """Return objects, in any order, as a row.

    >>> row_of([65, 0, 1]).tolist()
    [3, 2]
    """
    ids = np.asarray(indexes, dtype=np.int64)
    words = int(ids.max()) // WORD + 1 if ids.size else 0
    flags = np.zeros(words * WORD, dtype=np.bool_)
    flags[ids] = True
    return np.packbits(flags, bitorder="little").view(np.uint64)


def indexes_of(row: Row) -> npt.NDArray[np.int64]:
    """Return the objects of a row, ascending.

    >>> indexes_of(row_of([65, 0, 1])).tolist()
    [0, 1, 65]
    """
    return np.flatnonzero(np.unpackbits(row.view(np.uint8), bitorder="little"))


def count(row: Row) -> int:
    """Return how many objects a row has."""
    return int(np.bitwise_count(row).sum(dtype=np.int64))


def both(one: Row, other: Row) -> Row:
    """Return the objects of both rows."""
    words = min(one.size, other.size)
    return one[:words] & other[:words]


def either(one: Row, other: Row) -> Row:
    """Return the objects of any of two rows."""
    longer, shorter = (one, other) if one.size >= other.size else (other, one)
    merged = longer.copy()
    merged[: shorter.size] |= shorter
    return merged


def without(row: Row, others: Row) -> Row:
    """Return the objects of a row that another one lacks."""
    left = row.copy()
    words = min(row.size, others.size)
    left[:words] &= ~others[:words]
    return left


def first_of_both(one: Row, other: Row, left_out: Row) -> int | None:
    """Return the smallest object of both rows that is not left out, if there is any."""
    end = min(one.size, other.size)
    start, words = 0, _FIRST_LOOK
    while start < end:
        stop = min(start + words, end)
        common = without(both(one[start:stop], other[start:stop]), left_out[start:stop])
        hits = np.flatnonzero(common)
        if hits.size:
            word = int(common[hits[0]])
            return (start + int(hits[0])) * WORD + (word & -word).bit_length() - 1
        start, words = stop, words * 4
    return None


def count_pairs(rows: Sequence[Row]) -> npt.NDArray[np.int64]:
    """Return, for every two rows, how many objects they share; a row's own number on the diagonal.

    Symmetric, one line and one column a row. Takes time by the square of the rows.
    """
    total = len(rows)
    shared = np.zeros((total, total), dtype=np.int64)
    common = np.empty((total, _COLUMNS), dtype=np.uint64)
    counts = np.empty((total, _COLUMNS), dtype=np.uint8)
    for start in range(0, max((row.size for row in rows), default=0), _COLUMNS):
        block = np.zeros((total, _COLUMNS), dtype=np.uint64)
        for line, row in enumerate(rows):
            part = row[start : start + _COLUMNS]
            block[line, : part.size] = part
        for line in range(total):
            if not block[line].any():
                continue
            np.bitwise_and(block[line:], block[line], out=common[line:])
            np.bitwise_count(common[line:], out=counts[line:])
            shared[line, line:] += counts[line:].sum(axis=1, dtype=np.uint32)
    return shared + np.triu(shared, 1).T
