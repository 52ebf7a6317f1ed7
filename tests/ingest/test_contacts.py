"""Keyed rows: identity, duplicates, uniqueness, updates and what stays as it is."""

from __future__ import annotations

import random
from dataclasses import replace

import polars as pl
import pytest

from segmentation_pipeline.catalog.model import Field
from segmentation_pipeline.catalog.types import Text
from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.lake.tables import catalog_table


def reasons(job):
    return [(reject.row, reject.reason) for reject in job.rejects]


def test_headings_map_by_name_and_alias_in_any_case(lake):
    job = lake.load("contacts", "Contact_ID,E-MAIL,First Name,Shoe Size\nc1,A@X.org,Ann,38\n")
    assert lake.rows("contacts", "contact_id", "email", "first_name") == [("c1", "a@x.org", "Ann")]
    assert job.unmapped == ("Shoe Size",)


def test_a_second_import_of_the_same_file_changes_nothing(lake):
    text = "contact_id,email,first_name\nc1,a@x.org,Ann\nc2,b@x.org,Bob\n"
    first, version = lake.load("contacts", text), lake.store.version("contacts")
    again = lake.load("contacts", text)
    assert (first.landed, first.unchanged) == (2, 0)
    assert (again.landed, again.unchanged) == (0, 2)
    assert lake.store.version("contacts") == version


def test_without_an_id_the_email_makes_it(lake):
    lake.load("contacts", "email,first_name\nA@x.org,Ann\n")
    job = lake.load("contacts", "email,first_name\na@X.org,Anna\n")
    assert job.landed == 1
    ((key, name),) = lake.rows("contacts", "contact_id", "first_name")
    assert key.startswith("email-")
    assert name == "Anna"


def test_without_id_and_email_a_row_is_rejected(lake):
    job = lake.load("contacts", "email,first_name\n,Ann\nb@x.org,Bob\n")
    assert (job.status, job.landed) == ("partially_completed", 1)
    assert reasons(job) == [(1, "`contact_id` is required and missing")]


def test_emails_may_be_missing_but_not_shared(lake):
    job = lake.load("contacts", "contact_id,email\nc1,a@x.org\nc2,A@X.ORG\nc3,\nc4,\n")
    assert [key for (key,) in lake.rows("contacts", "contact_id")] == ["c1", "c3", "c4"]
    assert reasons(job) == [(2, "`a@x.org` already belongs to contact `c1`, and `email` is unique")]


def test_the_holder_in_the_lake_keeps_its_email(lake):
    lake.load("contacts", "contact_id,email\nc9,a@x.org\n")
    job = lake.load("contacts", "contact_id,email\nc1,a@x.org\nc9,a@x.org\n")
    assert reasons(job) == [(1, "`a@x.org` already belongs to contact `c9`, and `email` is unique")]


def test_two_contacts_may_swap_emails_in_one_import(lake):
    lake.load("contacts", "contact_id,email\nc1,a@x.org\nc2,b@x.org\n")
    swapped = "contact_id,email\nc1,b@x.org\nc2,a@x.org\n"
    assert lake.load("contacts", swapped, batch_rows=1).rejected == 0
    assert lake.load("contacts", swapped, batch_rows=1).unchanged == 2
    assert lake.rows("contacts", "contact_id", "email") == [("c1", "b@x.org"), ("c2", "a@x.org")]


def test_a_rejected_change_keeps_the_email_that_another_wants(lake):
    lake.load("contacts", "contact_id,email\nc1,one@x.org\nc2,two@x.org\nc3,three@x.org\n")
    job = lake.load("contacts", "contact_id,email\nc1,two@x.org\nc2,three@x.org\n")
    assert sorted(row for row, _ in reasons(job)) == [1, 2]
    assert lake.rows("contacts", "contact_id", "email")[1] == ("c2", "two@x.org")


def test_of_several_rows_with_one_key_the_last_stays_and_the_others_are_counted(lake):
    text = "contact_id,first_name\nc1,Ann\nc1,Anna\nc2,Bob\n"
    job = lake.load("contacts", text, batch_rows=1)
    assert (job.read, job.landed, job.duplicates) == (3, 2, 1)
    assert lake.rows("contacts", "contact_id", "first_name") == [("c1", "Anna"), ("c2", "Bob")]
    assert lake.load("contacts", text, batch_rows=1).unchanged == 2


