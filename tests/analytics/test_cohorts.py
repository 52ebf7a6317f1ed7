"""Who entered in a week: who stays, who entered elsewhere too, who comes and goes."""

from __future__ import annotations

import datetime as dt

import pytest

FRESH = "where: {event: login, within: last 5 days}"
FIRST, SECOND, THIRD = (dt.date(2026, 6, day) for day in (1, 8, 15))  # Mondays


@pytest.fixture
def weeks(shop):
    """a and b log in in the first week, c and again a in the second; a run every Wednesday."""
    shop.segment("fresh", FRESH)
    shop.segment("everyone", "where: {everyone: true}")
    for key, at in (("a", "06-01"), ("b", "06-01"), ("c", "06-08"), ("a", "06-09")):
        shop.event(key, "login", f"2026-{at}T12:00")
    shop.arrive()
    for day in (3, 10, 17):
        shop.run(f"2026-06-{day:02}T10:00")
    shop.update()
    return shop


def test_cohorts_are_counted_at_the_end_of_each_week(weeks):
    rows = weeks.rows(
        "cohort_retention",
        "cohort_week",
        "week",
        "weeks_since",
        "cohort_size",
        "retained",
        segment_id="fresh",
    )
    assert rows == [
        (FIRST, FIRST, 0, 2, 2),
        (FIRST, SECOND, 1, 2, 1),
        (FIRST, THIRD, 2, 2, 0),
        (SECOND, SECOND, 0, 1, 1),
        (SECOND, THIRD, 1, 1, 0),
    ]


def test_pairs_of_a_week_count_who_entered_both(weeks):
    rows = weeks.rows("cohort_overlaps", "week", "segment_a", "segment_b", "a", "b", "both")
    assert rows == [(FIRST, "everyone", "fresh", 3, 2, 2)]


def test_who_comes_and_goes_is_named(shop):
    shop.segment("fresh", "where: {event: login, within: last 1 day}")
    for day in (1, 3):
        shop.event("a", "login", f"2026-06-0{day}T12:00")
    shop.event("b", "login", "2026-06-01T12:00")
    shop.arrive()
    for day in (1, 2, 3, 4):
        shop.run(f"2026-06-0{day}T13:00")
    shop.update()
    rows = shop.rows("flapping_members", "segment_id", "object_key", "changes")
    assert rows == [("fresh", "a", 4)]


def test_months_are_sums_of_their_days(shop):
    shop.segment("everyone", "where: {everyone: true}")
    shop.event("a", "email_delivered", "2026-06-01T10:00")
    shop.event("a", "email_delivered", "2026-06-02T10:00")
    shop.event("a", "email_opened", "2026-06-02T11:00")
    shop.event("a", "email_opened", "2026-07-01T11:00")
    shop.arrive()
    shop.run("2026-06-01T00:00")
    shop.run("2026-07-01T20:00")
    shop.update()
    columns = ("month", "days", "last_count", "emails_delivered", "unique_opens", "open_rate")
    assert shop.rows("engagement_summary", *columns) == [
        ("2026-06", 30, 3, 2, 1, 0.5),
        ("2026-07", 1, 3, 0, 1, None),
    ]
