"""Who was erased does not come back with an old file, and the refusal keeps nothing of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

pytestmark = pytest.mark.integration
MARK = "Xq7Zmark"


@pytest.fixture
def after(forgotten, tmp_path):
    return type(forgotten)(Path(shutil.copytree(forgotten.project, tmp_path / "project")))


def written(lake, text: str) -> Path:
    path = lake.project / "old.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("key", [MARK, "another"])
def test_an_old_file_does_not_bring_it_back(after, key):
    rows = f"contact_id,email,first_name\n{key},{MARK}@example.com,Ann\nnew,new@example.com,New\n"
    said = after.run("import", "contacts", written(after, rows))
    assert "names somebody who was erased" in said
    keys = after.store.scan("contacts").select("contact_id").collect().to_series()
    assert {"new"} == set(keys) - {"ann", "bob", "eve"}
    assert after.traces() == []


def test_of_a_bad_row_that_names_it_nothing_is_kept(after):
    rows = f"contact_id,email,first_name,status\n{MARK},x@example.com,{MARK},of {MARK}\n"
    after.run("import", "contacts", written(after, rows), ends=3)
    records = after.store.scan("import_records").filter(pl.col("job") == "import-000002").collect()
    assert records.select("row_number", "value", "row").rows() == [(1, None, None)] * records.height
    assert after.traces() == []


def test_its_events_do_not_wait_for_it(after):
    rows = f"activity_id,contact_id,activity_type,occurred_at\nnew,{MARK},purchase,2026-06-01T00:00:00Z\n"
    after.run("import", "activities", written(after, rows), ends=3)
    assert after.traces() == []


def test_once_readmitted_it_may_come_again(after):
    rows = f"contact_id,email,first_name\n{MARK},{MARK}@example.com,Ann\n"
    assert "readmitted" in after.run("forget", "--readmit", MARK)
    after.run("import", "contacts", written(after, rows))
    assert after.traces() != []
    assert "readmitted" in after.run("forget", "--check", MARK)


def test_nobody_else_is_readmitted(after):
    assert "nobody of this key" in after.run("forget", "--readmit", "ann", ends=2)
