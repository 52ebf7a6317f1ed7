"""ClickHouse in process (chdb): MergeTree, events sorted by type and time, words of low cardinality."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from chdb.session import Session

from benchmarks.loading.clickhouse import SETTINGS, load
from benchmarks.peer import Tally, numbers
from benchmarks.sql.dialects import CLICKHOUSE
from benchmarks.sql.queries import Tables, membership
from segmentation_pipeline.rules.clock import to_micros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.data.dataset import Dataset
    from segmentation_pipeline.rules.segment import Definitions

_RELATIONS = {"contact": "bench.contacts", "activities": "bench.activities"}
_MEMBERS = "bench.memberships"


def prepare(data: Dataset, workspace: Path) -> None:
    """Load the plain files; a database half loaded is loaded anew."""
    database, half = workspace / "tables.clickhouse", workspace / "half.clickhouse"
    if database.exists():
        return
    shutil.rmtree(half, ignore_errors=True)
    session = Session(str(half))
    session.query("CREATE DATABASE bench")
    load(session, "bench.contacts", f"{data.plain_contacts}/*.parquet", ("object_index",))
    load(session, "bench.activities", f"{data.plain_activities}/*.parquet", ("activity_type", "occurred_at"))
    session.close()
    half.rename(database)


def run(_data: Dataset, definitions: Definitions, as_of: dt.datetime, workspace: Path, _output: Path) -> None:
    """Write the members into a table of the engine's own, a partition a segment: nothing is ever merged."""
    session = Session(str(workspace / "tables.clickhouse"))
    session.query(f"DROP TABLE IF EXISTS {_MEMBERS} SYNC")
    session.query(
        f"CREATE TABLE {_MEMBERS} (segment UInt16, object_index UInt32 CODEC(Delta, LZ4)) "
        "ENGINE = MergeTree PARTITION BY segment ORDER BY object_index"
    )
    known = numbers(definitions)
    tables = Tables(
        _RELATIONS, lambda name: f"SELECT object_index FROM {_MEMBERS} WHERE segment = {known[name]}"
    )
    for name, segment in definitions.segments.items():
        query = membership(segment, definitions, to_micros(as_of), CLICKHOUSE, tables)
        session.query(f"INSERT INTO {_MEMBERS} SELECT {known[name]}, object_index FROM ({query}) {SETTINGS}")
    session.close()


def tally(definitions: Definitions, workspace: Path, _output: Path) -> Mapping[str, Tally]:
    session = Session(str(workspace / "tables.clickhouse"))
    query = f"SELECT segment, count(), sum(object_index) FROM {_MEMBERS} GROUP BY segment"
    rows = str(session.query(query, "CSV")).split()
    session.close()
    found = {
        number: Tally(members, total) for number, members, total in (map(int, row.split(",")) for row in rows)
    }
    return {name: found.get(number, Tally(0, 0)) for name, number in numbers(definitions).items()}
