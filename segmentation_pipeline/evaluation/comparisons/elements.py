"""What a rule may ask of a list: elements among some, and none but some. As lists, or as bits of words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Protocol

import polars as pl

from segmentation_pipeline.index.coding import WORD

if TYPE_CHECKING:
    from collections.abc import Callable

    Accepts = Callable[[pl.Expr], pl.Expr]
    """Whether an element is meant: never null."""


class Elements(Protocol):
    """The elements of one list a row; null elements are none. All but ``is_null`` is null for no list."""

    def is_null(self) -> pl.Expr: ...
    def is_empty(self) -> pl.Expr: ...
    def any(self, accepts: Accepts) -> pl.Expr: ...
    def all(self, accepts: Accepts) -> pl.Expr: ...


@dataclass(frozen=True, slots=True)
class Lists:
    """A column of lists."""

    column: pl.Expr

    def is_null(self) -> pl.Expr:
        return self.column.is_null()

    def is_empty(self) -> pl.Expr:
        return self._present.list.len() == 0

    def any(self, accepts: Accepts) -> pl.Expr:
        return self._present.list.eval(accepts(pl.element())).list.any()

    def all(self, accepts: Accepts) -> pl.Expr:
        return self._present.list.eval(accepts(pl.element())).list.all()

    @property
    def _present(self) -> pl.Expr:
        return self.column.list.drop_nulls()


@dataclass(frozen=True, slots=True)
class Words:
    """Columns of words: bit ``i`` of word ``w`` says that the list has ``values[63 * w + i]``."""

    columns: tuple[str, ...]
    values: pl.Series

    def is_null(self) -> pl.Expr:
        return pl.col(self.columns[0]).is_null()

    def is_empty(self) -> pl.Expr:
        return pl.all_horizontal([pl.col(column) == 0 for column in self.columns])

    def any(self, accepts: Accepts) -> pl.Expr:
        return pl.any_horizontal([(pl.col(name) & bits) != 0 for name, bits in self._bits(accepts)])

    def all(self, accepts: Accepts) -> pl.Expr:
        return pl.all_horizontal([(pl.col(name) & ~bits) == 0 for name, bits in self._bits(accepts)])

    def _bits(self, accepts: Accepts) -> list[tuple[str, pl.Expr]]:
        """Return every word's column and the bits of the values that are meant."""
        element = self.values.alias("element")
        accepted = element.to_frame().select(accepts(pl.col("element"))).to_series().to_list()
        words = [accepted[first : first + WORD] for first in range(0, WORD * len(self.columns), WORD)]
        return [
            (name, pl.lit(reduce(_with_bit, enumerate(word), 0), dtype=pl.Int64))
            for name, word in zip(self.columns, words, strict=True)
        ]


def _with_bit(bits: int, place: tuple[int, bool]) -> int:
    number, is_meant = place
    return bits | (is_meant << number)
