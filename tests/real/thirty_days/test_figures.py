"""Analytics by day, sizes and what is summed up of them, as DuckDB finds it from the files."""

from __future__ import annotations

import datetime as dt
import os
from decimal import Decimal

import polars as pl
import pytest

from segmentation_pipeline.analytics.tables import TABLES

pytestmark = [
    pytest.mark.integration,
    pytest.mark.real,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        "SEGMENTATION_REAL_DATA" not in os.environ, reason="SEGMENTATION_REAL_DATA is not set"
    ),
]
COUNTED = ("segment_id", "date", "contact_count", "conversions", "revenue", "entered", "exited")
OF_MAIL = ("emails_sent", "emails_delivered", "opens", "unique_opens", "clicks", "unique_clicks")
FIRST = dt.datetime(2010, 12, 1, 15, tzinfo=dt.UTC)
"""The start of 2 December in Tokyo, on which the first run published."""
RATES = ("open_rate", "click_rate", "conversion_rate")
SIZES = (
    "segment_id",
    "date",
    "size",
    "entered",
    "exited",
    "by_definition",
    "by_data",
    "by_time",
    "by_pin",
    "by_other",
)


@pytest.fixture(scope="module")
def contents(simulated):
    """Return what the tables of the analytics hold."""

    def read():
        found = {}
        for table in TABLES:
            rows = simulated.project.rows(table.name).select(table.schema.names())
            found[table.name] = rows.sort(pl.all()).rows()
        return found

    return read


@pytest.fixture(scope="module")
def evenings(calendar):
    return [run for run in calendar.runs if run.is_evening]


def rows(simulated, table, *columns):
    return simulated.project.rows(table).select(columns).sort(columns).rows()


def test_every_evening_each_day_is_that_of_duckdb(simulated, evenings, ask):
    for run in evenings:
        found = simulated.analytics[run.number].select(COUNTED).sort("segment_id", "date").rows()
        assert found == ask("analytics", run), run


def test_totals_reconcile_with_the_activities(simulated, calendar):
    """Of `everyone`, who stays, all that was bought since a contact was first published; to the cent."""
    entered = simulated.keyed("segment_transitions").filter(pl.col("segment_id") == "everyone")
    bought = simulated.project.rows("activities").filter(pl.col("activity_type") == "purchase")
    known = bought.join(entered, left_on="contact_id", right_on="contact")
    since = known.filter(pl.col("occurred_at") >= pl.col("at"))
    last = simulated.analytics[calendar.runs[-1].number].filter(pl.col("segment_id") == "everyone")
    assert (last["conversions"].sum(), last["revenue"].sum()) == (since.height, since["revenue"].sum())
    assert (since.height, since["revenue"].sum()) == (11_766, Decimal("344446.78"))
    assert (bought.height, bought["revenue"].sum()) == (35_453, Decimal("835052.04"))


def test_without_mail_there_are_no_rates(simulated, calendar):
    last = simulated.analytics[calendar.runs[-1].number]
    assert last.select(pl.col(OF_MAIL).sum()).row(0) == (0,) * len(OF_MAIL)
    assert last.select(pl.col(RATES).count()).row(0) == (0,) * len(RATES)
    assert set(last["membership"]) == {"published"}


def test_every_evening_sizes_and_reasons_are_those_of_duckdb(simulated, evenings, ask):
    for run in evenings:
        found = simulated.sizes[run.number].select(SIZES).sort("segment_id", "date").rows()
        assert found == ask("sizes", run), run


def test_a_late_file_changes_its_own_days_and_no_other(simulated, evenings):
    """Its purchases lie on two local days, on either side of midnight in Tokyo."""
    earlier, run = evenings[18:20]
    assert (earlier.arrived, run.arrived) == (19, 20)
    before, after = (
        simulated.analytics[number].filter(pl.col("date") < run.day - dt.timedelta(days=1)).select(COUNTED)
        for number in (earlier.number, run.number)
    )
    changed = after.join(before, on=COUNTED, how="anti")
    assert set(changed["date"]) == {dt.date(2010, 12, 9), dt.date(2010, 12, 10)}
    published = ("segment_id", "date", "contact_count", "entered", "exited")
    assert after.select(published).sort(published).rows() == before.select(published).sort(published).rows()


def test_retention_is_that_of_duckdb(simulated, calendar, ask):
    columns = ("segment_id", "cohort_week", "week", "weeks_since", "cohort_size", "retained")
    assert rows(simulated, "cohort_retention", *columns) == ask("retention", calendar.runs[-1])


def test_overlaps_of_cohorts_are_those_of_duckdb(simulated, calendar, ask):
    columns = ("week", "segment_a", "segment_b", "a", "b", "both")
    assert rows(simulated, "cohort_overlaps", *columns) == ask("overlaps", calendar.runs[-1])


def test_those_who_come_and_go_are_those_of_duckdb(simulated, calendar, ask):
    columns = ("segment_id", "object_key", "changes", "first_at", "last_at")
    found = [
        (*row[:3], *(at.replace(tzinfo=None) for at in row[3:]))
        for row in rows(simulated, "flapping_members", *columns)
    ]
    wanted = ask("flapping", calendar.runs[-1])
    assert found == sorted(wanted)
    assert len(found) > 10


def test_months_sum_up_the_days(simulated, calendar, ask):
    columns = (
        "segment_id",
        "month",
        "days",
        "first_count",
        "last_count",
        "conversions",
        "revenue",
        "entered",
        "exited",
    )
    assert rows(simulated, "engagement_summary", *columns) == ask("summary", calendar.runs[-1])


def test_no_campaign_has_the_credit(simulated):
    """Every purchase is there by each model, and its money."""
    found = simulated.project.rows("campaign_attribution")
    bought = simulated.project.rows("activities").filter(
        pl.col("activity_type") == "purchase", pl.col("occurred_at") >= FIRST
    )
    total, lines = bought["revenue"].sum(), bought.height
    for (model,), part in found.group_by("model"):
        assert (part["revenue"].sum(), part["conversions"].sum()) == (total, Decimal(lines)), model
    assert set(found["campaign_id"]) == {None}


def test_recomputing_one_day_changes_nothing(simulated, contents):
    before = contents()
    assert simulated.update(dt.date(2010, 12, 16)).published == (dt.date(2010, 12, 16),)
    assert contents() == before


def test_recomputing_everything_changes_nothing(simulated, calendar, contents):
    before, last = contents(), calendar.runs[-1]
    days = (last.day - dt.date(2010, 12, 2)).days + 1
    assert len(simulated.update(full=True).published) == days
    assert contents() == before
