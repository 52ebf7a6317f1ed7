"""What both forms of DuckDB share: a query a segment, its members a Parquet file each.

Of the ways tried (one table of all members, Parquet by version and compression) this one took the least
CPU and memory: version 2 of Parquet delta-encodes the numbers, and an embedded segment is one small file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from benchmarks.peer import Tally, numbers
from benchmarks.sql.dialects import DUCKDB
from benchmarks.sql.queries import Tables, membership
from segmentation_pipeline.rules.clock import to_micros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from segmentation_pipeline.rules.segment import Definitions

THREADS = 2


def connect(path: Path | str, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a database with two threads; ``:memory:`` is one without a file."""
    connection = duckdb.connect(str(path), read_only=read_only, config={"threads": THREADS})
    connection.execute("SET preserve_insertion_order = false")
    return connection


def write_members(
    connection: duckdb.DuckDBPyConnection,
    definitions: Definitions,
    as_of: dt.datetime,
    relations: Mapping[str, str],
    output: Path,
) -> None:
    """Write the members of every segment to ``<number>.parquet``."""
    files = {name: output / f"{number:05}.parquet" for name, number in numbers(definitions).items()}
    tables = Tables(relations, lambda name: f"SELECT object_index FROM read_parquet('{files[name]}')")
    for name, segment in definitions.segments.items():
        query = membership(segment, definitions, to_micros(as_of), DUCKDB, tables)
        rows = f"SELECT {int(files[name].stem)}::SMALLINT AS segment, object_index FROM ({query})"
        connection.execute(f"COPY ({rows}) TO '{files[name]}' (FORMAT parquet, PARQUET_VERSION v2)")


def tally(definitions: Definitions, output: Path) -> dict[str, Tally]:
    rows = f"read_parquet('{output}/*.parquet')"
    with connect(":memory:") as connection:
        counted = connection.execute(
            f"SELECT segment, count(*), sum(object_index)::BIGINT FROM {rows} GROUP BY segment"
        ).fetchall()
    found = {number: Tally(count, total) for number, count, total in counted}
    return {name: found.get(number, Tally(0, 0)) for name, number in numbers(definitions).items()}
