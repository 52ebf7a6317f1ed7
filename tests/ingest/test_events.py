"""Events: ids, orphans and their adoption, created contacts, and importing again."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from segmentation_pipeline.catalog.types import Datetime
from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.typing import Reading, problem
from segmentation_pipeline.lake.tables import catalog_table

CREATES = "creates: {contacts: {country: land, created_at: when}}\n"
HEAD = "who,what,when,amount\n"
LINES = HEAD + "c1,purchase,2026-01-05,9.5\nc1,purchase,2026-01-05,9.5\nc1,purchase,2026-02-01,3\n"


def test_equal_rows_stay_two_and_the_same_file_twice_stays_once(lake, events):
    lake.load("contacts", "contact_id\nc1\n")
    first = lake.load("activities", LINES, mapping=events)
    version = lake.store.version("activities")
    again = lake.load("activities", LINES, mapping=events)
    assert (first.landed, again.landed, again.unchanged) == (3, 0, 3)
    assert lake.count("activities") == 3
    assert lake.store.version("activities") == version


def test_ids_do_not_depend_on_the_size_of_batches(lake, events, tmp_path):
    (tmp_path / "other").mkdir()
    other = type(lake)(tmp_path / "other")
    for each, size in ((lake, 1), (other, 100)):
        each.load("contacts", "contact_id\nc1\n")
        each.load("activities", LINES, mapping=events, batch_rows=size)
    assert lake.rows("activities", "activity_id", "occurred_at") == other.rows(
        "activities", "activity_id", "occurred_at"
    )


def test_csv_json_and_parquet_give_the_same_rows(lake, events, tmp_path):
    lake.load("contacts", "contact_id\n17850\n")
    mapping = events.replace("contact_id: who", "contact_id: {column: who, as: integer}")
    csv = lake.file("a.csv", HEAD + "17850.0,purchase,2026-01-05,9.50\n")
    json = lake.file(
        "a.jsonl", '{"amount": 9.5, "who": 17850, "what": "purchase", "when": "2026-01-05T00:00:00Z"}'
    )
    parquet = tmp_path / "a.parquet"
    frame = pl.DataFrame({"who": [17850.0], "what": ["purchase"], "when": ["2026-01-05"], "amount": [9.5]})
    frame.with_columns(pl.col("when").str.to_datetime("%Y-%m-%d")).write_parquet(parquet)
    jobs = [lake.load("activities", path, mapping=mapping) for path in (csv, json, parquet)]
    assert [(job.landed, job.unchanged) for job in jobs] == [(1, 0), (0, 1), (0, 1)]


def test_a_mapped_id_is_the_identity_even_at_another_time(lake, events):
    mapping = events + "  activity_id: id\n"
    lake.load("contacts", "contact_id\nc1\n")
    head = "id,who,what,when,amount\n"
    job = lake.load(
        "activities", head + "a,c1,purchase,2026-01-05,1\na,c1,purchase,2026-01-05,2\n", mapping=mapping
    )
    assert (job.landed, job.unchanged) == (1, 1)
    job = lake.load("activities", head + "a,c1,purchase,2026-03-05,1\n", mapping=mapping)
    assert (job.landed, job.unchanged) == (0, 1)


def test_the_month_is_that_of_the_instant_in_utc(lake, events):
    lake.load("contacts", "contact_id\nc1\n")
    lake.load(
        "activities", HEAD + "c1,purchase,2026-02-01 00:30:00,1\n", mapping=events, time_zone="Europe/Paris"
    )
    assert lake.rows("activities", "month") == [("2026-01",)]


def test_unknown_and_absent_contacts_wait(lake, events):
    lake.load("contacts", "contact_id\nc1\n")
    text = LINES + "c2,purchase,2026-01-05,1\n,purchase,2026-01-06,1\n"
    job = lake.load("activities", text, mapping=events)
    assert (job.status, job.read, job.landed, job.orphaned) == ("completed", 5, 3, 2)
    assert lake.rows("activities_orphaned", "occurred_at", "contact_id")[0][1] == "c2"
    again = lake.load("activities", text, mapping=events)
    assert (again.landed, again.unchanged, again.orphaned) == (0, 5, 0)


def test_waiting_events_are_adopted_when_the_contact_arrives(lake, events):
    text = HEAD + "c2,purchase,2026-01-05,1\nc2,purchase,2026-02-05,1\n,purchase,2026-01-06,1\n"
    lake.load("activities", text, mapping=events)
    job = lake.load("contacts", "contact_id\nc2\n")
    assert job.adopted == 2
    assert (lake.count("activities"), lake.count("activities_orphaned")) == (2, 1)
    assert lake.load("activities", text, mapping=events).unchanged == 3
    assert (lake.count("activities"), lake.count("activities_orphaned")) == (2, 1)


def test_an_adoption_that_died_between_its_commits_is_finished_later(lake, events):
    lake.load("activities", HEAD + "c2,purchase,2026-01-05,1\n", mapping=events)
    waiting = lake.store.scan("activities_orphaned").collect()
    lake.load("contacts", "contact_id\nc2\n")
    lake.store.append(catalog_table(lake.catalog, "activities_orphaned"), waiting)
    lake.load("activities", HEAD + "c2,purchase,2026-01-06,1\n", mapping=events)
    assert (lake.count("activities"), lake.count("activities_orphaned")) == (2, 0)


def test_a_mapping_creates_contacts_by_the_first_row(lake, events):
    rows = "b,purchase,2026-01-05,1,FR\na,purchase,2026-01-06,1,DE\nb,purchase,2026-01-07,1,IT\n"
    text = "who,what,when,amount,land\n" + rows
    job = lake.load("activities", text, mapping=events + CREATES, batch_rows=1)
    assert (job.landed, job.created, job.orphaned) == (3, 2, 0)
    assert lake.rows("contacts", "object_index", "contact_id", "country") == [(0, "b", "FR"), (1, "a", "DE")]
    assert lake.rows("contacts", "contact_id", "created_at")[1][1].isoformat() == "2026-01-05T00:00:00+00:00"


def test_contacts_that_are_there_are_not_updated(lake, events):
    lake.load("contacts", "contact_id,country\na,ES\n")
    text = "who,what,when,amount,land\na,purchase,2026-01-06,1,DE\n"
    assert lake.load("activities", text, mapping=events + CREATES).created == 0
    assert lake.rows("contacts", "contact_id", "country") == [("a", "ES")]


def test_rows_without_a_contact_create_none(lake, events):
    text = "who,what,when,amount,land\n,purchase,2026-01-06,1,DE\n"
    job = lake.load("activities", text, mapping=events + CREATES)
    assert (job.created, job.orphaned) == (0, 1)


def test_the_first_good_row_creates_and_rows_before_it_wait_only_until_then(lake, events):
    creates = "creates: {contacts: {status: state}}\n"
    rows = "a,purchase,2026-01-05,1,odd\na,purchase,2026-01-06,1,active\nb,purchase,2026-01-07,1,odd\n"
    text = "who,what,when,amount,state\n" + rows
    job = lake.load("activities", text, mapping=events + creates, batch_rows=1)
    assert (job.read, job.landed, job.orphaned, job.rejected) == (3, 2, 1, 0)
    assert lake.rows("contacts", "contact_id", "status") == [("a", "active")]
    assert job.rejects[-1].reason.startswith("the contact is not created: `odd` is not ")


def test_values_of_types_and_required_values_are_checked(lake, events):
    lake.load("contacts", "contact_id\nc1\n")
    text = (
        HEAD + "c1,purchase,soon,1\nc1,,2026-01-05,1\nc1,purchase,2026-01-05,much\nc1,purchase,2026-01-05,1\n"
    )
    job = lake.load("activities", text, mapping=events)
    assert (job.status, job.landed, job.rejected) == ("partially_completed", 1, 3)
    assert [reject.reason for reject in job.rejects] == [
        "`soon` " + problem(Datetime(), Reading(), "soon"),
        "`activity_type` is required and missing",
        "`much` is not a number",
    ]


def test_cases_and_products(lake, events):
    mapping = """
