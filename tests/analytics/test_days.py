"""What a day says of a segment."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.lake.tables import catalog_table

BUYERS = "where: {event: purchase}"
ADULTS = "where: {field: age, operator: greater_than_or_equal, value: 30}"
EVERYONE = "where: {everyone: true}"


@pytest.fixture
def adults(shop):
    """b and c are adults since 1 June, 00:30 in Paris."""
    shop.segment("adults", ADULTS)
    shop.event("a", "login", "2026-05-01T12:00")
    shop.arrive()
    shop.run("2026-05-31T22:30")
    return shop


def test_only_what_members_did_while_they_were_members_counts(shop):
    shop.segment("buyers", BUYERS)
    shop.event("a", "purchase", "2026-06-01T08:00", revenue=Decimal("10.25"))
    shop.arrive()
    shop.run("2026-06-01T09:00")
    shop.event("a", "purchase", "2026-06-01T10:00", revenue=Decimal("2.50"))
    shop.event("b", "purchase", "2026-06-01T11:00", revenue=Decimal("99.00"))
    shop.arrive()
    shop.run("2026-06-01T12:00")
    shop.event("b", "purchase", "2026-06-01T12:00", revenue=Decimal("0.01"))
    shop.arrive()
    shop.update()
    row = shop.day("buyers", "2026-06-01")
    assert (row["contact_count"], row["entered"], row["exited"]) == (2, 2, 0)
    assert (row["conversions"], row["revenue"]) == (2, Decimal("2.5100"))


def test_days_are_those_of_the_workspaces_zone(adults):
    adults.event("b", "purchase", "2026-06-01T21:59:59.999999", revenue=Decimal(1))
    adults.event("b", "purchase", "2026-06-01T22:00", revenue=Decimal(2))
    adults.arrive()
    adults.run("2026-06-02T12:00")
    adults.update()
    revenues = adults.rows("segment_analytics", "date", "revenue")
    assert revenues == [(dt.date(2026, 6, 1), Decimal(1)), (dt.date(2026, 6, 2), Decimal(2))]


def test_opens_of_one_message_are_one_unique_open_a_contact(adults):
    for key, message in (("b", "m1"), ("b", "m1"), ("b", "m2"), ("c", "m1"), ("a", "m1")):
        adults.event(key, "email_opened", "2026-06-01T10:00", message_id=message)
    adults.event("b", "email_delivered", "2026-06-01T09:00", message_id="m1")
    adults.event("c", "email_clicked", "2026-06-01T09:00")
    adults.event("c", "email_clicked", "2026-06-01T09:00")
    adults.arrive()
    adults.update()
    row = adults.day("adults", "2026-06-01")
    assert (row["emails_delivered"], row["opens"], row["unique_opens"]) == (1, 4, 3)
    assert (row["clicks"], row["unique_clicks"]) == (2, 2)  # without a message each is its own
    assert (row["open_rate"], row["click_rate"], row["conversion_rate"]) == (3.0, 2.0, 0.0)


def test_rates_are_null_where_nothing_was_delivered(adults):
    adults.event("b", "email_opened", "2026-06-01T10:00", message_id="m1")
    adults.arrive()
    adults.update()
    row = adults.day("adults", "2026-06-01")
    assert (row["unique_opens"], row["open_rate"], row["click_rate"]) == (1, None, None)


def test_a_day_on_which_nothing_happened_has_a_row(adults):
    adults.run("2026-06-04T10:00")
    adults.update()
    assert adults.rows("segment_analytics", "date", "contact_count", "revenue") == [
        (dt.date(2026, 6, day), 2, Decimal(0)) for day in (1, 2, 3, 4)
    ]


def test_objects_without_such_events_have_sizes_alone(shop):
    table = catalog_table(shop.catalog, "companies")
    rows = pl.DataFrame({"company_id": ["x"], "size": [9], "object_index": [0]}, schema=table.schema)
    shop.store.replace(table, rows)
    shop.segment("big", "object: company\nwhere: {field: size, operator: greater_than, value: 5}")
    shop.run("2026-06-01T09:00")
    shop.update()
    row = shop.day("big", "2026-06-01")
    assert (row["contact_count"], row["opens"], row["revenue"], row["open_rate"]) == (1, None, None, None)


def test_everyones_revenue_is_that_of_the_activities_to_the_cent(shop):
    shop.segment("everyone", EVERYONE)
    shop.event("a", "login", "2026-05-31T12:00")
    shop.arrive()
    shop.run("2026-05-31T22:00")
    for number in range(300):
        key, hour = "abc"[number % 3], number % 240
        at = dt.datetime(2026, 6, 1, tzinfo=dt.UTC) + dt.timedelta(hours=hour)
        shop.event(key, "purchase", at, revenue=Decimal(number) / 100)
    shop.arrive()
    shop.run("2026-06-12T10:00")
    shop.update()
    total = sum(revenue for (revenue,) in shop.rows("segment_analytics", "revenue"))
    assert total == Decimal(sum(range(300))) / 100


def test_who_left_no_longer_counts(shop):
    shop.segment("fresh", "where: {event: purchase, within: last 1 day}")
    shop.event("a", "purchase", "2026-06-01T08:00", revenue=Decimal(1))
    shop.arrive()
    shop.run("2026-06-01T09:00")
    shop.event("a", "email_opened", "2026-06-02T07:00", message_id="x")
    shop.event("a", "email_opened", "2026-06-02T10:00", message_id="y")
    shop.arrive()
    shop.run("2026-06-02T09:00")
    shop.update()
    row = shop.day("fresh", "2026-06-02")
    assert (row["contact_count"], row["exited"], row["opens"]) == (0, 1, 1)


def test_a_deleted_segment_has_rows_until_it_was_emptied(adults):
    (adults.root / "segment_definitions/segments/adults.yaml").unlink()
    adults.segment("others", EVERYONE)
    adults.run("2026-06-02T10:00")
    adults.run("2026-06-04T10:00")
    adults.update()
    assert adults.rows("segment_analytics", "date", "contact_count", segment_id="adults") == [
        (dt.date(2026, 6, 1), 2),
        (dt.date(2026, 6, 2), 0),
    ]


def test_sizes_say_why_somebody_moved(adults):
    adults.contacts(a=50, b=30, c=40)
    adults.run("2026-06-02T10:00")
    adults.update()
    named = ("date", "size", "entered", "exited", "by_data", "by_definition")
    assert adults.rows("segment_sizes", *named)[-1] == (dt.date(2026, 6, 2), 3, 1, 0, 1, 0)


def test_nothing_published_is_an_error(shop):
    with pytest.raises(RunFailed, match="nothing has been published"):
        shop.update()
