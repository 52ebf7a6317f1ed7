"""The log tells which files brought rows and which took them; compaction does neither."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.fs as pafs
import pytest

from segmentation_pipeline.lake.chunks import read_chunks
from segmentation_pipeline.lake.file_changes import file_changes, live_files
from segmentation_pipeline.lake.maintenance import compact

SCHEMA = pa.schema([("contact_id", pa.string()), ("age", pa.int64()), ("city", pa.string())])


@pytest.fixture
def grown(store, plain, contacts):
    for number in range(4):
        store.append(plain, contacts((f"c{number}", number)))
    return store


def test_appended_files_are_added(grown):
    changes = file_changes(grown, "contacts", 1, 3)
    assert (len(changes.added), changes.removed, changes.altered) == (2, (), False)
    assert set(changes.added) < set(live_files(grown.open("contacts")))


def test_compaction_changes_nothing(grown):
    version = compact(grown, "contacts")
    assert version > 3
    assert file_changes(grown, "contacts", 3, version).added == ()
    assert file_changes(grown, "contacts", 3, version).removed == ()
    assert sum(live_files(grown.open("contacts")).values()) == 4


def test_merged_rows_are_in_files_that_came_and_files_that_went(grown, plain, contacts):
    grown.merge(plain, contacts(("c1", 99)), ("contact_id",))
    changes = file_changes(grown, "contacts", 3, 4)
    assert len(changes.removed) == 1
    assert changes.added


def test_a_log_that_is_gone_says_nothing(grown):
    assert file_changes(grown, "contacts", 3, 7) is None


def test_files_are_read_in_parts_and_what_they_lack_is_null(grown):
    folder = pafs.SubTreeFileSystem(grown.root.table("contacts"), pafs.LocalFileSystem())
    coded = {"contact_id"}
    parts = []
    for part in read_chunks(folder, sorted(live_files(grown.open("contacts"))), SCHEMA, 2, coded):
        parts.append(part)
        coded.clear()
    assert [part.num_rows for part in parts] == [2, 2]
    assert [pa.types.is_dictionary(part.schema.field("contact_id").type) for part in parts] == [True, False]
    assert sorted(name for part in parts for name in part["contact_id"].to_pylist()) == [
        "c0",
        "c1",
        "c2",
        "c3",
    ]
    assert all(part["city"].null_count == part.num_rows for part in parts)
