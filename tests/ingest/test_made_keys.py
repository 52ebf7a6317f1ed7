"""Keys of rows whose source brings none."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.lake.tables import Table

SHIPPED = Path(__file__).parents[2] / "segment_definitions" / "catalog.yaml"
PREFERENCES = "contact_id,preference_type,is_enabled,updated_at\n"


@pytest.fixture(scope="module")
def shipped():
    return load_catalog(SHIPPED)


@pytest.fixture
def lake(lake, shipped):
    lake.catalog = shipped
    return lake


def test_the_same_file_twice_changes_nothing(lake):
    text = PREFERENCES + "c1,newsletter,yes,2026-01-01\nc1,marketing,no,2026-01-01\n"
    lake.load("contact_email_preferences", text)
    version = lake.store.version("contact_email_preferences")
    assert lake.load("contact_email_preferences", text).unchanged == 2
    assert lake.store.version("contact_email_preferences") == version


def test_the_newest_row_wins_in_a_file_and_between_files(lake):
    lake.load(
        "contact_email_preferences",
        PREFERENCES + "c1,newsletter,yes,2026-03-01\nc1,newsletter,no,2026-02-01\n",
    )
    lake.load("contact_email_preferences", PREFERENCES + "c1,newsletter,no,2026-01-01\n")
    assert lake.rows("contact_email_preferences", "preference_type", "is_enabled") == [("newsletter", True)]


def test_without_a_time_of_change_the_time_it_came_to_be_decides(lake):
    text = "suppression_type,email,reason,suppressed_at\n"
    lake.load(
        "contact_suppressions",
        text + "manual,ANN@x.org,new,2026-03-01\nmanual,ann@x.org,old,2026-01-01\n",
    )
    assert lake.rows("contact_suppressions", "reason", "email") == [("new", "ann@x.org")]


def test_a_part_that_is_left_out_is_as_good_as_empty(lake):
    lake.load("contact_suppressions", "suppression_type,domain\ndomain_block,x.org\n")
    job = lake.load("contact_suppressions", "suppression_type,email,domain\ndomain_block,,x.org\n")
    assert (job.landed, job.unchanged) == (0, 1)


def test_what_nothing_tells_from_others_is_rejected(lake):
    job = lake.load("contact_suppressions", "suppression_type,email\nmanual,\nmanual,a@x.org\n")
    assert (job.landed, job.rejected) == (1, 1)
    assert job.rejects[0].reason == "`suppression_id` is required and missing"


def test_a_key_that_the_source_has_stays(lake):
    text = "preference_id,contact_id,preference_type,is_enabled\n"
    lake.load("contact_email_preferences", text + "p7,c1,newsletter,yes\n,c2,newsletter,yes\n")
    keys = [key for (key,) in lake.rows("contact_email_preferences", "preference_id", by="contact_id")]
    assert keys[0] == "p7"
    assert len(keys[1]) == 32


def test_a_file_without_the_columns_of_the_key_is_refused(lake):
    with pytest.raises(ImportFailed, match="no column names `preference_type`"):
        lake.load("contact_email_preferences", "contact_id,is_enabled\nc1,yes\n")


def test_derived_tables_cannot_be_imported(lake):
    with pytest.raises(ImportFailed, match="computed from other tables") as caught:
        lake.load("contact_engagement", "contact_id\nc1\n")
    assert "contact_engagement" not in caught.value.allowed


def test_tags_of_contacts_are_assignments_with_key_and_index(lake):
    mapping = 'table: contacts\ncolumns: {contact_id: id, tags: {column: tags, split: ";"}}\n'
    lake.load("contacts", "id,tags\nc1,vip;new\n", mapping=mapping)
    lake.load("contact_tag_assignments", "contact_id,tag,assigned_by\nc1,vip,Zoe\nc2,vip,Zoe\n")
    rows = lake.rows("contact_tag_assignments", "object_index", "contact_id", "tag", "assigned_by")
    assert [row[1:] for row in rows] == [("c1", "vip", "Zoe"), ("c1", "new", None), ("c2", "vip", "Zoe")]
    assert [row[0] for row in rows] == [0, 1, 2]


def test_a_lake_from_before_the_keys_gets_them(lake):
    old = pl.DataFrame(
        [("c1", "new", None, "Zoe"), ("c1", "vip", None, None)],
        orient="row",
        schema={
            "contact_id": pl.String,
            "tag": pl.String,
            "assigned_at": pl.Datetime("us", "UTC"),
            "assigned_by": pl.String,
        },
    )
    lake.store.append(Table("contact_tag_assignments", old.schema), old)
    job = lake.load("contact_tag_assignments", "contact_id,tag,assigned_by\nc1,new,Zoe\nc2,vip,Zoe\n")
    assert (job.landed, job.unchanged) == (1, 1)
    rows = lake.rows("contact_tag_assignments", "contact_id", "tag", "assigned_by", by="object_index")
    assert sorted(rows, key=str) == [("c1", "new", "Zoe"), ("c1", "vip", None), ("c2", "vip", "Zoe")]
    keys = lake.store.scan("contact_tag_assignments").select("assignment_id", "object_index").collect()
    assert keys.null_count().row(0) == (0, 0)
    assert keys["assignment_id"].n_unique() == 3
