from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from segmentation_pipeline.ingest.times import days, instants


def one(text, zone="UTC", formats=(), order=None):
    return instants(pl.Series([text]), zone, formats, order).item()


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-01T08:00:00Z",
        "2026-05-01 10:00:00+02:00",
        "2026-05-01T03:00-0500",
        "2026-05-01 08:00:00 UTC",
        "2026-05-01 08:00",
    ],
)
def test_iso_forms_of_one_instant(text):
    assert one(text) == datetime(2026, 5, 1, 8, tzinfo=UTC)


def test_a_time_without_a_zone_is_local():
    assert one("2026-05-01 08:00:00", "Europe/Paris") == datetime(2026, 5, 1, 6, tzinfo=UTC)


def test_a_time_that_the_clocks_skipped_is_none():
    assert one("2026-03-29 02:30:00", "Europe/Paris") is None


def test_a_time_that_came_twice_is_the_earlier_one():
    assert one("2026-10-25 02:30:00", "Europe/Paris") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_microseconds_are_kept():
    assert one("2026-05-01T08:00:00.123456Z").microsecond == 123456


@pytest.mark.parametrize("text", ["01/02/2026", "2026-02-30", "yesterday", "1 May 2026"])
def test_nothing_is_guessed(text):
    assert one(text) is None
    assert days(pl.Series([text]), "UTC").item() is None


@pytest.mark.parametrize(
    ("order", "expected"), [("month_first", date(2026, 1, 2)), ("day_first", date(2026, 2, 1))]
)
def test_date_order_decides(order, expected):
    assert days(pl.Series(["01/02/2026"]), "UTC", (), order).item() == expected


def test_date_order_takes_one_digit_and_iso_too():
    found = days(pl.Series(["5/14/1965", "04/08/1966", "1966-04-08", "14/5/1965"]), "UTC", (), "month_first")
    assert found.to_list() == [date(1965, 5, 14), date(1966, 4, 8), date(1966, 4, 8), None]


def test_several_formats_are_tried_in_turn():
    found = instants(pl.Series(["19970101", "01.02.1997"]), "UTC", ("%Y%m%d", "%d.%m.%Y"))
    assert found.to_list() == [datetime(1997, 1, 1, tzinfo=UTC), datetime(1997, 2, 1, tzinfo=UTC)]


def test_unix_seconds():
    assert one("1700000000.5", formats=("unix",)) == datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)


def test_a_time_of_day_is_no_day():
    found = days(pl.Series(["1965-05-14 00:00:00", "1965-05-14 10:00:00"]), "Europe/Paris")
    assert found.to_list() == [date(1965, 5, 14), None]


def test_a_day_whose_midnight_was_skipped_is_a_day():
    assert days(pl.Series(["2018-11-04 00:00:00"]), "America/Sao_Paulo").item() == date(2018, 11, 4)


def test_typed_columns_mean_what_their_text_means():
    naive = pl.Series([datetime(2026, 5, 1, 8)]).cast(pl.Datetime("ns"))
    assert instants(naive, "Europe/Paris").item() == one("2026-05-01 08:00:00", "Europe/Paris")


PLAIN = [
    "2026-06-30T14:00:00Z",
    "2026-06-30 14:00:00",
    "2026-06-30T14:00:00.123Z",
    "2026-06-30T14:00:00.123456",
    "2026-06-30 14:00:00+00:00",
]
OTHERS = ["2026-06-30", "2026-6-3 1:2:3", "2026-06-30T14:00+02:00", "2026-02-30T14:00:00Z", "soon", "", None]
OTHERS += ["+2026-06-3T14:00:00Z", "2026-06- 3T14:00:00Z", "2026-06-30T24:00:00Z", "2026-03-29T02:30:00"]


@pytest.mark.parametrize("first", PLAIN)
def test_values_are_read_alike_whether_alone_or_among_others(first):
    values = [first, *OTHERS, *PLAIN]
    among = instants(pl.Series(values), "Europe/Paris")
    alone = [instants(pl.Series([value], dtype=pl.String), "Europe/Paris").item() for value in values]
    # Behind values that are none, nothing shows how most are written: each is taken apart.
    behind = instants(pl.Series(["none"] * 200 + values), "Europe/Paris")[200:]
    assert among.to_list() == alone
    assert behind.to_list() == alone
    assert alone[0] is not None


def test_fractions_of_seconds_are_exact():
    texts = ["2026-06-30T14:00:00.123456Z", "2026-06-30T14:00:00.000001Z", "2026-06-30T14:00:00.999999Z"]
    found = instants(pl.Series(texts), "UTC").dt.microsecond().to_list()
    assert found == [123456, 1, 999999]
