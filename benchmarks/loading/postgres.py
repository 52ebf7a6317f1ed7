"""Parquet files into tables of PostgreSQL, by its own COPY."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import psycopg

_TYPES: dict[type[pl.DataType], str] = {
    pl.String: "text",
    pl.Int32: "integer",
    pl.Int64: "bigint",
    pl.Float64: "double precision",
    pl.Boolean: "boolean",
    pl.Date: "date",
    pl.Datetime: "timestamp",
}
_NULL = r"\N"


def load(connection: psycopg.Connection, table: str, files: Iterable[Path]) -> None:
    """Create a table that keeps no log with the rows of Parquet files, file by file."""
    paths = sorted(files)
    schema = pl.scan_parquet(paths[0]).collect_schema()
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(_type(dtype))) for name, dtype in schema.items()
    ]
    name = sql.Identifier(table)
    connection.execute(sql.SQL("CREATE UNLOGGED TABLE {} ({})").format(name, sql.SQL(", ").join(columns)))
    copy = sql.SQL("COPY {} FROM STDIN (FORMAT csv, NULL {})").format(name, sql.Literal(_NULL))
    for path in paths:
        for rows in pl.read_parquet(path).iter_slices(250_000):
            text = io.BytesIO()
            rows.select(_written(column, dtype) for column, dtype in schema.items()).write_csv(
                text, include_header=False, null_value=_NULL, datetime_format="%Y-%m-%d %H:%M:%S%.6f"
            )
            with connection.cursor().copy(copy) as stream:
                stream.write(text.getvalue())


def _type(dtype: pl.DataType) -> str:
    match dtype:
        case pl.List(inner=pl.DataType() as inner):
            return f"{_type(inner)}[]"
        case pl.Decimal():
            return f"numeric({dtype.precision}, {dtype.scale})"
        case _:
            return _TYPES[type(dtype)]


def _written(name: str, dtype: pl.DataType) -> pl.Expr:
    """Return a column as COPY reads it: a list as the literal of an array."""
    if not isinstance(dtype, pl.List):
        return pl.col(name)
    quoted = '"' + pl.element().cast(pl.String).str.replace_all(r'(["\\])', r"\$1") + '"'
    elements = pl.col(name).list.eval(quoted.fill_null("NULL")).list.join(",")
    return ("{" + elements + "}").alias(name)
