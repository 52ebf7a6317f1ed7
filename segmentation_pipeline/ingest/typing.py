"""Source values as values of a field's type: one meaning, whatever file they come from.

``read_as`` gives null for what it cannot read; who called it compares with the source to tell
that from an empty value. Empty text is null for every type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING, Literal

import polars as pl

from segmentation_pipeline.catalog.types import (
    Boolean,
    Date,
    Datetime,
    Decimal,
    Enum,
    FieldType,
    Integer,
    ListOf,
    Number,
    Text,
)
from segmentation_pipeline.ingest.elements import ELEMENT, PLACE, elements, lists
from segmentation_pipeline.ingest.notation.numbers import EITHER
from segmentation_pipeline.ingest.text import as_text, composed
from segmentation_pipeline.ingest.times import days, instants

if TYPE_CHECKING:
    from segmentation_pipeline.ingest.mapping import DateOrder
    from segmentation_pipeline.ingest.notation.numbers import Mark

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
_BETWEEN = {" ": "[ \u00a0\u2009\u202f]", "'": "['\u2019]"}
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


@dataclass(frozen=True, slots=True)
class Reading:
    """How values are written where their type leaves it open."""

    time_zone: str = "UTC"
    formats: tuple[str, ...] = ()
    date_order: DateOrder | None = None
    decimal: Mark | None = None
    thousands: str | None = None
    split: str | None = None
    normalise: Literal["lower", "trim"] | None = None


@singledispatch
def read_as(kind: FieldType, column: pl.Series, how: Reading) -> pl.Series:
    """Return ``column`` with the Polars type of ``kind``; null where a value cannot be read."""
    raise TypeError(f"no way to read values as {kind}: {how} {column.dtype}")


@read_as.register(Text)
@read_as.register(Enum)
def _text(kind: Text | Enum, column: pl.Series, how: Reading) -> pl.Series:
    text = composed(as_text(column))
    if how.normalise is not None or isinstance(kind, Enum):
        text = text.str.strip_chars()
    if how.normalise == "lower":
        text = text.str.to_lowercase()
    return text.set(text == "", None) if (text == "").any() else text


@read_as.register
def _integer(kind: Integer, column: pl.Series, how: Reading) -> pl.Series:  # noqa: ARG001 - dispatched on
    if column.dtype.is_integer():
        return column.cast(pl.Int64, strict=False)
    text = _numeral(column, how).str.replace(r"\.0*$", "")
    return _where(text, r"^[+-]?\d+$").str.strip_prefix("+").cast(pl.Int64, strict=False)


@read_as.register
def _number(kind: Number, column: pl.Series, how: Reading) -> pl.Series:  # noqa: ARG001 - dispatched on
    if column.dtype.is_numeric() and not isinstance(column.dtype, pl.Decimal):
        return column.cast(pl.Float64).fill_nan(None)
    found = _where(_numeral(column, how), _NUMBER).cast(pl.Float64, strict=False)
    return found.to_frame("x").select(pl.when(pl.col("x").is_finite()).then(pl.col("x"))).to_series()


@read_as.register
def _decimal(kind: Decimal, column: pl.Series, how: Reading) -> pl.Series:
    """Exact; more digits than the scale are rounded half even. Floats go by their shortest text."""
    target = pl.Decimal(38, kind.scale)
    if column.dtype.is_integer() or isinstance(column.dtype, pl.Decimal):
        return column.cast(target, strict=False)
    return _where(_numeral(column, how), _NUMBER).cast(target, strict=False)


@read_as.register
def _boolean(kind: Boolean, column: pl.Series, how: Reading) -> pl.Series:  # noqa: ARG001 - dispatched on
    if column.dtype == pl.Boolean:
        return column
    words = as_text(column).str.strip_chars().str.to_lowercase()
    values = pl.Series([True] * len(_TRUE) + [False] * len(_FALSE))
    return words.replace_strict([*_TRUE, *_FALSE], values, default=None, return_dtype=pl.Boolean)


@read_as.register
def _date(kind: Date, column: pl.Series, how: Reading) -> pl.Series:  # noqa: ARG001 - dispatched on
    return days(column, how.time_zone, how.formats, how.date_order)


@read_as.register
def _datetime(kind: Datetime, column: pl.Series, how: Reading) -> pl.Series:  # noqa: ARG001 - dispatched on
    return instants(column, how.time_zone, how.formats, how.date_order)


@read_as.register
def _list(kind: ListOf, column: pl.Series, how: Reading) -> pl.Series:
    """Elements that are empty or repeated are left out; one that cannot be read makes the list null."""
    found = elements(column, how.split)
    typed = read_as(kind.of, found.get_column(ELEMENT), how)
    return lists(column, found.get_column(PLACE), typed)


def problem(kind: FieldType, how: Reading, value: str) -> str:
    """Return what is wrong with a value that cannot be read, to follow the value in a sentence."""
    if isinstance(kind, Integer | Number | Decimal) and how.decimal is None:
        if re.fullmatch(EITHER, value.strip()):
            return "can be read in two ways: say `decimal` in the mapping"
        if re.fullmatch(r"[+-]?\d[\d.]*,[\d.,]*", value.strip()):
            return "is not a number; for a comma in it, say `decimal` in the mapping"
    match kind:
        case Integer():
            return "is not a whole number of 64 bits"
        case Number() | Decimal():
            mark = f" with a decimal `{how.decimal}`" if how.decimal == "," else ""
            return "is not a number" + mark
        case Boolean():
            return f"is neither true ({', '.join(_TRUE)}) nor false ({', '.join(_FALSE)})"
        case Date() | Datetime():
            noun = "day" if isinstance(kind, Date) else "time"
            if how.formats:
                return f"is not a {noun} written as {' or '.join(how.formats)}"
            if how.date_order:
                return f"is not a {noun} with the {how.date_order.replace('_', ' ')}"
            return (
                f"is not a {noun} in ISO form, such as 2026-06-30"
                + ("" if isinstance(kind, Date) else "T14:00:00Z")
                + "; if it is written otherwise, say `date_order` or `format` in the mapping"
            )
        case ListOf(of=of):
            return f"has an element that {problem(of, how, value)}"
        case _:
            return f"is not {kind}"


def _numeral(column: pl.Series, how: Reading) -> pl.Series:
    """Return numbers as text with a decimal point; null for text that can be read in two ways."""
    text = as_text(column).str.strip_chars()
    if column.dtype != pl.String:
        return text
    if how.thousands is not None:
        text = _joined(text, how.thousands, how.decimal or ".")
    if how.decimal == ",":
        return _where_not(text, ".", literal=True).str.replace(",", ".", literal=True)
    if how.decimal is None and text.str.contains(".", literal=True).any():
        return _where_not(text, EITHER)
    return text


def _joined(text: pl.Series, thousands: str, decimal: str) -> pl.Series:
    """Remove what stands between thousands, from numbers that have it in its places."""
    marks = _BETWEEN.get(thousands, re.escape(thousands))
    grouped = rf"^[+-]?[1-9]\d{{0,2}}(?:{marks}\d{{3}})+(?:{re.escape(decimal)}\d*)?$"
    x = pl.col("x")
    bare = pl.when(x.str.contains(grouped)).then(x.str.replace_all(marks, "")).otherwise(x)
    return text.to_frame("x").select(bare).to_series()


def _where_not(text: pl.Series, pattern: str, *, literal: bool = False) -> pl.Series:
    x = pl.col("x")
    return text.to_frame("x").select(pl.when(~x.str.contains(pattern, literal=literal)).then(x)).to_series()


def _where(text: pl.Series, pattern: str) -> pl.Series:
    x = pl.col("x")
    return text.to_frame("x").select(pl.when(x.str.contains(pattern)).then(x)).to_series()