def test_of_several_rows_with_one_key_the_newest_stays(lake):
    lake.load("contacts", "contact_id,first_name,updated_at\nc1,New,2026-02-01\nc1,Old,2026-01-01\n")
    assert lake.rows("contacts", "contact_id", "first_name") == [("c1", "New")]


def test_an_older_row_changes_nothing(lake):
    lake.load("contacts", "contact_id,first_name,updated_at\nc1,New,2026-02-01\n")
    job = lake.load("contacts", "contact_id,first_name,updated_at\nc1,Old,2026-01-01\n")
    assert (job.landed, job.unchanged) == (0, 1)
    assert lake.rows("contacts", "contact_id", "first_name") == [("c1", "New")]


def test_what_a_file_leaves_out_is_kept_and_what_it_empties_is_emptied(lake):
    lake.load("contacts", "contact_id,first_name,country,status\nc1,Ann,FR,active\n")
    lake.load("contacts", "contact_id,first_name,country\nc1,Anna,\n")
    assert lake.rows("contacts", "contact_id", "first_name", "country", "status") == [
        ("c1", "Anna", None, "active")
    ]


def test_derived_fields_follow_what_they_come_from(lake):
    lake.load("contacts", "contact_id,first_name,last_name\nc1,Ann,Lee\n")
    lake.load("contacts", "contact_id,last_name\nc1,Poe\n")
    lake.load("contacts", "contact_id,country\nc1,FR\n")
    assert lake.rows("contacts", "contact_id", "full_name") == [("c1", "Ann Poe")]


def test_a_derived_field_that_the_source_gives_is_kept(lake):
    lake.load("contacts", "contact_id,first_name,full_name\nc1,Ann,Dr. Ann Lee\n")
    assert lake.rows("contacts", "contact_id", "full_name") == [("c1", "Dr. Ann Lee")]


def test_the_index_is_dense_in_the_order_of_arrival_and_never_reused(lake):
    lake.load("contacts", "contact_id\nz\na\n", batch_rows=1)
    lake.load("contacts", "contact_id,country\nm,\na,FR\n")
    assert lake.rows("contacts", "object_index", "contact_id") == [(0, "z"), (1, "a"), (2, "m")]
    stored = lake.store.scan("contacts").collect()
    keys = stored.filter(pl.col("contact_id") == "m").select("contact_id")
    lake.store.delete(catalog_table(lake.catalog, "contacts"), keys, ("contact_id",))
    lake.load("contacts", "contact_id\nn\n")
    assert lake.rows("contacts", "object_index", "contact_id") == [(0, "z"), (1, "a"), (3, "n")]


def test_bad_values_are_rejected_with_reasons_and_the_rest_lands(lake):
    job = lake.load("contacts", "contact_id,age,status,email\nc1,ten,active,\nc2,-1,gone,no\nc3,7,active,\n")
    assert (job.status, job.read, job.landed, job.rejected) == ("partially_completed", 3, 1, 2)
    assert [(reject.row, reject.column, reject.value) for reject in job.rejects] == [
        (1, "age", "ten"),
        (2, "email", "no"),
        (2, "status", "gone"),
        (2, "age", "-1"),
    ]
    assert reasons(job)[0] == (1, "`ten` is not a whole number of 64 bits")
    assert all(reject.reason.startswith(f"`{reject.value}` is ") for reject in job.rejects)


def test_rejects_are_kept_with_their_rows(lake):
    lake.load("contacts", "contact_id,age\nc1,ten\nc2\n")
    assert lake.rows("import_records", "row_number", "file", "column", "value", "row") == [
        (1, "file0.csv", "age", "ten", '{"contact_id": "c1", "age": "ten"}'),
        (2, "file0.csv", None, "c2", "c2"),
    ]


def test_an_import_of_which_nothing_is_good_failed(lake):
    assert lake.load("contacts", "contact_id,age\nc1,ten\n").status == "failed"


