from __future__ import annotations

import polars as pl
import pytest

from segmentation_pipeline.errors import ImportFailed, LockedError
from segmentation_pipeline.ingest.records import IMPORT_JOBS
from segmentation_pipeline.lake.lock import lake_lock


def test_every_row_is_counted_once(lake):
    job = lake.load(
        "contacts", "contact_id,age\na,1\na,2\nb,x\nc,3\n", "contact_id,age\na,3\nd,1\n", batch_rows=2
    )
    assert (job.read, job.landed, job.unchanged, job.rejected, job.duplicates) == (6, 3, 0, 1, 2)
    assert job.batches == 3


def test_a_job_is_recorded(lake):
    job = lake.load("contacts", "contact_id,age,x\na,1,\nb,x,\n")
    ((status, read, rejects, unmapped),) = lake.rows(
        "import_jobs", "status", "read", "rejects", "unmapped", by="job"
    )
    assert (job.job, status, read) == ("import-000001", "partially_completed", 2)
    assert rejects == ["file0.csv, row 2: `x` is not a whole number of 64 bits"]
    assert unmapped == ["x"]


def test_a_file_that_breaks_off_keeps_what_landed_before(lake):
    text = "contact_id\n" + "".join(f"c{at}\n" for at in range(5000))
    path = lake.file("bad.csv", text)
    path.write_bytes(path.read_bytes() + b"\xff\n")
    constants = "activity_type: {constant: x}, occurred_at: {constant: 2026-01-01}"
    mapping = (
        f"table: activities\nformat: {{encoding: utf8}}\ncolumns: {{contact_id: contact_id, {constants}}}"
    )
    with pytest.raises(ImportFailed, match="line 5002"):
        lake.load("activities", path, mapping=mapping, batch_rows=500)
    ((status, batches, error),) = lake.rows("import_jobs", "status", "batches", "error")
    assert (status, lake.count("activities_orphaned")) == ("partially_completed", batches * 500)
    assert "line 5002" in error


def test_the_lake_is_locked_while_importing(lake):
    with lake_lock(lake.folder / "lake", "run"), pytest.raises(LockedError, match="`run`"):
        lake.load("contacts", "contact_id\na\n")


def test_a_later_import_marks_a_dead_one_as_failed(lake):
    lake.load("contacts", "contact_id\na\n")
    jobs = lake.store.scan("import_jobs").collect()
    lake.store.merge(IMPORT_JOBS, jobs.with_columns(pl.lit("processing").alias("status")), ("job",))
    lake.load("contacts", "contact_id\nb\n")
    assert lake.rows("import_jobs", "job", "status") == [
        ("import-000001", "failed"),
        ("import-000002", "completed"),
    ]


def test_progress_is_told(lake):
    told = []
    path = lake.folder / "b.parquet"
    pl.DataFrame({"contact_id": ["c", "d"]}).write_parquet(path)
    lake.load(
        "contacts",
        "contact_id\na\nb\n",
        path,
        batch_rows=1,
        progress=lambda step: told.append((step.status, step.counts.read, step.share)),
    )
    assert [status for status, _, _ in told] == ["validating"] * 4 + ["processing"] * 4
    assert told[-2:] == [("processing", 3, 0.75), ("processing", 4, 1.0)]


def test_a_batch_has_rows(lake):
    with pytest.raises(ImportFailed, match="at least one row"):
        lake.load("contacts", "contact_id\na\n", batch_rows=0)


def test_no_file_is_no_import(lake):
    with pytest.raises(ImportFailed, match="there is no file to import"):
        lake.load("contacts")


def test_a_mapping_for_another_table_is_refused(lake, events):
    with pytest.raises(ImportFailed, match="the mapping is for `activities`, not for `contacts`"):
        lake.load("contacts", "who\na\n", mapping=events)


def test_a_file_with_a_heading_alone_has_no_rows_to_land(lake, events):
    empty = (("contacts", "contact_id\n", None), ("activities", "who,what,when,amount\n", events))
    for table, text, mapping in empty:
        job = lake.load(table, text, mapping=mapping)
        assert (job.status, job.read, job.batches) == ("completed", 0, 0)
