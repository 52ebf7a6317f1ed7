"""Values into codes: which columns are coded, with which dictionaries, and how these grow."""

from __future__ import annotations

import decimal
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.index.coding import BUCKET, BUCKET_COLUMN, WORD, Bits, Coded, Codes, Units

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from segmentation_pipeline.index.coding import Coding

MOST_CODES = (1 << 15) - 1
MOST_BITS = 8 * WORD
_ALWAYS = 64
_REPEATED = 8
_INT64 = (1 << 63) - 1


def few(distinct: int, rows: int) -> bool:
    """Whether text of so many distinct values is coded: it must repeat, or be a handful."""
    return distinct <= min(MOST_CODES, max(_ALWAYS, rows // _REPEATED))


def choose(values: pl.DataFrame, plain: Collection[str] = ()) -> dict[str, Coding]:
    """Return the codings that fit a whole frame of values; the columns of ``plain`` get none."""
    chosen: dict[str, Coding] = {}
    for column in values.iter_columns():
        if column.name not in plain and (coding := _choose(column)) is not None:
            chosen[column.name] = coding
    return chosen


def encode(values: pl.LazyFrame, codings: Mapping[str, Coding]) -> pl.LazyFrame:
    """Return rows as stored: coded columns, ``object_index`` in 32 bits, ``bucket``."""
    index = pl.col(OBJECT_INDEX)
    columns = [(index // BUCKET).cast(pl.Int16).alias(BUCKET_COLUMN), index.cast(pl.Int32)]
    for name in values.collect_schema():
        if name != OBJECT_INDEX:
            columns += codings[name].encode(name) if name in codings else [pl.col(name)]
    return values.select(columns)


def encode_values(values: pl.LazyFrame) -> Coded:
    """Return a frame of values coded in memory."""
    frame = values.collect()
    codings = choose(frame)
    return Coded(encode(frame.lazy(), codings).collect().lazy(), codings)


def distinct(column: pl.Series) -> pl.Series:
    """Return the distinct values of a column of text or of lists of text, sorted, without null."""
    if isinstance(column.dtype, pl.List):
        column = column.explode(empty_as_null=True)
    return column.unique().drop_nulls().sort()


def fits(column: pl.Series) -> bool:
    """Whether the minor units of a column of decimals all fit 64 bits."""
    least, most = column.min(), column.max()
    if not isinstance(least, decimal.Decimal) or not isinstance(most, decimal.Decimal):
        return True
    assert isinstance(column.dtype, pl.Decimal)
    return max(-least, most).scaleb(column.dtype.scale) <= _INT64


def bits(values: pl.Series) -> Bits:
    return Bits(values, max(1, -(-len(values) // WORD)))


def _choose(column: pl.Series) -> Coding | None:
    match column.dtype:
        case pl.String():
            values = distinct(column)
            return Codes(values) if few(len(values), len(column)) else None
        case pl.List(inner=pl.String()):
            values = distinct(column)
            return bits(values) if len(values) <= MOST_BITS else None
        case pl.Decimal(scale=scale):
            return Units(scale) if fits(column) else None
        case _:
            return None
