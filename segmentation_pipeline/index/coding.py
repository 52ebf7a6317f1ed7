"""How a stored column differs from the value that rules see: codes for text, bits for lists, units for money.

A predicate on text is asked of the dictionary, once a distinct value, and becomes a comparison of
small integers. Whoever needs the value itself reads `Coded.values`, which decodes only what is used.
"""

from __future__ import annotations

import decimal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX

if TYPE_CHECKING:
    from collections.abc import Mapping

BUCKET_COLUMN = "bucket"
BUCKET = 1 << 18
"""Objects of one bucket of the stored index: ``bucket`` is ``object_index // BUCKET``."""
WORD = 63
"""Bits of a word: the sign is left alone."""
_NARROW = (1 << 15) - 1
_WIDE = (1 << 31) - 1
_SLICE_ROWS = 1 << 17


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Text as numbers, never null: 0 is null, ``i`` is ``values[i - 1]``.

    Values are sorted when everything is built; later ones are appended.
    """

    values: pl.Series

    @property
    def dtype(self) -> pl.DataType:
        return pl.Int16() if len(self.values) <= _NARROW else pl.Int32()

    @property
    def most(self) -> int:
        """How many values the stored column has room for."""
        return _NARROW if self.dtype == pl.Int16 else _WIDE

    def columns(self, name: str) -> tuple[str, ...]:
        return (name,)

    def encode(self, name: str) -> list[pl.Expr]:
        """Return the stored column; a value that is not in the dictionary raises a Polars error."""
        if self.values.is_empty():
            return [
                pl.col(name).is_not_null().replace_strict({False: 0}, return_dtype=self.dtype).alias(name)
            ]
        numbers = pl.Series(range(1, len(self.values) + 1), dtype=self.dtype)
        return [
            pl.col(name)
            .replace_strict(_with_null(self.values), _with_zero(numbers), return_dtype=self.dtype)
            .alias(name)
        ]

    def decode(self, name: str) -> pl.Expr:
        numbers = pl.Series(range(1, len(self.values) + 1), dtype=self.dtype)
        column = pl.col(name).cast(self.dtype)
        return column.replace_strict(numbers, self.values, default=None, return_dtype=pl.String).alias(name)


@dataclass(frozen=True, slots=True, eq=False)
class Bits:
    """A list of text as bit sets in columns ``name``, ``name:1``, …; null where the list is null.

    Bit ``i`` of word ``w`` is set where the list has ``values[63 * w + i]``.
    """

    values: pl.Series
    words: int

    @property
    def most(self) -> int:
        """How many values the stored columns have room for."""
        return WORD * self.words

    def columns(self, name: str) -> tuple[str, ...]:
        return (name, *(f"{name}:{word}" for word in range(1, self.words)))

    def encode(self, name: str) -> list[pl.Expr]:
        """Return the stored columns; a value that is not in the dictionary is left out."""
        return [
            pl.col(name).list.eval(self._bits(word)).list.sum().alias(column)
            for word, column in enumerate(self.columns(name))
        ]

    def decode(self, name: str) -> pl.Expr:
        """Return the lists, each sorted and without repetition."""
        words = pl.struct(pl.col(column).cast(pl.Int64) for column in self.columns(name))
        kind = pl.List(pl.String())
        return words.map_batches(self._lists, return_dtype=kind, is_elementwise=True).alias(name)

    def _bits(self, word: int) -> pl.Expr:
        values = self.values.slice(WORD * word, WORD)
        bits = pl.Series([1 << bit for bit in range(len(values))], dtype=pl.Int64)
        return pl.element().replace_strict(values, bits, default=0, return_dtype=pl.Int64)

    def _lists(self, words: pl.Series) -> pl.Series:
        if words.is_empty():
            return pl.Series(words.name, [], dtype=pl.List(pl.String))
        parts = [self._slice(words.slice(first, _SLICE_ROWS)) for first in range(0, len(words), _SLICE_ROWS)]
        return pl.concat(parts).alias(words.name)

    def _slice(self, words: pl.Series) -> pl.Series:
        frame = words.struct.unnest()
        missing = frame.to_series(0).is_null().to_numpy()
        order = self.values.arg_sort()
        shifts = np.arange(WORD)
        held = [((column.fill_null(0).to_numpy()[:, None] >> shifts) & 1).astype(bool) for column in frame]
        rows, places = np.nonzero(np.hstack(held)[:, order.to_numpy()])
        offsets = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(words)))]).astype(np.int64)
        flat = self.values.sort().gather(places).to_arrow()
        lists = pa.LargeListArray.from_arrays(offsets, flat.cast(pa.large_string()))
        return (
            pl.Series(lists)
            .to_frame("list")
            .select(pl.when(~pl.Series(missing)).then(pl.col("list")))
            .to_series()
        )


@dataclass(frozen=True, slots=True)
class Units:
    """A decimal of ``scale`` digits as whole minor units in 64 bits; null stays null."""

    scale: int

    def columns(self, name: str) -> tuple[str, ...]:
        return (name,)

    def encode(self, name: str) -> list[pl.Expr]:
        """Return the stored column; a value that does not fit raises a Polars error."""
        return [pl.col(name).cast(pl.Decimal(38, self.scale)).to_physical().cast(pl.Int64).alias(name)]

    def decode(self, name: str) -> pl.Expr:
        unit = pl.lit(decimal.Decimal(1).scaleb(-self.scale)).cast(pl.Decimal(38, self.scale))
        return (pl.col(name).cast(pl.Decimal(38, 0)) * unit).alias(name)


Coding = Codes | Bits | Units


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """Rows as stored, and how their columns are coded; a column without a coding holds its values.

    ``object_index`` is an integer of 32 or 64 bits. Rows that lie in the lake also have ``bucket``,
    by which ``rows.filter(pl.col("bucket") == 3)`` reads only the files of that bucket.
    """

    rows: pl.LazyFrame
    codings: Mapping[str, Coding] = field(default_factory=dict)

    def values(self) -> pl.LazyFrame:
        """Return the rows as rules see them, ``object_index`` in 64 bits, ``bucket`` left out.

        Each column is decoded by itself, so that a projection reads only what it uses.
        """
        hidden = {BUCKET_COLUMN}
        for name, coding in self.codings.items():
            hidden |= set(coding.columns(name)[1:])
        names = [name for name in self.rows.collect_schema() if name not in hidden]
        return self.rows.select(self._value(name) for name in names)

    def _value(self, name: str) -> pl.Expr:
        if name == OBJECT_INDEX:
            return pl.col(name).cast(pl.Int64)
        coding = self.codings.get(name)
        return pl.col(name) if coding is None else coding.decode(name)


def _with_null(values: pl.Series) -> pl.Series:
    return pl.concat([pl.Series([None], dtype=pl.String), values.rename("")])


def _with_zero(numbers: pl.Series) -> pl.Series:
    return pl.concat([pl.Series([0], dtype=numbers.dtype), numbers])
