from __future__ import annotations

from segmentation_pipeline.catalog.model import Field
from segmentation_pipeline.catalog.types import Text

MAPPING = """
table: contacts
columns:
  contact_id: id
  tags: {column: tags, split: ";"}
  custom.plan_tier: plan
  custom.seats: seats
"""


def test_lists_and_structs_become_rows_of_their_tables(lake):
    lake.load("contacts", "id,tags,plan,seats\nc1,vip; new,pro,3\nc2,,,\n", mapping=MAPPING)
    assert lake.rows("contact_tag_assignments", "tag", "contact_id") == [("new", "c1"), ("vip", "c1")]
    stored = lake.rows(
        "contact_custom_field_values", "field_name", "contact_id", "value_text", "value_number"
    )
    assert [(name, key, text, str(number)) for name, key, text, number in stored] == [
        ("plan_tier", "c1", "pro", "None"),
        ("seats", "c1", None, "3.000000"),
    ]


def test_what_the_file_says_replaces_what_was_there(lake):
    lake.load("contacts", "id,tags,plan,seats\nc1,vip;new,pro,3\nc2,old,,\n", mapping=MAPPING)
    job = lake.load("contacts", "id,tags,plan,seats\nc1,vip,free,\n", mapping=MAPPING)
    assert (job.landed, job.unchanged) == (1, 0)
    assert lake.rows("contact_tag_assignments", "contact_id", "tag") == [("c1", "vip"), ("c2", "old")]
    assert lake.rows("contact_custom_field_values", "field_name", "value_text") == [("plan_tier", "free")]


def test_the_same_again_changes_nothing(lake):
    text = "id,tags,plan,seats\nc1,vip;new,pro,3\n"
    lake.load("contacts", text, mapping=MAPPING)
    names = ("contacts", "contact_tag_assignments", "contact_custom_field_values")
    before = [lake.store.version(name) for name in names]
    assert lake.load("contacts", text, mapping=MAPPING).unchanged == 1
    assert [lake.store.version(name) for name in names] == before


def test_who_assigned_a_tag_is_kept(lake):
    columns = lake.catalog.tables["contact_tag_assignments"].columns
    columns["assigned_by"] = Field("assigned_by", Text())
    lake.load("contact_tag_assignments", "contact_id,tag,assigned_by\nc1,vip,Zoe\n")
    lake.load("contacts", "id,tags,plan,seats\nc1,new;vip,,\n", mapping=MAPPING)
    assert lake.rows("contact_tag_assignments", "tag", "assigned_by") == [("new", None), ("vip", "Zoe")]


def test_a_bad_custom_value_rejects_its_row(lake):
    job = lake.load("contacts", "id,tags,plan,seats\nc1,,gold,\nc2,,pro,many\nc3,,pro,1\n", mapping=MAPPING)
    assert (job.landed, job.rejected) == (1, 2)
    assert [(reject.row, reject.value) for reject in job.rejects] == [(1, "gold"), (2, "many")]
    assert lake.count("contact_custom_field_values") == 2


def test_a_row_that_is_too_old_changes_no_tags(lake):
    mapping = MAPPING + "  updated_at: at\n"
    lake.load("contacts", "id,tags,plan,seats,at\nc1,vip,,,2026-02-01\n", mapping=mapping)
    lake.load("contacts", "id,tags,plan,seats,at\nc1,old,,,2026-01-01\n", mapping=mapping)
    assert lake.rows("contact_tag_assignments", "tag") == [("vip",)]


def test_a_value_stands_in_the_column_of_its_type(lake):
    text = "contact_id,field_name,value_text,value_number\n"
    text += "c1,seats,three,\nc2,seats,,3.5\nc3,seats,,3\nc4,plan_tier,pro,\n"
    job = lake.load("contact_custom_field_values", text)
    assert [(reject.row, reject.reason) for reject in job.rejects] == [
        (1, "`three` stands in `value_text`, and `custom.seats` is integer: write it in `value_number`"),
        (2, "`3.500000` is no whole number, and `custom.seats` is one"),
    ]
    assert lake.rows("contact_custom_field_values", "contact_id") == [("c3",), ("c4",)]


def test_values_of_fields_that_nobody_declared_are_kept(lake):
    job = lake.load("contact_custom_field_values", "contact_id,field_name,value_text\nc1,shoe size,44\n")
    assert (job.landed, job.rejected) == (1, 0)
