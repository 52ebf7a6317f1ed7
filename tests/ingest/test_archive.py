"""Records of old imports move to the archive whole, whenever the process dies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.jobs.archive import archive_records, old_records
from segmentation_pipeline.ingest.records import IMPORT_JOBS
from segmentation_pipeline.lake.store import DeltaStore

OLD, NOW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
BEFORE = NOW - timedelta(days=90)


@pytest.fixture
def records(lake):
    """A lake with the records of two old imports and of a young one."""
    for key, now in (("a", OLD), ("b", OLD), ("c", NOW)):
        lake.load("contacts", f"contact_id,age\n{key}1,x\n{key}2,y\n{key}3,1\n", now=lambda now=now: now)
    return lake


def kept(lake):
    names = ("job", "file", "row_number", "column", "value", "reason", "row")
    both = {}
    for table in ("import_records", "import_records_archive"):
        both[table] = lake.rows(table, *names) if lake.store.exists(table) else []
    return both


def test_it_counts_what_is_old(records):
    assert old_records(records.store, BEFORE).rows() == [("import-000001", 2), ("import-000002", 2)]


def test_old_records_move(records):
    everything = kept(records)["import_records"]
    assert archive_records(records.store, BEFORE) == 4
    assert kept(records) == {"import_records": everything[4:], "import_records_archive": everything[:4]}
    assert archive_records(records.store, BEFORE) == 0


def test_a_lake_without_records_has_none_to_move(lake):
    assert archive_records(lake.store, BEFORE) == 0


class Killed(BaseException):
    """What no `except Exception` sees, as it would not see a SIGKILL."""


@pytest.mark.parametrize(("method", "part_rows"), [("append", 500_000), ("delete", 1)])
def test_after_a_kill_no_row_is_lost_or_there_twice(records, monkeypatch, method, part_rows):
    monkeypatch.setattr("segmentation_pipeline.ingest.jobs.archive._PART_ROWS", part_rows)
    everything = kept(records)["import_records"]
    real = getattr(DeltaStore, method)

    def dying(*arguments, **options):
        real(*arguments, **options)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(DeltaStore, method, dying)
        with pytest.raises(Killed):
            archive_records(records.store, BEFORE)
    there = kept(records)
    assert set(there["import_records"]) | set(there["import_records_archive"]) == set(everything)
    archive_records(records.store, BEFORE)
    assert kept(records) == {"import_records": everything[4:], "import_records_archive": everything[:4]}


def test_an_import_with_archived_records_does_not_go_on(records):
    text = "contact_id,age\nb1,x\nb2,y\nb3,1\n"
    jobs = records.store.scan("import_jobs").collect()
    broken = jobs.filter(job="import-000002").with_columns(error=pl.lit("it broke off"))
    records.store.merge(IMPORT_JOBS, broken, ("job",))
    archive_records(records.store, BEFORE)
    with pytest.raises(ImportFailed, match="its records are in the archive"):
        records.load("contacts", text, resume="import-000002")
