"""CSV files of the generator's rows, and what loading them costs."""

from __future__ import annotations

import argparse

import polars as pl
import pytest

from benchmarks.data.activity_rows import activity_chunks
from benchmarks.data.csv_files import CsvFiles
from benchmarks.loading import csv_steps
from benchmarks.measure import Usage
from benchmarks.work import ingest
from segmentation_pipeline.lake.store import DeltaStore

CONTACTS, EVENTS, SEED = 300, 2000, 5


@pytest.fixture
def files(tmp_path):
    written = CsvFiles(tmp_path, CONTACTS, EVENTS, SEED)
    written.write()
    return written


def test_files_are_written_once_and_whole(files):
    lines = {table: files.file(table).read_text().splitlines() for table in ("contacts", "activities")}
    assert {table: len(text) for table, text in lines.items()} == {"contacts": 301, "activities": 2001}
    before = files.file("contacts").stat().st_mtime_ns
    files.write()
    assert files.file("contacts").stat().st_mtime_ns == before


def test_what_is_imported_is_what_was_generated(files):
    for table in ("contacts", "activities"):
        csv_steps.import_table(files, table)
    rows = DeltaStore(files.lake).scan("activities").collect().sort("activity_id")
    drawn = pl.concat(activity_chunks(CONTACTS, EVENTS, SEED)).sort("activity_id")
    assert rows.select(drawn.drop("object_index").columns).equals(drawn.drop("object_index"))
    contacts = DeltaStore(files.lake).scan("contacts").collect()
    assert contacts.height == CONTACTS
    assert contacts["tags"].list.len().max() > 1


def test_duckdb_loads_the_same_rows(files):
    import duckdb

    csv_steps.copy_into_duckdb(files, "activities")
    with duckdb.connect(str(files.folder / "activities.duckdb")) as connection:
        found = connection.execute("SELECT count(*), sum(revenue), max(occurred_at)::text FROM activities")
        count, revenue, last = found.fetchone()
    drawn = pl.concat(activity_chunks(CONTACTS, EVENTS, SEED))
    assert (count, revenue) == (EVENTS, drawn["revenue"].sum())
    assert last.startswith(f"{drawn['occurred_at'].max():%Y-%m-%d}")


def test_the_table_has_steps_sums_and_the_ratio(files):
    found = [
        ("ours", "import contacts", Usage(1, 2, 300)),
        ("ours", "index", Usage(1, 4, 200)),
        ("duckdb", "copy contacts", Usage(1, 3, 100)),
    ]
    columns = [list(column.cells) for column in ingest.table(files, found).columns]
    assert columns[1] == ["import contacts", "index", "together", "copy contacts", "together"]
    assert columns[3] == ["2.0", "4.0", "6.0", "3.0", "3.0"]
    assert columns[4][2] == "300"
    assert columns[5][-1] == "2.0×"


def test_an_unknown_engine_is_refused(tmp_path):
    parser = argparse.ArgumentParser()
    ingest.add_command(parser)
    options = ["--contacts", "10", "--peers", "duckdb,oracle", "--folder", str(tmp_path)]
    with pytest.raises(SystemExit, match="nothing loads into oracle: ours, duckdb, postgres"):
        ingest.run(parser.parse_args(options))


@pytest.mark.integration
def test_every_step_runs_in_a_process_of_its_own(files):
    found = list(ingest.measure(files, ["ours", "duckdb"]))
    assert [step for _, step, _ in found] == [
        "import contacts",
        "import activities",
        "index",
        "copy contacts",
        "copy activities",
    ]
    assert all(use.cpu_s > 0 and use.peak_mb > 10 for *_, use in found)
