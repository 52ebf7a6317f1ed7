"""The canonical text of a column: what a key, a hash or a message calls its values."""

from __future__ import annotations

import json

import polars as pl

from segmentation_pipeline.ingest.batch import ROW

_EXACT = 2.0**53


def as_text(column: pl.Series) -> pl.Series:
    """Return the values as text: 17850.0 is ``17850``, an instant is ISO in UTC, NaN is null.

    >>> as_text(pl.Series([17850.0, 2.5, float("nan")])).to_list()
    ['17850', '2.5', None]
    """
    kind = column.dtype
    if kind == pl.String:
        return column
    if kind.is_float():
        return _of_floats(column)
    if kind == pl.Boolean:
        return _apply(
            column, pl.when(pl.col("x")).then(pl.lit("true")).when(~pl.col("x")).then(pl.lit("false"))
        )
    if isinstance(kind, pl.Decimal):
        text = column.cast(pl.String)
        return _apply(
            text,
            pl.when(pl.col("x").str.contains(".", literal=True))
            .then(pl.col("x").str.strip_chars_end("0").str.strip_chars_end("."))
            .otherwise(pl.col("x")),
        )
    if isinstance(kind, pl.Datetime):
        if kind.time_zone is None:
            return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.f")
        return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
    if isinstance(kind, pl.List | pl.Array | pl.Struct):
        return pl.Series(column.name, [_json(value) for value in column.to_list()], pl.String)
    return column.cast(pl.String)


def raw_rows(frame: pl.DataFrame) -> list[str]:
    """Return each row, less its number, as one JSON object of texts."""
    names = [name for name in frame.columns if name != ROW]
    texts = frame.select([as_text(frame.get_column(name)).alias(name) for name in names])
    return [json.dumps(row, ensure_ascii=False) for row in texts.iter_rows(named=True)]


def composed(column: pl.Series) -> pl.Series:
    """Return text in NFC; columns of plain ASCII, the most, cost nothing."""
    if (column.str.len_bytes() == column.str.len_chars()).all():
        return column
    return column.str.normalize("NFC")


def _of_floats(column: pl.Series) -> pl.Series:
    x = pl.col("x")
    whole = x.is_finite() & (x == x.round()) & (x.abs() < _EXACT)
    return _apply(
        column,
        pl.when(x.is_nan())
        .then(None)
        .when(whole)
        .then(pl.when(whole).then(x).cast(pl.Int64).cast(pl.String))
        .otherwise(x.cast(pl.String)),
    )


def _apply(column: pl.Series, expression: pl.Expr) -> pl.Series:
    return column.to_frame("x").select(expression.alias(column.name)).to_series()


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str)
