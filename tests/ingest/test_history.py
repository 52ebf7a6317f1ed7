"""What imports keep of their changes of contacts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from segmentation_pipeline.catalog.reading import load_catalog

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

SHIPPED = Path(__file__).parents[2] / "segment_definitions" / "catalog.yaml"
MAPPING = """
table: contacts
columns:
  contact_id: id
  first_name: name
  status: status
  tags: {column: tags, split: ";"}
  custom.lifecycle_stage: stage
  custom.lifetime_value: worth
"""
TIMED = MAPPING + "  updated_at: at\n  updated_by: by\n"
HEAD = "id,name,status,tags,stage,worth"
SAID = ("change_type", "field_name", "old_value", "new_value")


@pytest.fixture(scope="module")
def shipped():
    return load_catalog(SHIPPED)


@pytest.fixture
def lake(lake, shipped):
    lake.catalog = shipped
    return lake


def load(lake, *rows, mapping=MAPPING, head=HEAD, day=1):
    return lake.load("contacts", "\n".join([head, *rows]) + "\n", mapping=mapping, now=at(day))


def at(day):
    return lambda: datetime(2026, 7, day, tzinfo=UTC)


def history(lake, *columns):
    return sorted(lake.rows("contact_history", *(columns or SAID)), key=str) if said(lake) else []


def said(lake):
    return lake.store.exists("contact_history")


def test_the_first_arrival_is_no_change(lake):
    load(lake, "c1,Ann,active,vip,lead,12.50", "c2,Bob,active,,,")
    assert not said(lake)


def test_every_changed_value_is_one_row(lake):
    load(lake, "c1,Ann,active,vip;old,lead,12.50", "c2,Bob,active,,,")
    load(lake, "c1,Anna,active,vip;new,customer,", "c2,Bob,active,,,3", day=2)
    assert history(lake, "contact_id", *SAID) == [
        ("c1", "field_changed", "custom.lifecycle_stage", "lead", "customer"),
        ("c1", "field_changed", "custom.lifetime_value", "12.5", None),
        ("c1", "field_changed", "first_name", "Ann", "Anna"),
        ("c1", "tag_added", "tags", None, "new"),
        ("c1", "tag_removed", "tags", "old", None),
        ("c2", "field_changed", "custom.lifetime_value", None, "3"),
    ]


def test_a_change_says_when_by_whom_and_which_import(lake):
    load(lake, "c1,Ann,active,,,", "c2,Bob,active,,,")
    load(lake, "c1,Anna,active,,,", day=2)
    load(
        lake,
        "c2,Bo,active,vip,,,2026-06-30T10:00:00Z,Zoe",
        mapping=TIMED,
        head=f"{HEAD},at,by",
        day=3,
    )
    rows = history(lake, "contact_id", "changed_at", "changed_by", "job")
    second, third = datetime(2026, 7, 2, tzinfo=UTC), datetime(2026, 6, 30, 10, tzinfo=UTC)
    assert rows == [
        ("c1", second, "import-000002", "import-000002"),
        ("c2", third, "Zoe", "import-000003"),
        ("c2", third, "Zoe", "import-000003"),
    ]


def test_an_import_that_changes_nothing_writes_nothing(lake):
    rows = ("c1,Ann,active,vip,lead,1", "c2,Bob,active,,,")
    load(lake, *rows)
    load(lake, "c1,Anna,active,vip,lead,1", day=2)
    names = ("contact_history", "contact_history_pending", "contacts", "contact_tag_assignments")
    before = [lake.store.version(name) for name in names]
    load(lake, "c1,Anna,active,vip,lead,1", "c2,Bob,active,,,", day=3)
    assert [lake.store.version(name) for name in names] == before


def test_nothing_waits_after_an_import(lake):
    load(lake, "c1,Ann,active,,,")
    load(lake, "c1,Anna,active,,,", day=2)
    assert lake.count("contact_history") == 1
    assert lake.count("contact_history_pending") == 0


def test_the_same_value_again_and_again_is_every_time_a_change(lake):
    for day, stage in enumerate(("lead", "customer", "lead", "customer"), 1):
        load(lake, f"c1,Ann,active,,{stage},", day=day)
    forth, back = ("lead", "customer"), ("customer", "lead")
    assert [row[2:] for row in history(lake)] == [back, forth, forth]
    assert len(set(lake.rows("contact_history", "change_id"))) == 3


def test_counters_and_what_follows_from_others_are_left_out(lake):
    columns = "contact_id: id, first_name: name, total_replies: replies, updated_at: at"
    mapping = f"table: contacts\ncolumns: {{{columns}}}\n"
    load(lake, "c1,Ann,1,2026-01-01", mapping=mapping, head="id,name,replies,at")
    load(lake, "c1,Anna,2,2026-01-02", mapping=mapping, head="id,name,replies,at", day=2)
    assert history(lake) == [("field_changed", "first_name", "Ann", "Anna")]


def test_a_full_name_that_comes_alone_is_a_change(lake):
    mapping = "table: contacts\ncolumns: {contact_id: id, full_name: name}\n"
    load(lake, "c1,Ann Lee", mapping=mapping, head="id,name")
    load(lake, "c1,Ann Ray", mapping=mapping, head="id,name", day=2)
    assert history(lake) == [("field_changed", "full_name", "Ann Lee", "Ann Ray")]


def test_tags_that_are_imported_by_themselves_are_changes_after_their_first_import(lake):
    load(lake, "c1,Ann,active,,,", "c2,Bob,active,,,")
    tags = "contact_id,tag,assigned_at,assigned_by\n"
    lake.load("contact_tag_assignments", tags + "c1,vip,2026-06-01,Zoe\n", now=at(2))
    assert not said(lake)
    lake.load(
        "contact_tag_assignments",
        tags + "c1,vip,2026-06-01,Zoe\nc2,vip,2026-06-20,Zoe\nstranger,vip,2026-06-20,Zoe\n",
        now=at(3),
    )
    added = datetime(2026, 6, 20, tzinfo=UTC)
    assert history(lake, "contact_id", "change_type", "new_value", "changed_at", "changed_by") == [
        ("c2", "tag_added", "vip", added, "Zoe")
    ]


def test_custom_fields_that_are_imported_by_themselves_are_changes(lake):
    load(lake, "c1,Ann,active,,lead,", "c2,Bob,active,,,")
    values = "contact_id,field_name,value_text,updated_at\n"
    lake.load("contact_custom_field_values", values + "c2,lifecycle_stage,lead,2026-06-01\n", now=at(2))
    lake.load("contact_custom_field_values", values + "c2,lifecycle_stage,customer,2026-06-20\n", now=at(3))
    changed = datetime(2026, 6, 20, tzinfo=UTC)
    assert history(lake, "field_name", "old_value", "new_value", "changed_at") == [
        ("custom.lifecycle_stage", "lead", "customer", changed)
    ]


def test_an_older_row_changes_nothing_and_says_nothing(lake):
    head = f"{HEAD},at,by"
    load(lake, "c1,Ann,active,vip,,,2026-02-01,Zoe", mapping=TIMED, head=head)
    load(lake, "c1,Old,active,old,,,2026-01-01,Zoe", mapping=TIMED, head=head, day=2)
    assert not said(lake)


def test_a_history_of_elsewhere_can_be_imported(lake):
    load(lake, "c1,Ann,active,,,")
    text = "change_id,contact_id,change_type,changed_at,field_name,old_value,new_value\n"
    job = lake.load("contact_history", text + "h1,c1,field_changed,2025-01-01,status,bounced,active\n")
    assert job.landed == 1
    assert history(lake) == [("field_changed", "status", "bounced", "active")]
