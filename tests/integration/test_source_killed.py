"""A SIGKILL in the middle of the import of a query: the next one ends where one that was let alone does."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys

import pytest

from segmentation_pipeline.ingest.records import IMPORT_JOBS
from segmentation_pipeline.lake.store import DeltaStore

pytestmark = pytest.mark.integration

PROGRAM = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.ingest.sources import import_source, load_sources
from segmentation_pipeline.lake.store import DeltaStore

folder, last = Path(sys.argv[1]), int(sys.argv[2])
count = 0

def counted(method):
    def commit(*arguments, **options):
        global count
        version = method(*arguments, **options)
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return version
    return commit

for name in ("append", "merge", "delete"):
    setattr(DeltaStore, name, counted(getattr(DeltaStore, name)))
catalog = load_catalog(folder / "catalog.yaml")
source = load_sources(folder / "sources.yaml", catalog)["log"]
import_source(
    DeltaStore(folder / "lake"), catalog, source, project=folder, definitions=folder, time_zone="UTC",
    now=lambda: datetime(2026, 7, 1, tzinfo=UTC), batch_rows=100,
)
"""
CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities]
    fields: {contact_id: {type: text, required: true}}
events:
  activities:
    table: activities
    key: contact_id
    type: activity_type
    time: occurred_at
    id: activity_id
    orphans: activities_orphaned
    fields:
      activity_id: {type: text, required: true}
      contact_id: text
      activity_type: {type: text, required: true}
      occurred_at: {type: datetime, required: true}
    types: {purchase: {}}
"""
SOURCES = """
sources:
  log: {table: activities, sql: {url: "sqlite:///shop.db", query: select * from log, watermark: occurred_at}}
"""


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "catalog.yaml").write_text(CATALOG)
    (tmp_path / "sources.yaml").write_text(SOURCES)
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("create table log (contact_id, activity_type, occurred_at)")
        rows = [(f"c{n % 50}", "purchase", f"2026-06-01 {n // 60:02}:{n % 60:02}:00") for n in range(600)]
        connection.executemany("insert into log values (?, ?, ?)", rows + rows[-3:])
    connection.close()
    return tmp_path


def run(shop, last=0):
    return subprocess.run([sys.executable, "-c", PROGRAM, str(shop), str(last)], check=False).returncode


def test_nothing_is_lost_and_nothing_is_there_twice(shop):
    for last in (3, 2, 4, 2):
        assert run(shop, last) == -signal.SIGKILL
        store = DeltaStore(shop / "lake")
        assert store.scan(IMPORT_JOBS.name).collect()["watermark"].null_count() >= 1
    assert run(shop) == 0
    rows = store.scan("activities_orphaned").collect()
    assert (rows.height, rows["activity_id"].n_unique()) == (603, 603)
    assert store.scan(IMPORT_JOBS.name).collect()["watermark"].drop_nulls().to_list() == [
        "text 2026-06-01 09:59:00"
    ]
    assert list((shop / "lake" / ".spool").rglob("*.parquet")) == []
    assert run(shop) == 0
    assert store.scan("activities_orphaned").collect().height == 603
