"""Maintenance joins, deletes and moves, and nothing that somebody still reads is gone."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.index.parts import input_tables
from segmentation_pipeline.index.stored import open_index, read_index
from segmentation_pipeline.ingest.job import import_files
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.maintenance.pins import pinned_versions
from segmentation_pipeline.maintenance.upkeep import Task, Upkeep

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 7, 1, tzinfo=UTC)
DAYS = timedelta(days=1)
CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities]
    fields: {contact_id: {type: text, required: true}, plan: {type: enum, values: [free, pro]}, city: text}
events:
  activities:
    table: activities
    key: contact_id
    type: activity_type
    time: occurred_at
    id: activity_id
    fields:
      activity_id: {type: text, required: true}
      contact_id: text
      activity_type: {type: text, required: true}
      occurred_at: {type: datetime, required: true}
    types: {purchase: {fields: {product: text}}}
"""


class Lake:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "catalog.yaml").write_text(CATALOG)
        self.catalog = load_catalog(folder / "catalog.yaml")
        self.store = DeltaStore(folder / "lake")

    def load(self, table: str, text: str, now: datetime = NOW) -> None:
        file = self.folder / "rows.csv"
        file.write_text(text)
        import_files(self.store, self.catalog, table, [file], time_zone="UTC", now=lambda: now, batch_rows=2)

    def index(self):
        return open_index(self.store, self.catalog, self.store.snapshot(input_tables(self.catalog)))

    def upkeep(self, keep: timedelta = timedelta(days=30)) -> Upkeep:
        return Upkeep(self.store, self.catalog, NOW, timedelta(days=90), keep)

    def age(self, days: int) -> None:
        """Let every file and commit look as old as that."""
        then = time.time() - days * 86400
        for path in (self.folder / "lake").rglob("*"):
            if path.is_file():
                os.utime(path, (then, then))


@pytest.fixture
def lake(tmp_path):
    made = Lake(tmp_path)
    made.load("contacts", "contact_id,plan,city\na,free,x\nb,pro,y\nc,gold,z\nd,free,x\n", NOW - 100 * DAYS)
    made.load(
        "activities",
        "contact_id,activity_type,occurred_at,product\na,purchase,2026-01-01,p\nb,purchase,2026-01-02,q\n"
        "a,purchase,2026-01-03,p\nd,purchase,2026-01-04,r\n",
    )
    return made


def content(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_plan_writes_nothing(lake):
    lake.index()
    before = content(lake.folder / "lake")
    assert lake.upkeep().plan()
    assert content(lake.folder / "lake") == before


def test_what_is_planned_is_done_and_then_there_is_nothing_to_do(lake):
    planned = lake.upkeep().plan()
    assert Task("archive", "import_records", rows=1) in planned
    assert {task.table for task in planned if task.action == "compact"} >= {"contacts", "activities"}
    rows = {name: lake.store.scan(name).collect().sort(pl.first()) for name in ("contacts", "activities")}
    assert list(lake.upkeep().maintain()) == planned
    assert not lake.upkeep().plan()
    for name, frame in rows.items():
        assert_frame_equal(lake.store.scan(name).collect().sort(pl.first()), frame)


def test_the_index_is_joined_and_still_current(lake):
    lake.index()
    lake.load("activities", "contact_id,activity_type,occurred_at,product\nb,purchase,2026-02-01,s\n")
    values = lake.index().events["activities"].collect().sort(pl.all())
    done = list(lake.upkeep().maintain())
    assert "event_index_activities" in {task.table for task in done if task.action == "compact"}
    found = read_index(lake.store, lake.catalog, lake.store.snapshot(input_tables(lake.catalog)))
    assert_frame_equal(found.events["activities"].collect().sort(pl.all()), values)


def test_dictionaries_that_the_index_was_coded_with_survive(lake):
    lake.index()
    pins = pinned_versions(lake.store, lake.catalog)["dictionaries"]
    older = [version for version in pins if version < lake.store.version("dictionaries")]
    assert older
    lake.load("contacts", "contact_id,city\na,new\n")
    lake.index()
    pins = pinned_versions(lake.store, lake.catalog)["dictionaries"]
    held = {version: lake.store.scan("dictionaries", version).collect().sort(pl.all()) for version in pins}
    lake.age(400)
    list(lake.upkeep(timedelta(hours=1)).maintain())
    for version, frame in held.items():
        assert_frame_equal(lake.store.scan("dictionaries", version).collect().sort(pl.all()), frame)
    assert lake.index().coded["contact"].values().collect().height == 3


def test_young_versions_stay_and_files_of_killed_writers_go(lake):
    table = lake.folder / "lake" / "contacts"
    stray = table / "part-00000-left-by-a-kill.parquet"
    stray.write_bytes(b"half")
    lake.load("contacts", "contact_id,city\na,new\n")
    version = lake.store.version("contacts")
    list(lake.upkeep().maintain())
    assert stray.exists()
    assert lake.store.scan("contacts", version).collect().height == 3
    lake.age(31)
    assert Task("vacuum", "contacts", files=1) in lake.upkeep().plan()
    list(lake.upkeep().maintain())
    assert not stray.exists()
    assert lake.store.scan("contacts", version).collect().height == 3
