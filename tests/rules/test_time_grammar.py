"""Spellings of moments and windows, what is refused and how."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation_pipeline.rules.clock import to_micros
from segmentation_pipeline.rules.moments import AbsoluteInstant, Day, LocalInstant, RelativeInstant
from segmentation_pipeline.rules.time_grammar import MOMENT_FORMS, NOW, WINDOW_FORMS, read_moment, read_window
from segmentation_pipeline.rules.windows import Bounds, Complete, Ever, Period, Rolling

MARCH_31 = Day(dt.date(2026, 3, 31))
TEN = dt.datetime(2026, 3, 31, 10)
TEN_UTC = to_micros(TEN.replace(tzinfo=dt.UTC))

MOMENTS = [
    ("now", NOW),
    ("NOW", NOW),
    ("0 days ago", NOW),
    ("0 months from now", NOW),
    ("30 days ago", RelativeInstant(-30, "day")),
    ("1 day ago", RelativeInstant(-1, "day")),
    ("1 days ago", RelativeInstant(-1, "day")),
    ("30days ago", RelativeInstant(-30, "day")),
    ("  30\n days   AGO ", RelativeInstant(-30, "day")),
    ("2 weeks from now", RelativeInstant(2, "week")),
    ("5 minutes ago", RelativeInstant(-5, "minute")),
    ("1 hour from now", RelativeInstant(1, "hour")),
    ("3 quarters ago", RelativeInstant(-3, "quarter")),
    ("2026-03-31", MARCH_31),
    ("today", Day()),
    ("Yesterday", Day(None, ((-1, "day"),))),
    ("tomorrow", Day(None, ((1, "day"),))),
    ("today - 1 month + 3 days", Day(None, ((-1, "month"), (3, "day")))),
    ("today-1month+3days", Day(None, ((-1, "month"), (3, "day")))),
    ("tomorrow + 1 week", Day(None, ((1, "day"), (1, "week")))),
    ("today + 0 days", Day()),
    ("2026-03-31 - 1 year", Day(dt.date(2026, 3, 31), ((-1, "year"),))),
    ("2026-03-31-1 year", Day(dt.date(2026, 3, 31), ((-1, "year"),))),
    ("2026-03-31T10:00", LocalInstant(TEN)),
    ("2026-03-31T10:00:00", LocalInstant(TEN)),
    ("2026-03-31t10:00:00.5", LocalInstant(TEN.replace(microsecond=500_000))),
    ("2026-03-31 10:00:00,000001", LocalInstant(TEN.replace(microsecond=1))),
    ("2026-03-31T10:00:00.000001000", LocalInstant(TEN.replace(microsecond=1))),
    ("2026-03-31T10:00Z", AbsoluteInstant(TEN_UTC)),
    ("2026-03-31t10:00:00z", AbsoluteInstant(TEN_UTC)),
    ("2026-03-31T12:00:00+02:00", AbsoluteInstant(TEN_UTC)),
    ("2026-03-31T12:00:00+0200", AbsoluteInstant(TEN_UTC)),
    ("2026-03-31T12:00:00 +02", AbsoluteInstant(TEN_UTC)),
    ("2026-03-31T04:30:00.25-05:30", AbsoluteInstant(TEN_UTC + 250_000)),
    ("0001-01-01", Day(dt.date.min)),
    ("9999-12-31", Day(dt.date.max)),
]

WINDOWS = [
    ("last 30 days", Rolling("last", 30, "day")),
    ("Last 30 Days", Rolling("last", 30, "day")),
    ("last 030days", Rolling("last", 30, "day")),
    ("last 1 minute", Rolling("last", 1, "minute")),
    ("next 2 hours", Rolling("next", 2, "hour")),
    ("numberOfDaysPrevious: 30", Rolling("last", 30, "day")),
    ("numberOfDaysPrevious:30", Rolling("last", 30, "day")),
    ("last 3 complete months", Complete("last", 3, "month")),
    ("last 1 complete day", Complete("last", 1, "day")),
    ("next 2 complete weeks", Complete("next", 2, "week")),
    ("today", Period(0, "day")),
    ("yesterday", Period(-1, "day")),
    ("tomorrow", Period(1, "day")),
    ("this week", Period(0, "week")),
    ("previous quarter", Period(-1, "quarter")),
    ("next year", Period(1, "year")),
    ("between 2026-03-31 and 2026-03-31", Bounds(MARCH_31, MARCH_31)),
    ("between 30 days ago and now", Bounds(RelativeInstant(-30, "day"), NOW)),
    ("between 2026-03-31 and 2026-03-31T10:00:00Z", Bounds(MARCH_31, AbsoluteInstant(TEN_UTC))),
    ("BETWEEN today - 1 month AND tomorrow", Bounds(Day(None, ((-1, "month"),)), Day(None, ((1, "day"),)))),
    ("between 2026-03-31 and 9000 days ago", Bounds(MARCH_31, RelativeInstant(-9000, "day"))),
    ("since 2026-03-31", Bounds(lower=MARCH_31)),
    ("until 2026-03-31T10:00", Bounds(upper=LocalInstant(TEN))),
    ("before today", Bounds(upper=Day(), closed=False)),
    ("after 7 days ago", Bounds(lower=RelativeInstant(-7, "day"), closed=False)),
    ("ever", Ever()),
]


@pytest.mark.parametrize(("text", "moment"), MOMENTS)
def test_a_moment_is_read(text, moment):
    assert read_moment(text) == moment


@pytest.mark.parametrize(("text", "window"), WINDOWS)
def test_a_window_is_read(text, window):
    assert read_window(text) == window


SUGGESTED_WINDOWS = [
    ("last 30d", "did you mean `last 30 days`?"),
    ("30 days", "did you mean `last 30 days` or `next 30 days`?"),
    ("last 3 m", "did you mean `last 3 minutes` or `last 3 months`?"),
    ("last week", "did you mean `previous week` or `last 1 week`?"),
    ("this day", "did you mean `today`?"),
    ("previous weeks", "did you mean `previous week`?"),
    ("past 3 months", "did you mean `last 3 months`?"),
    ("in the last 30 days", "did you mean `last 30 days`?"),
    ("last 3 full months", "did you mean `last 3 complete months`?"),
    ("lst 30 dasy", "did you mean `last 30 day`?"),
    ("lifetime", "did you mean `ever`?"),
    ("from 2026-01-01 to 2026-02-01", "did you mean `between 2026-01-01 and 2026-02-01`?"),
    ("since 31/03/2026", "did you mean `since 2026-03-31`?"),
    ("30 days ago", "did you mean `since 30 days ago` or `before 30 days ago`?"),
]
SUGGESTED_MOMENTS = [
    ("30 days", "did you mean `30 days ago` or `30 days from now`?"),
    ("30d ago", "did you mean `30 days ago`?"),
    ("in 3 days", "did you mean `3 days from now`?"),
    ("now - 1 day", "did you mean `1 day ago`?"),
    ("31/03/2026", "did you mean `2026-03-31`?"),
    ("03/04/2026", "did you mean `2026-04-03` or `2026-03-04`?"),
    ("20260331", "did you mean `2026-03-31`?"),
    ("2026-3-1", "did you mean `2026-03-01`?"),
    ("tomorow", "did you mean `tomorrow`?"),
    ("last 30 days", "is not a moment but a window, for `within`."),
]


@pytest.mark.parametrize(("text", "hint"), SUGGESTED_WINDOWS)
def test_a_near_window_is_suggested(text, hint):
    with pytest.raises(ValueError, match=re.escape(hint)):
        read_window(text)


@pytest.mark.parametrize(("text", "hint"), SUGGESTED_MOMENTS)
def test_a_near_moment_is_suggested(text, hint):
    with pytest.raises(ValueError, match=re.escape(hint)):
        read_moment(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("last 0 days", "a window holds at least 1 unit"),
        ("numberOfDaysPrevious: 0", "a window holds at least 1 unit"),
        ("last 3 complete hours", "complete units are days, weeks, months, quarters or years"),
        ("last -3 days", "is not a window."),
        ("last 1.5 days", "is not a window."),
        ("last ٣ days", "is not a window."),
        ("this hour", "one unit is a week, month, quarter or year"),
        ("between 2026-03-01", "is not a window"),
        ("between 2026-03-01 and soon", "`soon` is not a moment"),
        ("between 2026-02-30 and 2026-03-01", "there is no day 2026-02-30"),
        ("between 2026-03-31 and 2026-03-30", "`between` is reversed"),
        ("between 2026-03-31T10:00:00Z and 2026-03-31T11:00:00+02:00", "`between` is reversed"),
        ("between 30 days ago and 31 days ago", "`between` is reversed"),
        ("between today and yesterday", "`between` is reversed"),
        ("last 9999 years", "this lies outside the years 1 to 9999"),
        ("last 99999999 days", "this lies outside the years 1 to 9999"),
        ("next 999999999999 weeks", "this lies outside the years 1 to 9999"),
        ("last " + "9" * 5000 + " days", "this lies outside the years 1 to 9999"),
        ("since 9999999 months ago", "this lies outside the years 1 to 9999"),
        ("", "`` is not a window."),
    ],
)
def test_what_no_window_can_be_is_refused(text, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        read_window(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-02-30", "there is no day 2026-02-30"),
        ("2026-13-01", "there is no day 2026-13-01"),
        ("0000-01-01", "there is no day 0000-01-01"),
        ("2023-02-29T10:00", "there is no day 2023-02-29"),
        ("2026-03-31T24:00", "hours are 00 to 23"),
        ("2026-03-31T10:00:60", "hours are 00 to 23"),
        ("2026-03-31T10:00:00.0000001", "kept to the microsecond"),
        ("2026-03-31T10:00+24:00", "from -23:59 to +23:59"),
        ("2026-03-31T10:00+02:60", "from -23:59 to +23:59"),
        ("2026-03-31T10", "is not a moment"),
        ("today + 2 hours", "a day is moved by days, weeks, months, quarters or years"),
        ("9999-12-31 + 1 day", "this lies outside the years 1 to 9999"),
        ("0001-01-01 - 1 month", "this lies outside the years 1 to 9999"),
        ("today - 9999 years", "this lies outside the years 1 to 9999"),
        ("9999999999999 minutes ago", "this lies outside the years 1 to 9999"),
        ("ever", "is not a moment but a window"),
        ("", "`` is not a moment."),
    ],
)
def test_what_no_moment_can_be_is_refused(text, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        read_moment(text)


def test_a_refusal_says_what_was_read_and_every_form():
    with pytest.raises(ValueError) as refused:
        read_window("Last Blue Moon")
    assert str(refused.value).startswith("`Last Blue Moon` is not a window")
    assert all(f"{name}: {examples}" in str(refused.value) for name, examples in WINDOW_FORMS.items())


def test_a_long_text_is_shown_cut():
    with pytest.raises(ValueError, match=r"^`x{77}\.\.\.` is not a moment"):
        read_moment("x" * 10_000)


@pytest.mark.parametrize("example", [e for text in MOMENT_FORMS.values() for e in text.split(", ")])
def test_every_form_of_a_moment_has_examples_that_read(example):
    read_moment(example)


@pytest.mark.parametrize("example", [e for text in WINDOW_FORMS.values() for e in text.split(", ")])
def test_every_form_of_a_window_has_examples_that_read(example):
    read_window(example)


WORDS = (
    *(
        "last",
        "next",
        "complete",
        "this",
        "between",
        "and",
        "since",
        "ago",
        "from",
        "now",
        "today",
        "ever",
        "m",
    ),
    *(
        "day",
        "months",
        "years",
        "0",
        "3",
        "99999999999",
        "-",
        "+",
        ":",
        "2026-03-31",
        "2026-02-30",
        "T10:00",
        "Z",
    ),
)


@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join)))
def test_any_text_is_read_or_refused_with_the_forms(text):
    for read in (read_moment, read_window):
        message = None
        try:
            read(text)
        except ValueError as error:
            message = str(error)
        assert message is None or "Accepted are" in message
