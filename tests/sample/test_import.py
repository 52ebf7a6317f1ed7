"""The committed files go through the real import by the shipped mappings, faults on purpose included."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest


@pytest.mark.parametrize(
    ("source", "rejected", "orphaned"),
    [
        ("sample_companies", 0, 0),
        ("sample_contacts", 4, 0),
        ("sample_contact_changes", 0, 0),
        ("sample_tags", 0, 0),
        ("sample_contact_tags", 0, 0),
        ("sample_email_preferences", 0, 0),
        ("sample_suppressions", 0, 0),
        ("sample_relationships", 0, 0),
        ("sample_automation_states", 0, 0),
        ("sample_campaigns", 0, 0),
        ("sample_campaign_interactions", 0, 0),
        ("sample_notes", 0, 0),
        ("sample_activities", 2, 45),
        ("sample_orders", 1, 0),
    ],
)
def test_every_row_lands_but_the_faults_made_on_purpose(
    imported, sample, sources, source, rejected, orphaned
):
    job = imported[0][source]
    file = sources[source].files[0].rpartition("/")[2].replace("*", "")
    assert (job.rejected, job.orphaned) == (rejected, orphaned)
    assert job.read == sample.rows[file]
    assert job.landed == job.read - rejected - orphaned


def test_no_column_is_left_out(imported):
    assert {name: job.unmapped for name, job in imported[0].items() if job.unmapped} == {}


def test_the_second_export_of_contacts_leaves_a_history(imported, sample):
    history = imported[1].scan("contact_history").collect()
    assert history.height == sample.rows["contact_changes.csv"]
    assert set(history["field_name"]) == {"custom.lifecycle_stage"}
    assert history["job"].unique().to_list() == [imported[0]["sample_contact_changes"].job]


def test_contacts_land_with_their_custom_fields(imported):
    _, store = imported
    contact = store.scan("contacts").filter(pl.col("contact_id") == "c-0007").collect().row(0, named=True)
    values = store.scan("contact_custom_field_values").filter(pl.col("contact_id") == "c-0007").collect()
    assert contact["email"] == contact["email"].lower()
    assert contact["full_name"] == f"{contact['first_name']} {contact['last_name']}"
    assert "plan_tier" in values["field_name"].to_list()


def test_orders_become_purchases_in_utc_with_exact_money(imported):
    _, store = imported
    first = store.scan("activities").filter(pl.col("activity_id") == "l-00001").collect().row(0, named=True)
    assert first["activity_type"] == "purchase"
    assert first["occurred_at"].tzinfo is not None
    assert first["revenue"] == first["unit_price"] * first["quantity"]
    assert isinstance(first["revenue"], Decimal)


def test_lifetime_value_is_what_was_bought_less_what_was_cancelled(imported):
    _, store = imported
    amount = pl.col("revenue") * pl.when(pl.col("activity_type") == "purchase").then(1).otherwise(-1)
    lines = store.scan("activities").filter(pl.col("activity_type").str.starts_with("purchase"))
    worth = lines.group_by("contact_id").agg(worth=amount.sum()).filter(pl.col("worth") > 0).collect()
    values = (
        store.scan("contact_custom_field_values").filter(pl.col("field_name") == "lifetime_value").collect()
    )
    joined = worth.join(values, on="contact_id")
    assert len(joined) == len(worth) > 100
    assert joined.filter(pl.col("worth").cast(pl.Decimal(38, 6)) != pl.col("value_number")).is_empty()


def test_a_birthday_is_read_with_the_day_first(imported):
    _, store = imported
    values = store.scan("contact_custom_field_values").filter(pl.col("field_name") == "birth_date").collect()
    assert dt.date(1992, 2, 29) in values["value_date"].to_list()
