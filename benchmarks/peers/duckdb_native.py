"""DuckDB over tables of its own: words as ENUMs, events sorted by type and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.loading import duckdb_members
from benchmarks.loading.duckdb import load

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.data.dataset import Dataset
    from benchmarks.peer import Tally
    from segmentation_pipeline.rules.segment import Definitions

_RELATIONS = {"contact": "contacts", "activities": "activities"}


def prepare(data: Dataset, workspace: Path) -> None:
    """Load the plain files; a database half loaded is loaded anew."""
    database, half = workspace / "tables.duckdb", workspace / "half.duckdb"
    if database.exists():
        return
    half.unlink(missing_ok=True)
    with duckdb_members.connect(half) as connection:
        load(connection, "contacts", f"{data.plain_contacts}/*.parquet", ("object_index",))
        load(connection, "activities", f"{data.plain_activities}/*.parquet", ("activity_type", "occurred_at"))
    half.rename(database)


def run(_data: Dataset, definitions: Definitions, as_of: dt.datetime, workspace: Path, output: Path) -> None:
    with duckdb_members.connect(workspace / "tables.duckdb", read_only=True) as connection:
        duckdb_members.write_members(connection, definitions, as_of, _RELATIONS, output)


def tally(definitions: Definitions, _workspace: Path, output: Path) -> Mapping[str, Tally]:
    return duckdb_members.tally(definitions, output)
