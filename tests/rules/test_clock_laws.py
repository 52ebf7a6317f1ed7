"""What holds of windows at every ``as_of``, in every zone and for every unit."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from segmentation_pipeline.rules.clock import Clock, to_day, to_micros
from segmentation_pipeline.rules.moments import Day, RelativeInstant
from segmentation_pipeline.rules.windows import Bounds, Complete, Period, Rolling


def inside(value: int, bounds: tuple) -> bool:
    return bounds[0] <= value < bounds[1]


ZONES = st.sampled_from(
    [
        "Europe/Paris",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
        "Africa/Cairo",
        "Etc/UTC",
    ]
)
CLOCKS = st.builds(
    lambda as_of, zone, start: Clock(to_micros(as_of), zone, start),
    st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2060, 1, 1), timezones=st.just(dt.UTC)),
    ZONES,
    st.integers(0, 6),
)
UNITS = st.sampled_from(["minute", "hour", "day", "week", "month", "quarter", "year"])
WHOLE = st.sampled_from(["day", "week", "month", "quarter", "year"])
COUNTS = st.integers(1, 60)


@given(CLOCKS, COUNTS, UNITS)
def test_last_n_lies_in_last_n_plus_1(clock, n, unit):
    for method in (clock.span, clock.day_span):
        near, far = method(Rolling("last", n, unit)), method(Rolling("last", n + 1, unit))
        assert far[0] <= near[0] <= near[1] == far[1]


@given(CLOCKS, COUNTS, UNITS)
def test_next_n_lies_in_next_n_plus_1(clock, n, unit):
    for method in (clock.span, clock.day_span):
        near, far = method(Rolling("next", n, unit)), method(Rolling("next", n + 1, unit))
        assert near[0] == far[0] <= near[1] <= far[1]


@given(CLOCKS, COUNTS, WHOLE)
def test_units_tile_time_without_gaps(clock, n, unit):
    for method in (clock.span, clock.day_span):
        last, this, following = (
            method(window)
            for window in (Complete("last", n, unit), Period(0, unit), Complete("next", n, unit))
        )
        tiles = [method(Period(offset, unit)) for offset in range(-n, n + 1)]
        assert all(left[1] == right[0] for left, right in pairwise(tiles))
        assert (last[0], last[1]) == (tiles[0][0], this[0])
        assert (following[0], following[1]) == (this[1], tiles[-1][1])


@given(CLOCKS, WHOLE)
def test_this_unit_holds_as_of_and_today(clock, unit):
    assert inside(clock.as_of, clock.span(Period(0, unit)))
    assert inside(to_day(clock.today), clock.day_span(Period(0, unit)))


@given(CLOCKS, st.dates(dt.date(1990, 1, 1), dt.date(2060, 1, 1)))
def test_between_a_day_and_itself_is_the_day(clock, date):
    window = Bounds(Day(date), Day(date))
    assert clock.span(window) == clock.extent(Day(date))
    first, after = clock.extent(Day(date))
    assert clock.day_span(window) == (to_day(date), to_day(date) + 1)
    assert [clock.local_day(first), clock.local_day(after - 1)] == [to_day(date)] * 2
    assert clock.local_day(first - 1) == to_day(date) - 1


@given(CLOCKS, COUNTS, UNITS)
def test_after_n_ago_starts_where_last_n_does(clock, n, unit):
    after = Bounds(lower=RelativeInstant(-n, unit), closed=False)
    for method in (clock.span, clock.day_span):
        assert method(after)[0] == method(Rolling("last", n, unit))[0]


@given(CLOCKS, COUNTS, UNITS)
def test_after_and_until_are_complements(clock, n, unit):
    moment = RelativeInstant(-n, unit)
    for method in (clock.span, clock.day_span):
        assert method(Bounds(lower=moment, closed=False))[0] == method(Bounds(upper=moment))[1]
        assert method(Bounds(lower=moment))[0] == method(Bounds(upper=moment, closed=False))[1]
