"""DuckDB over the plain Parquet files as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.loading import duckdb_members

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.data.dataset import Dataset
    from benchmarks.peer import Tally
    from segmentation_pipeline.rules.segment import Definitions


def prepare(_data: Dataset, _workspace: Path) -> None:
    """Do nothing: the files are read where they lie."""


def run(data: Dataset, definitions: Definitions, as_of: dt.datetime, _workspace: Path, output: Path) -> None:
    relations = {
        "contact": f"read_parquet('{data.plain_contacts}/*.parquet')",
        "activities": f"read_parquet('{data.plain_activities}/*.parquet')",
    }
    with duckdb_members.connect(":memory:") as connection:
        duckdb_members.write_members(connection, definitions, as_of, relations, output)


def tally(definitions: Definitions, _workspace: Path, output: Path) -> Mapping[str, Tally]:
    return duckdb_members.tally(definitions, output)
