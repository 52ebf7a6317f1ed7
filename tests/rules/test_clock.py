"""Windows and moments at an ``as_of``: cases at both sides of every edge."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.rules.clock import DAY, Clock, is_reversed, to_date, to_day, to_micros
from segmentation_pipeline.rules.moments import Day, LocalInstant, RelativeInstant
from segmentation_pipeline.rules.time_grammar import read_moment, read_window
from segmentation_pipeline.rules.windows import Bounds, Complete, Period, Rolling

PARIS, NEW_YORK, LORD_HOWE = "Europe/Paris", "America/New_York", "Australia/Lord_Howe"
HOUR = DAY // 24


def at(text: str) -> int:
    """µs of an ISO instant; without an offset it is UTC."""
    instant = dt.datetime.fromisoformat(text)
    return to_micros(instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC))


def clock(as_of: str, zone: str = "Etc/UTC", week_starts: int = 0) -> Clock:
    return Clock(at(as_of), zone, week_starts)


def span(window: str, as_of: str, zone: str = "Etc/UTC", week_starts: int = 0) -> tuple:
    return clock(as_of, zone, week_starts).span(read_window(window))


def day_span(window: str, as_of: str, zone: str = "Etc/UTC", week_starts: int = 0) -> tuple:
    lo, hi = clock(as_of, zone, week_starts).day_span(read_window(window))
    return lo if lo is None else to_date(lo).isoformat(), hi if hi is None else to_date(hi - 1).isoformat()


def inside(value: int, bounds: tuple) -> bool:
    lo, hi = bounds
    return (lo is None or lo <= value) and (hi is None or value < hi)


# as_of is included, the far end of `last N` is not; `next N` is its mirror image.
ROLLING = [
    ("last 1 minute", "2026-03-31T10:00", "2026-03-31T09:59", "2026-03-31T10:00"),
    ("last 2 hours", "2026-03-31T10:00", "2026-03-31T08:00", "2026-03-31T10:00"),
    ("last 30 days", "2026-03-31T10:00", "2026-03-01T10:00", "2026-03-31T10:00"),
    ("last 2 weeks", "2026-03-31T10:00", "2026-03-17T10:00", "2026-03-31T10:00"),
    ("last 1 month", "2026-03-31T10:00", "2026-02-28T10:00", "2026-03-31T10:00"),
    ("last 1 month", "2024-03-31T10:00", "2024-02-29T10:00", "2024-03-31T10:00"),
    ("last 1 month", "2026-02-28T10:00", "2026-01-28T10:00", "2026-02-28T10:00"),
    ("last 1 quarter", "2026-05-31T10:00", "2026-02-28T10:00", "2026-05-31T10:00"),
    ("last 1 year", "2024-02-29T10:00", "2023-02-28T10:00", "2024-02-29T10:00"),
    ("last 4 years", "2024-02-29T10:00", "2020-02-29T10:00", "2024-02-29T10:00"),
]


@pytest.mark.parametrize(("window", "as_of", "after", "last"), ROLLING)
def test_last_excludes_its_far_end_and_includes_as_of(window, as_of, after, last):
    bounds = span(window, as_of)
    assert [inside(at(after) + step, bounds) for step in (0, 1)] == [False, True]
    assert [inside(at(last) + step, bounds) for step in (0, 1)] == [True, False]


@pytest.mark.parametrize(
    ("window", "as_of", "end"),
    [
        ("next 1 minute", "2026-03-31T10:00", "2026-03-31T10:01"),
        ("next 7 days", "2026-03-31T10:00", "2026-04-07T10:00"),
        ("next 1 month", "2026-01-31T10:00", "2026-02-28T10:00"),
        ("next 1 year", "2024-02-29T10:00", "2025-02-28T10:00"),
    ],
)
def test_next_includes_as_of_and_excludes_its_far_end(window, as_of, end):
    bounds = span(window, as_of)
    assert [inside(at(as_of) + step, bounds) for step in (-1, 0)] == [False, True]
    assert [inside(at(end) + step, bounds) for step in (-1, 0)] == [True, False]


def test_last_days_have_24_hours_across_a_change_of_dst():
    lo, _ = span("last 1 day", "2026-03-29T12:00+02:00", PARIS)
    assert lo == at("2026-03-28T11:00+01:00") + 1


def test_last_month_keeps_the_wall_clock_across_a_change_of_dst():
    lo, _ = span("last 1 month", "2026-04-10T10:30+02:00", PARIS)
    assert lo == at("2026-03-10T10:30+01:00") + 1


def test_a_month_moved_into_the_skipped_hour_lies_an_hour_later():
    lo, _ = span("last 1 month", "2026-04-29T02:30+02:00", PARIS)
    assert lo == at("2026-03-29T03:30+02:00") + 1


def test_now_in_a_repeated_hour_is_as_of_itself():
    second = "2026-10-25T02:30+01:00"
    assert clock(second, PARIS).extent(RelativeInstant(0, "month"))[0] == at(second)


WHOLE_UNITS = [
    # Days of 23, 24 and 25 hours; half an hour of DST on Lord Howe Island.
    ("today", "2026-03-29T12:00Z", PARIS, "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 23),
    ("today", "2026-10-25T12:00Z", PARIS, "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", 25),
    ("yesterday", "2026-03-09T12:00Z", NEW_YORK, "2026-03-08T00:00-05:00", "2026-03-09T00:00-04:00", 23),
    ("tomorrow", "2026-10-31T12:00Z", NEW_YORK, "2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00", 25),
    ("today", "2026-10-04T03:00Z", LORD_HOWE, "2026-10-04T00:00+10:30", "2026-10-05T00:00+11:00", 23.5),
    ("today", "2026-04-05T03:00Z", LORD_HOWE, "2026-04-05T00:00+11:00", "2026-04-06T00:00+10:30", 24.5),
    # Midnight that does not exist: the day starts at 01:00.
    (
        "today",
        "2018-11-04T12:00Z",
        "America/Sao_Paulo",
        "2018-11-04T01:00-02:00",
        "2018-11-05T00:00-02:00",
        23,
    ),
    ("today", "2026-04-24T12:00Z", "Africa/Cairo", "2026-04-24T01:00+03:00", "2026-04-25T00:00+03:00", 23),
    # Midnight that comes twice: the day starts at the first.
    ("today", "2026-11-01T12:00Z", "America/Havana", "2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00", 25),
    # A day that the zone left out altogether.
    ("yesterday", "2011-12-30T12:00Z", "Pacific/Apia", "2011-12-31T00:00+14:00", "2011-12-31T00:00+14:00", 0),
    (
        "last 2 complete days",
        "2026-03-30T12:00Z",
        PARIS,
        "2026-03-28T00:00+01:00",
        "2026-03-30T00:00+02:00",
        47,
    ),
    (
        "next 2 complete days",
        "2026-03-28T12:00Z",
        PARIS,
        "2026-03-29T00:00+01:00",
        "2026-03-31T00:00+02:00",
        47,
    ),
    (
        "last 1 complete week",
        "2026-03-31T12:00Z",
        PARIS,
        "2026-03-23T00:00+01:00",
        "2026-03-30T00:00+02:00",
        167,
    ),
    ("this week", "2026-03-31T12:00Z", "Etc/UTC", "2026-03-30", "2026-04-06", 168),
    ("previous week", "2026-03-30T00:00Z", "Etc/UTC", "2026-03-23", "2026-03-30", 168),
    ("next week", "2026-04-05T23:59Z", "Etc/UTC", "2026-04-06", "2026-04-13", 168),
    ("this month", "2024-02-29T12:00Z", "Etc/UTC", "2024-02-01", "2024-03-01", 29 * 24),
    ("previous month", "2026-03-31T12:00Z", "Etc/UTC", "2026-02-01", "2026-03-01", 28 * 24),
    ("next month", "2026-12-31T12:00Z", "Etc/UTC", "2027-01-01", "2027-02-01", 31 * 24),
    ("this quarter", "2026-03-31T12:00Z", "Etc/UTC", "2026-01-01", "2026-04-01", 90 * 24),
    ("previous quarter", "2026-01-01T00:00Z", "Etc/UTC", "2025-10-01", "2026-01-01", 92 * 24),
    ("next quarter", "2026-12-31T12:00Z", "Etc/UTC", "2027-01-01", "2027-04-01", 90 * 24),
    ("this year", "2024-02-29T12:00Z", "Etc/UTC", "2024-01-01", "2025-01-01", 366 * 24),
    ("previous year", "2024-02-29T12:00Z", "Etc/UTC", "2023-01-01", "2024-01-01", 365 * 24),
    ("last 3 complete months", "2026-03-31T12:00Z", "Etc/UTC", "2025-12-01", "2026-03-01", 90 * 24),
    ("next 2 complete months", "2026-01-31T12:00Z", "Etc/UTC", "2026-02-01", "2026-04-01", 59 * 24),
    ("last 2 complete quarters", "2026-05-01T00:00Z", "Etc/UTC", "2025-10-01", "2026-04-01", 182 * 24),
    ("last 1 complete year", "2026-01-01T00:00Z", "Etc/UTC", "2025-01-01", "2026-01-01", 365 * 24),
    # The local day decides which month it is.
    ("this month", "2026-03-31T22:30Z", PARIS, "2026-04-01T00:00+02:00", "2026-05-01T00:00+02:00", 720),
    ("this month", "2026-04-01T03:30Z", NEW_YORK, "2026-03-01T00:00-05:00", "2026-04-01T00:00-04:00", 743),
]


@pytest.mark.parametrize(("window", "as_of", "zone", "start", "end", "hours"), WHOLE_UNITS)
def test_whole_units_are_local_and_keep_their_future(window, as_of, zone, start, end, hours):
    bounds = span(window, as_of, zone)
    assert bounds == (at(start), at(end))
    assert (bounds[1] - bounds[0]) / HOUR == hours


@pytest.mark.parametrize(
    ("as_of", "week_starts", "first"),
    [
        ("2026-03-29T12:00", 0, "2026-03-23"),
        ("2026-03-30T00:00", 0, "2026-03-30"),
        ("2026-03-28T23:59", 6, "2026-03-22"),
        ("2026-03-29T00:00", 6, "2026-03-29"),
        ("2026-03-27T12:00", 5, "2026-03-21"),
        ("2026-03-28T12:00", 5, "2026-03-28"),
        ("1969-12-30T12:00", 0, "1969-12-29"),
    ],
)
def test_weeks_start_where_the_workspace_says(as_of, week_starts, first):
    assert span("this week", as_of, week_starts=week_starts) == (at(first), at(first) + 7 * DAY)


BOUNDS = [
    ("between 2026-03-01 and 2026-03-31", "2026-03-01T00:00", "2026-03-31T23:59:59.999999"),
    ("since 2026-03-01", "2026-03-01T00:00", None),
    ("until 2026-03-31", None, "2026-03-31T23:59:59.999999"),
    ("before 2026-03-31", None, "2026-03-30T23:59:59.999999"),
    ("after 2026-03-31", "2026-04-01T00:00", None),
    ("between 2026-03-01T10:00 and 2026-03-01T10:00", "2026-03-01T10:00", "2026-03-01T10:00"),
    ("before 2026-03-31T10:00", None, "2026-03-31T09:59:59.999999"),
    ("after 2026-03-31T10:00", "2026-03-31T10:00:00.000001", None),
    ("until now", None, "2026-03-31T12:00"),
    ("since 30 days ago", "2026-03-01T12:00", None),
    ("after 30 days ago", "2026-03-01T12:00:00.000001", None),
    ("between yesterday and tomorrow", "2026-03-30T00:00", "2026-04-01T23:59:59.999999"),
    ("between 2026-03-30 and now", "2026-03-30T00:00", "2026-03-31T12:00"),
]


@pytest.mark.parametrize(("window", "first", "last"), BOUNDS)
def test_bounds_include_their_ends_unless_before_or_after(window, first, last):
    lo, hi = span(window, "2026-03-31T12:00")
    assert lo == (None if first is None else at(first))
    assert hi == (None if last is None else at(last) + 1)


def test_a_between_that_turns_out_reversed_is_empty():
    lo, hi = span("between 2026-03-01 and 60 days ago", "2026-03-31T12:00")
    assert lo == hi == at("2026-03-01")


def test_ever_has_no_bounds():
    assert span("ever", "2026-03-31T12:00") == (None, None)
    assert day_span("ever", "2026-03-31T12:00") == (None, None)


DAY_SPANS = [
    ("last 1 day", "2026-03-31", "2026-03-31"),
    ("last 30 days", "2026-03-02", "2026-03-31"),
    ("last 1 week", "2026-03-25", "2026-03-31"),
    ("last 1 month", "2026-03-01", "2026-03-31"),
    ("last 1 quarter", "2026-01-01", "2026-03-31"),
    ("last 1 year", "2025-04-01", "2026-03-31"),
    ("last 24 hours", "2026-03-31", "2026-03-31"),
    ("last 48 hours", "2026-03-30", "2026-03-31"),
    ("last 601 minutes", "2026-03-31", "2026-03-31"),
    ("next 1 day", "2026-03-31", "2026-03-31"),
    ("next 7 days", "2026-03-31", "2026-04-06"),
    ("next 1 month", "2026-03-31", "2026-04-29"),
    ("next 24 hours", "2026-03-31", "2026-03-31"),
    ("today", "2026-03-31", "2026-03-31"),
    ("last 3 complete months", "2025-12-01", "2026-02-28"),
    ("between 2026-03-01 and 2026-03-31", "2026-03-01", "2026-03-31"),
    ("between 2026-03-01T23:30 and 2026-03-31T00:00", "2026-03-01", "2026-03-31"),
    ("since 2026-03-31T23:30Z", "2026-04-01", None),
    ("until 30 days ago", None, "2026-03-01"),
    ("before 30 days ago", None, "2026-02-28"),
    ("after 2026-03-31", "2026-04-01", None),
]


@pytest.mark.parametrize(("window", "first", "last"), DAY_SPANS)
def test_date_fields_count_local_days(window, first, last):
    assert day_span(window, "2026-03-31T10:00+02:00", PARIS) == (first, last)


def test_hours_within_one_day_hold_no_later_day():
    assert clock("2026-03-31T10:00").day_span(read_window("last 2 hours")) == (20544, 20544)


def test_last_days_and_after_days_ago_agree_on_dates_across_dst():
    just_after_midnight = clock("2026-03-30T00:30+02:00", PARIS)
    last = just_after_midnight.day_span(read_window("last 1 day"))
    after = just_after_midnight.day_span(read_window("after 1 day ago"))
    assert last[0] == after[0] == to_day(dt.date(2026, 3, 30))


@pytest.mark.parametrize(
    ("moment", "start", "end"),
    [
        ("now", "2026-03-31T10:00+02:00", None),
        ("30 days ago", "2026-03-01T09:00+01:00", None),
        ("2 weeks from now", "2026-04-14T10:00+02:00", None),
        ("1 month ago", "2026-02-28T10:00+01:00", None),
        ("2026-03-29T02:30", "2026-03-29T03:30+02:00", None),
        ("2026-10-25T02:30", "2026-10-25T02:30+02:00", None),
        ("2026-03-31T10:00:00.000001Z", "2026-03-31T10:00:00.000001", None),
        ("today", "2026-03-31T00:00+02:00", "2026-04-01T00:00+02:00"),
        ("2026-03-29", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"),
        ("today - 1 month", "2026-02-28T00:00+01:00", "2026-03-01T00:00+01:00"),
        ("today - 1 month + 3 days", "2026-03-03T00:00+01:00", "2026-03-04T00:00+01:00"),
        ("today + 3 days - 1 month", "2026-03-03T00:00+01:00", "2026-03-04T00:00+01:00"),
        ("2024-02-29 - 1 year", "2023-02-28T00:00+01:00", "2023-03-01T00:00+01:00"),
    ],
)
def test_a_moment_is_an_instant_or_a_whole_local_day(moment, start, end):
    found = clock("2026-03-31T10:00+02:00", PARIS).extent(read_moment(moment))
    assert found == (at(start), at(start) + 1 if end is None else at(end))


def test_half_an_hour_that_lord_howe_skips():
    wall = LocalInstant(dt.datetime(2026, 10, 4, 2, 15))
    assert clock("2026-10-01T00:00", LORD_HOWE).extent(wall)[0] == at("2026-10-04T02:45+11:00")


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-31T22:30Z", "2026-04-01"),
        ("2026-03-31T22:30", "2026-03-31"),
        ("now", "2026-03-31"),
        ("11 hours ago", "2026-03-30"),
        ("2026-03-31", "2026-03-31"),
        ("1 month from now", "2026-04-30"),
    ],
)
def test_on_a_date_an_instant_stands_for_its_local_day(moment, day):
    number = to_day(dt.date.fromisoformat(day))
    assert clock("2026-03-31T10:00+02:00", PARIS).days(read_moment(moment)) == (number, number + 1)


@pytest.mark.parametrize(
    ("value", "as_of", "expected"),
    [
        (read_moment("today"), "2026-02-28T12:00", {(2, 28), (2, 29)}),
        (read_moment("today"), "2024-02-28T12:00", {(2, 28)}),
        (read_moment("today"), "2024-02-29T12:00", {(2, 29)}),
        (read_moment("today + 2 days"), "2026-12-30T12:00", {(1, 1)}),
        (read_window("next 3 days"), "2026-12-30T12:00", {(12, 30), (12, 31), (1, 1)}),
        (read_window("last 2 days"), "2026-03-01T12:00", {(2, 28), (2, 29), (3, 1)}),
        (read_window("last 1 hour"), "2026-03-01T12:00", set()),
    ],
)
def test_anniversaries_fall_on_28_february_in_a_common_year(value, as_of, expected):
    assert clock(as_of).anniversary_days(value) == expected


@pytest.mark.parametrize("window", ["ever", "since 2026-01-01", "this year", "last 400 days"])
def test_a_window_of_a_year_holds_every_anniversary(window):
    assert len(clock("2026-03-31T12:00").anniversary_days(read_window(window))) == 366


def test_local_day_follows_the_zone():
    paris = clock("2026-03-31T12:00", PARIS)
    midnight = at("2026-03-29T00:00+01:00")
    assert [to_date(paris.local_day(midnight + step)).day for step in (-1, 0)] == [28, 29]
    assert paris.today == dt.date(2026, 3, 31)


def test_local_day_takes_instants_no_datetime_can_hold():
    assert clock("2026-03-31T12:00", PARIS).local_day(10**18) == 10**18 // DAY
    assert clock("2026-03-31T12:00", PARIS).local_day(-(10**18)) == -(10**18) // DAY


def test_the_first_and_the_last_day_of_the_calendar_have_extents():
    utc = clock("2026-03-31T12:00")
    assert utc.extent(Day(dt.date.max)) == (at("9999-12-31"), at("9999-12-31") + DAY)
    assert utc.extent(Day(dt.date.min)) == (at("0001-01-01"), at("0001-01-01") + DAY)


@pytest.mark.parametrize("method", ["span", "day_span"])
@pytest.mark.parametrize(
    "window",
    [
        Rolling("last", 10**6, "day"),
        Rolling("last", 10**15, "week"),
        Rolling("next", 10**15, "minute"),
        Rolling("next", 10**15, "year"),
        Complete("last", 10**5, "month"),
        Complete("next", 10**15, "day"),
        Bounds(lower=Day(None, ((-5000, "year"),))),
        Bounds(upper=RelativeInstant(10**9, "hour")),
        Period(9999, "year"),
    ],
)
def test_outside_the_calendar_is_a_value_error(window, method):
    with pytest.raises(ValueError, match="outside the years 1 to 9999"):
        getattr(clock("2026-03-31T12:00"), method)(window)


def test_an_unknown_zone_is_named():
    with pytest.raises(
        ValueError, match=r"`Europe/Pariss` is not a time zone .* did you mean `Europe/Paris`"
    ):
        Clock(0, "Europe/Pariss")


@pytest.mark.parametrize("zone", ["", "Europe", "../etc/passwd", "/etc/localtime"])
def test_what_is_no_zone_is_refused(zone):
    with pytest.raises(ValueError, match="is not a time zone"):
        Clock(0, zone)


def test_week_starts_is_a_weekday():
    with pytest.raises(ValueError, match="0 is Monday, 6 is Sunday"):
        Clock(0, "Etc/UTC", 7)


def test_a_time_without_offset_is_no_as_of():
    with pytest.raises(ValueError, match="has no offset"):
        to_micros(dt.datetime(2026, 3, 31))


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        ("2026-03-02", "2026-03-01", True),
        ("2026-03-01", "2026-03-01", False),
        ("30 days ago", "31 days ago", True),
        ("28 days ago", "1 month ago", False),
        ("27 days ago", "1 month ago", True),
        ("1 day ago", "1 month ago", True),
        ("tomorrow", "1 hour from now", False),
        ("tomorrow", "yesterday", True),
        ("2026-03-01", "1 year ago", False),
        ("2026-03-01T12:00", "2026-03-01T10:00Z", False),
        ("2026-03-03T12:00", "2026-03-01T10:00Z", True),
    ],
)
def test_reversed_means_whatever_the_as_of(lower, upper, expected):
    assert is_reversed(read_moment(lower), read_moment(upper)) is expected
