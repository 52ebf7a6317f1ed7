"""Days that changed are computed again, and no others; any history ends where a full computation does."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from decimal import Decimal

import polars as pl
import pytest

from segmentation_pipeline.analytics.tables import TABLES

BUYERS = "where: {event: purchase, within: last 3 days}"
ADULTS = "where: {field: age, operator: greater_than_or_equal, value: 30}"
START = dt.datetime(2026, 5, 30, 22, tzinfo=dt.UTC)
KINDS = ("email_delivered", "email_opened", "email_clicked", "purchase", "login")


@pytest.fixture
def lively(shop):
    """Two segments, published on 1 and 4 June, and analytics of them."""
    shop.segment("buyers", BUYERS)
    shop.segment("adults", ADULTS)
    shop.event("a", "purchase", "2026-06-01T06:00", revenue=Decimal(1))
    shop.arrive()
    shop.run("2026-06-01T08:00")
    shop.event("b", "purchase", "2026-06-03T06:00", revenue=Decimal(2))
    shop.arrive()
    shop.run("2026-06-04T08:00")
    shop.update()
    return shop


def test_nothing_new_computes_nothing(lively):
    versions = {table.name: lively.store.version(table.name) for table in TABLES}
    assert lively.update().published == ()
    assert {table.name: lively.store.version(table.name) for table in TABLES} == versions


def test_a_run_computes_the_days_from_the_one_before_on(lively):
    lively.run("2026-06-05T08:00")
    assert lively.update().published == (dt.date(2026, 6, 4), dt.date(2026, 6, 5))


def test_a_late_event_changes_its_own_day(lively):
    before = lively.day("adults", "2026-06-02")
    lively.event("c", "purchase", "2026-06-02T09:00", revenue=Decimal(5))
    lively.arrive()
    assert lively.update().published == (dt.date(2026, 6, 2),)
    after = lively.day("adults", "2026-06-02")
    assert after["revenue"] - before["revenue"] == Decimal(5)


def test_events_that_are_taken_out_change_every_day(lively):
    rows = lively.store.scan("activities").filter(pl.col("contact_id") != "b").collect()
    table = lively.store.scan("activities").collect_schema()
    assert rows.schema == table
    lively.waiting = []
    from_scratch = rows.drop("month").to_dicts()
    assert len(from_scratch) == 1
    lively.rewrite_events(rows)
    assert len(lively.update().published) == 4
    assert sum(revenue for (revenue,) in lively.rows("segment_analytics", "revenue")) == 0


def test_recomputing_a_day_replaces_it(lively):
    before = [lively.rows(table.name, *table.schema.names()) for table in TABLES]
    lively.update("2026-06-02")
    assert [lively.rows(table.name, *table.schema.names()) for table in TABLES] == before


def test_a_day_after_the_last_run_has_no_rows(lively):
    lively.update("2026-06-09")
    assert max(lively.rows("segment_analytics", "date")) == (dt.date(2026, 6, 4),)


def test_days_before_the_first_run_are_evaluated_again(shop):
    shop.segment("buyers", BUYERS)
    shop.segment("adults", ADULTS)
    shop.event("a", "purchase", "2026-05-28T06:00", revenue=Decimal(1))
    shop.event("a", "email_opened", "2026-05-30T06:00", message_id="m")
    shop.event("a", "email_opened", "2026-06-01T06:00", message_id="m")
    shop.arrive()
    shop.run("2026-06-05T08:00")
    done = shop.update(*(f"2026-05-{day}" for day in (28, 29, 30, 31)), "2026-06-01")
    assert len(done.recomputed) == 5
    columns = ("date", "contact_count", "entered", "exited", "opens", "membership")
    held = shop.rows("segment_analytics", *columns, segment_id="buyers")
    assert held == [
        (dt.date(2026, 5, 28), 0, 0, 0, 0, "from events"),
        (dt.date(2026, 5, 29), 1, 1, 0, 0, "from events"),
        (dt.date(2026, 5, 30), 1, 0, 0, 1, "from events"),
        (dt.date(2026, 5, 31), 1, 0, 0, 0, "from events"),
        (dt.date(2026, 6, 1), 0, 0, 1, 0, "from events"),
    ]
    said = shop.rows("segment_analytics", "membership", segment_id="adults")
    assert set(said) == {("with today's attributes",), ("published",)}


@pytest.mark.integration
def test_a_night_at_each_days_start_publishes_what_is_evaluated_again(shop, tmp_path):
    """Nightly runs, and one run at the end with a backfill, say the same of rules over events alone."""
    shop.segment("buyers", BUYERS)
    shop.segment("readers", "where: {event: email_opened, operator: greater_than, value: 1}")
    draws = random.Random(5)
    for _ in range(60):
        at = START + dt.timedelta(minutes=draws.randrange(60 * 24 * 9))
        kind = draws.choice(KINDS)
        more = {"revenue": Decimal(draws.randrange(9999)) / 100} if kind == "purchase" else {}
        shop.event(draws.choice("abc"), kind, at, **more)
    shop.arrive()
    shutil.copytree(shop.root / "lake", tmp_path / "once" / "lake")
    shutil.copytree(shop.root / "segment_definitions", tmp_path / "once" / "segment_definitions")
    once = type(shop)(tmp_path / "once")
    nights = [START + dt.timedelta(days=number) for number in range(10)]
    for night in nights:
        shop.run(night)
    once.run(nights[-1])
    shop.update()
    once.update(*(f"{night + dt.timedelta(hours=2):%Y-%m-%d}" for night in nights))
    columns = [name for name in shop.store.schema("segment_analytics") if name != "membership"]
    nightly = {row[:2]: row for row in shop.rows("segment_analytics", *columns)}
    backfilled = {row[:2]: row for row in once.rows("segment_analytics", *columns)}
    last = dt.date(2026, 6, 9)
    # The one run publishes everybody at once on the last day, whom the nights published as they came.
    shared = [key for key in nightly if key[1] < last]
    assert len(shared) > 10
    assert [nightly[key] for key in shared] == [backfilled[key] for key in shared]


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.integration) for seed in range(1, 8))]
)
def test_any_history_ends_in_the_analytics_of_a_full_computation(shop, seed):
    draws = random.Random(seed)
    shop.segment("buyers", BUYERS)
    shop.segment("adults", ADULTS)
    now = START
    for _ in range(6):
        for _ in range(draws.randrange(8)):
            at = now - dt.timedelta(minutes=draws.randrange(60 * 24 * 4))
            kind = draws.choice(KINDS)
            shop.event(
                draws.choice("abc"),
                kind,
                at,
                revenue=Decimal(draws.randrange(999)) / 100 if kind == "purchase" else None,
                message_id=draws.choice(["m1", "m2", None]) if kind.startswith("email") else None,
                campaign_id=draws.choice(["x", "y", None]) if kind.startswith("email") else None,
            )
        shop.arrive()
        if draws.random() < 0.3:
            shop.contacts(a=draws.randrange(20, 40), b=draws.randrange(20, 40), c=40)
        shop.run(now)
        if draws.random() < 0.6:
            shop.update()
        now += dt.timedelta(hours=draws.choice([5, 24, 30]))
    shop.update()
    grown = [shop.rows(table.name, *table.schema.names()) for table in TABLES]
    shop.update(full=True)
    assert [shop.rows(table.name, *table.schema.names()) for table in TABLES] == grown
    assert shop.judged() == shop.counted()