def test_a_required_field_may_be_left_out_once_it_is_stored(lake):
    lake.catalog.objects["contact"].fields["country"] = replace(
        lake.catalog.objects["contact"].fields["country"], required=True
    )
    lake.load("contacts", "contact_id,country\nc1,FR\n")
    job = lake.load("contacts", "contact_id,first_name\nc1,Ann\nc2,Bob\n")
    assert (job.landed, job.rejected) == (1, 1)


def test_a_field_that_the_catalog_gains_is_added_to_the_table(lake):
    lake.load("contacts", "contact_id\nc1\n")
    lake.catalog.objects["contact"].fields["city"] = Field("city", Text())
    lake.load("contacts", "contact_id,city\nc2,Rome\n")
    assert lake.rows("contacts", "contact_id", "city") == [("c1", None), ("c2", "Rome")]


def test_a_plain_table_is_keyed_by_its_columns(lake):
    text = "contact_id,tag\nc1,vip\nc1,new\nc1,vip\n"
    job = lake.load("contact_tag_assignments", text)
    assert (job.landed, job.duplicates) == (2, 1)
    assert lake.load("contact_tag_assignments", text).unchanged == 2


def test_an_unknown_table_lists_the_tables(lake):
    with pytest.raises(ImportFailed, match="unknown table `contatcs`") as caught:
        lake.load("contatcs", "contact_id\nc1\n")
    assert "contacts" in caught.value.allowed
    assert caught.value.hint == "did you mean `contacts`?"


def test_a_file_without_the_key_says_what_is_there(lake):
    with pytest.raises(ImportFailed, match=r"no column names `contact_id` of `contacts`; .* country, age"):
        lake.load("contacts", "country,age\nFR,1\n")


def test_a_mapped_column_that_is_not_there_says_what_is(lake):
    with pytest.raises(ImportFailed, match="there is no column `Id`") as caught:
        lake.load("contacts", "key,age\nFR,1\n", mapping="table: contacts\ncolumns: {contact_id: Id}")
    assert caught.value.allowed == ("key", "age")
    assert not lake.store.exists("import_jobs")


def test_a_mapping_cleans_before_it_types(lake):
    mapping = """
table: contacts
columns:
  contact_id: {column: Id, as: integer}
  age: {column: Age, remove: ["~", ","], strip: true}
  country: {column: Land, values: {D: Germany, "?": null}}
  created_at: {column: Since, date_order: day_first}
  status: {constant: active}
ignore: [Noise]
"""
    text = 'Id,Age,Land,Since,Noise,More\n17.0,"~1,0 ",D,03/04/2026,x,y\n18,,?,3/4/2026 10:00,x,y\n'
    job = lake.load("contacts", text, mapping=mapping, time_zone="Europe/Paris")
    assert job.unmapped == ("More",)
    rows = lake.rows("contacts", "contact_id", "age", "country", "status", "created_at")
    assert [row[:4] for row in rows] == [("17", 10, "Germany", "active"), ("18", None, None, "active")]
    assert [row[4].isoformat() for row in rows] == ["2026-04-02T22:00:00+00:00", "2026-04-03T08:00:00+00:00"]


@pytest.mark.parametrize("seed", range(4))
def test_what_lands_does_not_depend_on_batches_and_stays_the_second_time(lake, tmp_path, seed):
    chance = random.Random(seed)
    texts = []
    for rows in (4, 12):
        people = [f"c{chance.randint(1, 6)},{chance.choice('uvwxyz')}@x.org" for _ in range(rows)]
        texts.append("contact_id,email\n" + "\n".join(people) + "\n")
    (tmp_path / "other").mkdir()
    other = type(lake)(tmp_path / "other")
    first = [lake.load("contacts", text) for text in texts]
    piecemeal = [other.load("contacts", text, batch_rows=2) for text in texts]
    columns = ("contact_id", "email", "object_index")
    assert lake.rows("contacts", *columns) == other.rows("contacts", *columns)
    assert [job.rejected for job in first] == [job.rejected for job in piecemeal]
    emails = [email for _, email, _ in lake.rows("contacts", *columns)]
    assert len(set(emails)) == len(emails)
    again = other.load("contacts", texts[1], batch_rows=3)
    assert (again.landed, again.rejected) == (0, first[1].rejected)
