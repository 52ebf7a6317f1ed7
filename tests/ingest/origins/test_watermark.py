from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.origins.watermark import Watermark, highest, later

NOW = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
MARKS = [
    Watermark("instant", dt.datetime(2026, 6, 1, 12, 0, 0, 5, tzinfo=dt.UTC)),
    Watermark("local", dt.datetime(2026, 6, 1, 12)),
    Watermark("day", dt.date(2026, 6, 1)),
    Watermark("integer", -7),
    Watermark("number", Decimal("1.50")),
    Watermark("text", "a b: c"),
]


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.kind)
def test_it_reads_what_it_writes(mark):
    assert Watermark.parse(str(mark)) == mark


@pytest.mark.parametrize("mark", MARKS[:4], ids=lambda mark: mark.kind)
def test_nothing_lies_between_it_and_the_one_below(mark):
    assert mark.below().value < mark.value
    assert later(mark.below(), mark) == mark


def test_the_highest_of_some_values_whatever_their_zone():
    east = dt.timezone(dt.timedelta(hours=2))
    values = [dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC), None, dt.datetime(2026, 6, 1, 13, tzinfo=east)]
    assert highest("at", values, NOW) == Watermark("instant", values[0])


def test_a_time_to_come_hides_nothing():
    assert highest("at", [dt.datetime(2099, 1, 1, tzinfo=dt.UTC)], NOW) == Watermark("instant", NOW)


def test_without_a_value_there_is_none():
    assert highest("at", [None, None], NOW) is None


@pytest.mark.parametrize("values", [[1, "2"], [True], [float("nan")], [[1]]])
def test_values_without_an_order_are_refused(values):
    with pytest.raises(ImportFailed):
        highest("at", values, NOW)


def test_an_overlap_steps_back_in_time_and_in_nothing_else():
    hour = dt.timedelta(hours=1)
    assert MARKS[1].earlier(hour).value == dt.datetime(2026, 6, 1, 11)
    with pytest.raises(ImportFailed, match="needs a watermark that is a time"):
        MARKS[3].earlier(hour)
