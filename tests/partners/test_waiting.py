from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.partners.waiting import Backoff, Clock, Pace, retry_after

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        (" 7 ", 7),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0),
        ("9" * 400, 10**9),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Thu, 01 Jan 2026 00:01:00", None),
        ("Thu, 99 Jan 99999 00:00:00 GMT", None),
        (None, None),
    ],
)
def test_what_retry_after_asks_for(header, seconds):
    found = retry_after(header, NOW)
    assert (None if found is None else found.total_seconds()) == seconds


def test_waits_double_up_to_the_longest_and_vary_by_half():
    backoff = Backoff(dt.timedelta(seconds=1), dt.timedelta(seconds=10))
    assert [backoff.after(n, 1.0).total_seconds() for n in (1, 2, 3, 4, 5, 10_000)] == [1, 2, 4, 8, 10, 10]
    assert backoff.after(3, 0.0).total_seconds() == 2
    assert backoff.after(1, 0.5, dt.timedelta(seconds=60)).total_seconds() == 60


def test_the_first_request_goes_at_once_and_the_next_waits_its_turn():
    slept = []
    pace = Pace(dt.timedelta(seconds=2), Clock(lambda: NOW, slept.append, lambda: 0.0))
    pace.wait()
    pace.wait()
    assert slept == [2.0]
