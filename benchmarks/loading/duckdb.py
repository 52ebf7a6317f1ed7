"""Parquet files into a table of DuckDB in its best types."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

_WORDS = 10_000
"""Text of fewer distinct values becomes an ENUM."""


def load(connection: duckdb.DuckDBPyConnection, table: str, files: str, order: Sequence[str]) -> None:
    """Create a table from Parquet files, sorted by some of its columns."""
    rows = f"read_parquet('{files}')"
    columns = connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()
    texts = [name for name, kind, *_ in columns if kind == "VARCHAR"]
    counts = ", ".join(f'approx_count_distinct("{name}")' for name in texts)
    distinct = connection.execute(f"SELECT {counts} FROM {rows}").fetchone() if texts else ()
    words = [name for name, count in zip(texts, distinct or (), strict=True) if count < _WORDS]
    for name in words:
        known = f'SELECT DISTINCT "{name}" FROM {rows} WHERE "{name}" IS NOT NULL ORDER BY 1'
        connection.execute(f'CREATE TYPE "{table}.{name}" AS ENUM ({known})')
    replaced = ", ".join(f'"{name}"::"{table}.{name}" AS "{name}"' for name in words)
    chosen = f"* REPLACE ({replaced})" if words else "*"
    by = ", ".join(f'"{name}"' for name in order)
    connection.execute(f"CREATE TABLE {table} AS SELECT {chosen} FROM {rows} ORDER BY {by}")
