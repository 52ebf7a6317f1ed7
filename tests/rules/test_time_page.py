"""Every row of the tables of `docs/time.md`, at the page's own ``as_of``."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from segmentation_pipeline.rules.clock import DAY, Clock, to_day, to_micros
from segmentation_pipeline.rules.time_grammar import read_moment, read_window

PAGE = (Path(__file__).parents[2] / "docs" / "time.md").read_text(encoding="utf-8")
PARIS = ZoneInfo("Europe/Paris")
PAGE_CLOCK = Clock(to_micros(dt.datetime(2026, 3, 31, 10, tzinfo=PARIS)), "Europe/Paris")


def _rows(header: str) -> list[tuple[str, ...]]:
    """Return the cells of every table of the page that starts with ``header``."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        first, _, *lines = block.splitlines()
        if first == header:
            found += [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
    assert found, f"no table `{header}` on the page"
    return found


def _spellings(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _interval(text: str, number, one: int) -> tuple[int | None, int | None]:
    """Read ``(a, b]`` as a half-open interval of integers; ``…`` is an open end, ``one`` the step."""
    if text == "everything":
        return None, None
    opening, lower, upper, closing = re.fullmatch(r"([\[(])(.+), (.+)([\])])", text).groups()
    lo = None if lower == "…" else number(lower) + (one if opening == "(" else 0)
    hi = None if upper == "…" else number(upper) + (one if closing == "]" else 0)
    return lo, hi


def _micros(text: str) -> int:
    return to_micros(dt.datetime.fromisoformat(text).replace(tzinfo=PARIS))


def _day(text: str) -> int:
    return to_day(dt.date.fromisoformat(text))


@pytest.mark.parametrize(
    ("cell", "instants", "days"), _rows("| written | on a `datetime` field | on a `date` field |")
)
def test_the_windows_of_the_page(cell, instants, days):
    for text in _spellings(cell):
        window = read_window(text)
        assert PAGE_CLOCK.span(window) == _interval(instants, _micros, 1), text
        assert PAGE_CLOCK.day_span(window) == _interval(days, _day, 1), text


@pytest.mark.parametrize(
    ("cell", "kind", "stands", "day"), _rows("| written | is | stands for | local day |")
)
def test_the_moments_of_the_page(cell, kind, stands, day):
    for text in _spellings(cell):
        start, end = PAGE_CLOCK.extent(read_moment(text))
        assert (kind == "a day") is (end - start > 1), text
        assert start == _micros(stands), text
        assert PAGE_CLOCK.days(read_moment(text))[0] == _day(day), text
        if kind == "a day":
            assert PAGE_CLOCK.days(read_moment(text))[0] == PAGE_CLOCK.local_day(end - 1), text


@pytest.mark.parametrize(("cell", "meant"), _rows("| refused | write |"))
def test_the_refusals_of_the_page(cell, meant):
    for text in _spellings(cell):
        with pytest.raises(ValueError) as as_window:
            read_window(text)
        with pytest.raises(ValueError) as as_moment:
            read_moment(text)
        offered = f"{as_window.value} {as_moment.value}".replace("Accepted are", "")
        assert all(f"`{spelling}`" in offered for spelling in _spellings(meant)), text


@pytest.mark.parametrize(
    ("zone", "date", "midnight", "hours"), _rows("| zone | day | starts (UTC) | hours |")
)
def test_the_days_of_the_page(zone, date, midnight, hours):
    start, end = Clock(0, _spellings(zone)[0]).extent(read_moment(date))
    assert start == to_micros(dt.datetime.fromisoformat(midnight).replace(tzinfo=dt.UTC))
    assert (end - start) / DAY * 24 == pytest.approx(float(hours))
