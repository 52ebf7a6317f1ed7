"""The days to come: what is expected, between what, and where a channel has no room."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from segmentation_pipeline.report.contents.simulation.outcome import outcome_of
from segmentation_pipeline.report.contents.simulation.report import simulation_report
from segmentation_pipeline.report.contents.simulation.summary import sentences
from segmentation_pipeline.report.model import Chart, Figures
from segmentation_pipeline.simulation import tables

FIRST = dt.date(2026, 6, 8)


@pytest.fixture
def ahead(week):
    """A fortnight of calls and mails, the calls too many on Mondays."""
    rows = [
        {
            "run_id": "sim-000001",
            "variant": "baseline",
            "day": FIRST + dt.timedelta(days=at),
            "channel": channel,
            "method": "same_weekday_mean",
            "observed_days": 4,
            "expected": float(most) / 2,
            "low": 1.0,
            "high": float(most),
            "demand": most * (2.0 if at % 7 == 0 else 0.5),
            "capacity": capacity,
            "breaches": capacity is not None and at % 7 == 0,
        }
        for at in range(14)
        for channel, most, capacity in (("phone", 5, 5), ("email", 20, None))
    ]
    runs = week[tables.RUNS.name].filter(pl.col("variant") == "baseline")
    return {
        **week,
        tables.RUNS.name: runs.with_columns(pl.lit("forecast").alias("mode")),
        tables.FORECAST.name: pl.DataFrame(rows, schema=tables.FORECAST.schema),
    }


def test_the_sentence_has_the_range_and_the_breaches(ahead):
    assert (
        "The next 14 days are expected to bring, a day: email 10.00 (1 to 20) and phone 2.50 (1 to 5), "
        "and 2 days would exceed a capacity." in sentences(outcome_of(ahead))
    )


def test_the_section_names_the_method_and_the_days(ahead):
    (section,) = [one for one in simulation_report(ahead).sections if one.title == "The days to come"]
    text, *charts, table = section.parts
    assert "the mean of the same weekday in the replay, of 4 days at least" in text.lines[0]
    assert [[series.name for series in chart.series] for chart in charts if isinstance(chart, Chart)] == [
        ["expected", "low", "high"],
        ["expected", "low", "high", "capacity"],
    ]
    assert isinstance(table, Figures)
    assert table.rows == (
        (FIRST, "phone", 10.0, 5),
        (FIRST + dt.timedelta(days=7), "phone", 10.0, 5),
    )


def test_no_breach_is_said_where_there_is_a_capacity(ahead):
    calm = ahead[tables.FORECAST.name].with_columns(pl.lit(value=False).alias("breaches"))
    (section,) = [
        one
        for one in simulation_report({**ahead, tables.FORECAST.name: calm}).sections
        if one.title == "The days to come"
    ]
    assert section.parts[-1].lines == ("No day is expected to exceed a capacity.",)
