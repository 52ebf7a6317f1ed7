"""Dictionaries that grow while rows are read."""

from __future__ import annotations

import polars as pl

from segmentation_pipeline.index.encoding import distinct

_SAMPLE = 1 << 16


class Growing:
    """Numbers for text in order of appearance, from 1, at most ``most`` of them; after that it is closed."""

    def __init__(self, most: int, values: pl.Series | None = None) -> None:
        self.most = most
        self.closed = False
        self._numbers: dict[str, int] = {
            value: number for number, value in enumerate(values if values is not None else (), start=1)
        }

    def __len__(self) -> int:
        return len(self._numbers)

    def values(self) -> pl.Series:
        """Return the values in order of their numbers."""
        return pl.Series(list(self._numbers), dtype=pl.String)

    def admit(self, values: pl.Series) -> bool:
        """Give new values numbers; with more than there is room for, none, and the dictionary closes."""
        if not self.closed and len(values) <= self.most:
            new = [value for value in values if value not in self._numbers]
            if len(self._numbers) + len(new) <= self.most:
                for value in new:
                    self._numbers.setdefault(value, len(self._numbers) + 1)
                return True
        self.closed = True
        return False

    def code(self, column: pl.Series, words: pl.Series | None) -> pl.Series | None:
        """Return the numbers of a column of text, 0 for null; None once the dictionary is closed.

        With ``words`` the column holds positions in them instead of text.
        """
        if words is None:
            if self.closed or column.head(_SAMPLE).n_unique() > self.most + 1:
                self.closed = True
                return None
            found = distinct(column)
        else:
            found = words
        if not self.admit(found):
            return None
        codes = pl.Series([self._numbers[value] for value in found], dtype=pl.Int32)
        if codes.is_empty():
            return pl.zeros(len(column), pl.Int32, eager=True).alias(column.name)
        if words is None:
            return column.replace_strict(found, codes, default=None, return_dtype=pl.Int32).fill_null(0)
        return codes.gather(column).fill_null(0).alias(column.name)
