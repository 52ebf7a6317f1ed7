"""Rows on their way into a part of the index: coded as they come, put aside by bucket, recoded at the end.

Which text is few enough to be coded is known only after the last row. Until then a column has
codes in order of appearance; at the end they become those of the sorted dictionary, or text again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.index.coding import BUCKET, BUCKET_COLUMN, Bits, Codes, Units
from segmentation_pipeline.index.encoding import MOST_BITS, MOST_CODES, bits, distinct, few, fits
from segmentation_pipeline.index.growing import Growing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from segmentation_pipeline.index.coding import Coding
    from segmentation_pipeline.index.scratch import Scratch

_UNBOUNDED = (1 << 31) - 1


class OutgrownError(Exception):
    """Rows do not fit the codings that a part has; it must be built anew."""


class Pieces:
    """Frames of values with ``object_index``; ``plain`` columns stay text, ``always`` ones are coded.

    ``schema`` is that of the values. With ``known`` codings these only grow at their ends, and
    `OutgrownError` is raised where they cannot.
    """

    def __init__(
        self,
        schema: pl.Schema,
        scratch: Scratch,
        *,
        plain: Collection[str] = (),
        always: Collection[str] = (),
        known: Mapping[str, Coding] | None = None,
    ) -> None:
        self.rows = 0
        self.schema = schema
        self._scratch = scratch
        self._known = known
        self._always = always
        self._texts: dict[str, Growing] = {}
        self._elements: dict[str, Growing] = {}
        self._units: dict[str, int] = {}
        self._final: dict[str, Coding] | None = None
        for name, dtype in schema.items():
            if known is not None:
                self._take_up(name, known.get(name))
            elif name not in plain:
                self._begin(name, dtype)

    def add(self, frame: pl.DataFrame, words: Mapping[str, pl.Series] | None = None) -> None:
        """Take rows. A column named in ``words`` has positions in that series instead of text."""
        words = words or {}
        columns = [self._noted(column, words.get(column.name)) for column in frame.iter_columns()]
        self.rows += frame.height
        coded = pl.DataFrame(columns).with_columns(pl.col(OBJECT_INDEX).cast(pl.Int32))
        buckets = (coded[OBJECT_INDEX] // BUCKET).cast(pl.Int16).alias(BUCKET_COLUMN)
        if buckets.min() == buckets.max():
            if coded.height:
                self._scratch.put(int(buckets[0]), coded)
            return
        split = coded.with_columns(buckets).partition_by(BUCKET_COLUMN, as_dict=True, include_key=False)
        for (number,), part in split.items():
            self._scratch.put(int(str(number)), part)

    def is_coded(self, name: str) -> bool:
        """Whether text is still coded; what is no longer is better read as text."""
        return name in self._texts and not self._texts[name].closed

    def codings(self) -> dict[str, Coding]:
        """Return how the rows are coded, now that there are no more."""
        if self._final is None:
            self._final = self._chosen() if self._known is None else self._grown(self._known)
        return self._final

    def buckets(self, rows: int) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield the rows of every bucket as they are stored, in no order, about ``rows`` at a time."""
        for bucket in self._scratch.buckets():
            held: list[pl.DataFrame] = []
            for part in self._scratch.take(bucket):
                if held and sum(frame.height for frame in held) + part.height > rows:
                    yield bucket, pl.concat(held)
                    held = []
                held.append(self._stored(part))
            yield bucket, pl.concat(held)

    def _begin(self, name: str, dtype: pl.DataType) -> None:
        if dtype == pl.String:
            self._texts[name] = Growing(_UNBOUNDED if name in self._always else MOST_CODES)
        elif dtype == pl.List(pl.String):
            self._elements[name] = Growing(MOST_BITS)
        elif isinstance(dtype, pl.Decimal):
            self._units[name] = dtype.scale

    def _take_up(self, name: str, coding: Coding | None) -> None:
        match coding:
            case Codes(values):
                self._texts[name] = Growing(coding.most, values)
            case Bits(values, _):
                self._elements[name] = Growing(coding.most, values)
            case Units(scale):
                self._units[name] = scale

    def _noted(self, column: pl.Series, words: pl.Series | None) -> pl.Series:
        """Return a column as it is put aside, and remember what decides its coding."""
        name, fitting = column.name, True
        if name in self._texts:
            if (codes := self._texts[name].code(column, words)) is not None:
                return codes
            fitting = False
        elif name in self._elements:
            fitting = self._elements[name].admit(distinct(column))
        elif name in self._units and not fits(column):
            del self._units[name]
            fitting = False
        if not fitting and self._known is not None:
            raise OutgrownError(name)
        return column if words is None else words.gather(column).alias(name)

    def _chosen(self) -> dict[str, Coding]:
        chosen: dict[str, Coding] = {name: Units(scale) for name, scale in self._units.items()}
        for name, found in self._texts.items():
            if name in self._always or (not found.closed and few(len(found), self.rows)):
                chosen[name] = Codes(found.values().sort())
        chosen |= {
            name: bits(found.values().sort()) for name, found in self._elements.items() if not found.closed
        }
        return chosen

    def _grown(self, known: Mapping[str, Coding]) -> dict[str, Coding]:
        grown = dict(known)
        for name, coding in known.items():
            if isinstance(coding, Codes):
                grown[name] = Codes(self._texts[name].values())
            elif isinstance(coding, Bits):
                grown[name] = Bits(self._elements[name].values(), coding.words)
        return grown

    def _stored(self, part: pl.DataFrame) -> pl.DataFrame:
        codings = self.codings()
        columns: list[pl.Expr | pl.Series] = []
        for name, dtype in part.schema.items():
            coding = codings.get(name)
            if name in self._texts and dtype == pl.Int32:
                columns.append(self._settled(part[name], coding))
            else:
                columns += coding.encode(name) if coding is not None else [pl.col(name)]
        return part.select(columns)

    def _settled(self, appeared: pl.Series, coding: Coding | None) -> pl.Series:
        """Turn numbers by appearance into the codes of the dictionary, or into text if there is none."""
        values = self._texts[appeared.name].values()
        if isinstance(coding, Codes):
            places = pl.Series([0], dtype=coding.dtype)
            if len(values):
                ranks = (
                    values.rank("ordinal") if self._known is None else pl.Series(range(1, len(values) + 1))
                )
                places = pl.concat([places, ranks.cast(coding.dtype)])
            return places.gather(appeared).alias(appeared.name)
        texts = pl.concat([pl.Series([None], dtype=pl.String), values])
        return texts.gather(appeared).alias(appeared.name)