table: activities
columns:
  contact_id: who
  occurred_at: {column: day, format: "%Y%m%d"}
  activity_type:
    case:
      - {when: {column: number, starts_with: C}, value: purchase_cancelled}
      - {when: {column: price, less_than: 1}, value: sample}
    default: purchase
  revenue: {multiply: [count, price]}
"""
    lake.load("contacts", "contact_id\nc1\n")
    text = "who,day,number,count,price\nc1,20260101,C1,-3,0.10\nc1,20260102,1,1,0.5\nc1,20260103,2,3,1.15\n"
    lake.load("activities", text, mapping=mapping)
    rows = lake.rows("activities", "occurred_at", "activity_type", "revenue")
    assert [(kind, str(amount)) for _, kind, amount in rows] == [
        ("purchase_cancelled", "-0.3000"),
        ("sample", "0.5000"),
        ("purchase", "3.4500"),
    ]


def test_without_a_table_of_orphans_rows_of_unknown_contacts_are_rejected(lake, events):
    source = lake.catalog.events["activities"]
    lake.catalog.events["activities"] = replace(source, orphans=None)
    lake.load("contacts", "contact_id\nc1\n")
    job = lake.load("activities", LINES + "c2,purchase,2026-01-05,1\n", mapping=events)
    assert (job.landed, job.rejected, job.unchanged) == (3, 1, 0)
    assert job.rejects[0].reason == "no contact has the key `c2`"


def test_names_that_no_line_of_json_has_are_null(lake, events):
    lake.load("contacts", "contact_id\nc1\n")
    path = lake.file("a.jsonl", '{"who": "c1", "what": "purchase", "when": "2026-01-05"}')
    assert lake.load("activities", path, mapping=events).landed == 1
    assert lake.rows("activities", "revenue") == [(None,)]


def test_a_name_without_which_no_line_can_land_must_be_there(lake, events):
    path = lake.file("a.jsonl", '{"who": "c1", "what": "purchase", "at": "2026-01-05"}')
    with pytest.raises(ImportFailed, match="there is no column `when`"):
        lake.load("activities", path, mapping=events)
