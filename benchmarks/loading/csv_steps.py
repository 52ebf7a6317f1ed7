"""The same CSV files into this project's lake, DuckDB and PostgreSQL: one step each, measured alone.

`python -m benchmarks.loading.csv_steps` does one step in a process of its own and prints its cost as JSON.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.data.csv_files import TABLES, CsvFiles, columns_of
from benchmarks.data.dataset import read_catalog
from benchmarks.measure import Usage, measured

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from segmentation_pipeline.ingest.tally import ImportJob

_DUCKDB_TYPES = {"String": "VARCHAR", "Int64": "BIGINT", "Boolean": "BOOLEAN", "Date": "DATE"}
_POSTGRES_TYPES = {"String": "text", "Int64": "bigint", "Boolean": "boolean", "Date": "date"}


def import_table(files: CsvFiles, table: str) -> Usage:
    """Import one file as `segmentation import` does before it brings the index up to date.

    Raises `RuntimeError` where a row did not land.
    """
    from segmentation_pipeline.ingest.job import import_files
    from segmentation_pipeline.ingest.mapping_file import load_mapping
    from segmentation_pipeline.lake.store import DeltaStore

    catalog = read_catalog()
    mapping = load_mapping(files.mapping, catalog) if table == "contacts" else None

    def run() -> ImportJob:
        store, now = DeltaStore(files.lake), partial(dt.datetime.now, dt.UTC)
        return import_files(store, catalog, table, [files.file(table)], mapping, time_zone="UTC", now=now)

    job, usage = measured(run)
    if job.status != "completed" or job.landed != job.read:
        raise RuntimeError(f"of {job.read} rows {job.landed} landed: {job.rejects}")
    return usage


def build_index(files: CsvFiles) -> Usage:
    """Build the index that segments are evaluated on."""
    from segmentation_pipeline.index.stored import input_tables, refresh_index
    from segmentation_pipeline.lake.store import DeltaStore

    store, catalog = DeltaStore(files.lake), read_catalog()
    return measured(lambda: refresh_index(store, catalog, store.snapshot(input_tables(catalog))))[1]


def copy_into_duckdb(files: CsvFiles, table: str) -> Usage:
    """``COPY`` one file into a table of known types, in DuckDB's own format."""
    import duckdb

    path = files.folder / f"{table}.duckdb"
    path.unlink(missing_ok=True)
    connection = duckdb.connect(str(path))
    connection.execute(_create(table, _DUCKDB_TYPES, "TIMESTAMPTZ"))

    def copy() -> None:
        connection.execute(f"COPY {table} FROM '{files.file(table)}' (HEADER)")
        connection.execute("CHECKPOINT")

    return measured(copy)[1]


def copy_into_postgres(files: CsvFiles, table: str) -> Usage:
    """``COPY`` one file into a table without a log, then make its primary key."""
    import psycopg

    from benchmarks.loading.postgres_server import postgres_server

    with postgres_server() as server, psycopg.connect(server.conninfo, autocommit=True) as connection:
        connection.execute(_create(table, _POSTGRES_TYPES, "timestamptz").replace("TABLE", "UNLOGGED TABLE"))
        before = server.cpu_seconds()

        def copy() -> None:
            copying = f"COPY {table} FROM STDIN (FORMAT csv, HEADER)"
            with connection.cursor().copy(copying) as stream, files.file(table).open("rb") as file:
                while block := file.read(1 << 20):
                    stream.write(block)
            connection.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({next(iter(columns_of(table)))})")

        usage = measured(copy)[1]
        memory = server.memory_bytes() / 1e6
        return Usage(usage.wall_s, usage.cpu_s + server.cpu_seconds() - before, usage.peak_mb + memory)


STEPS: dict[str, dict[str, Callable[[CsvFiles], Usage]]] = {
    "ours": {
        **{f"import {table}": partial(import_table, table=table) for table in TABLES},
        "index": build_index,
    },
    "duckdb": {f"copy {table}": partial(copy_into_duckdb, table=table) for table in TABLES},
    "postgres": {f"copy {table}, key": partial(copy_into_postgres, table=table) for table in TABLES},
}
"""By engine, in their order, what brings the files into its own form."""


def _create(table: str, types: dict[str, str], instant: str) -> str:
    columns = ", ".join(f'"{name}" {_type(kind, types, instant)}' for name, kind in columns_of(table).items())
    return f"CREATE TABLE {table} ({columns})"


def _type(kind: pl.DataType, types: dict[str, str], instant: str) -> str:
    name = type(kind).__name__
    if name == "Decimal":
        return f"DECIMAL(18, {getattr(kind, 'scale', 0)})"
    # A list is one text in the file, and stays one: splitting it is more than a copy.
    return instant if name == "Datetime" else types.get(name, types["String"])


if __name__ == "__main__":
    engine, step, said = sys.argv[1:]
    given = json.loads(said)
    chosen = CsvFiles(Path(given["folder"]), given["contacts"], given["events"], given["seed"])
    print(json.dumps(dataclasses.asdict(STEPS[engine][step](chosen))))
