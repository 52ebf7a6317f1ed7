"""Messages to come: expected, at least, at most, and the days on which a channel has no room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.report.contents.simulation.outcome import counted
from segmentation_pipeline.report.model import Chart, Column, Figures, Section, Series, Text
from segmentation_pipeline.simulation.tables import FORECAST

if TYPE_CHECKING:
    from segmentation_pipeline.report.contents.simulation.outcome import Outcome, Variant

METHODS = {"same_weekday_mean": "the mean of the same weekday in the replay"}
_BREACHES = 31


def forecast(found: Outcome) -> Section:
    """Return the days to come; an empty section where nothing was forecast."""
    title = "The days to come"
    rows = found.rows(FORECAST)
    if rows.is_empty():
        return Section(title, ())
    method = METHODS[rows["method"][0]]
    observed = rows["observed_days"]
    said = (
        f"Expected is {method}, of {counted(_whole(observed.min()), 'day')} at least; low and high are the "
        "fewest and the most messages on one of these days. It is assumed that customers behave as they "
        "did, whatever they are sent."
    )
    charts = (
        _chart(found, variant, channel)
        for variant in found.variants
        for channel in rows["channel"].unique().sort()
    )
    return Section(title, (Text((said,)), *charts, *(_breaches(found))))


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _chart(found: Outcome, variant: Variant, channel: str) -> Chart:
    rows = found.rows(FORECAST, variant).filter(pl.col("channel") == channel).sort("day")
    series = [Series(name, tuple(rows[name].to_list())) for name in ("expected", "low", "high")]
    if rows["capacity"].drop_nulls().len():
        series.append(Series("capacity", tuple(rows["capacity"].cast(pl.Float64).to_list())))
    x = tuple(f"{day:%m-%d}" for day in rows["day"])
    return Chart(variant.of(f"messages a day by {channel}"), "line", x, tuple(series))


def _breaches(found: Outcome) -> list[Figures | Text]:
    rows = found.rows(FORECAST).filter(pl.col("breaches")).sort("day", "variant", "channel")
    if rows.is_empty():
        limited = found.rows(FORECAST)["capacity"].drop_nulls().len()
        return [Text(("No day is expected to exceed a capacity.",))] if limited else []
    letters = {variant.name: variant.letter for variant in found.variants}
    sides = [Column("")] if len(found.variants) > 1 else []
    columns = (
        *sides,
        Column("day", "day"),
        Column("channel"),
        Column("wanted", "number"),
        Column("capacity", "count"),
    )
    shown = tuple(
        (
            *([letters[row["variant"]]] if sides else []),
            row["day"],
            row["channel"],
            row["demand"],
            row["capacity"],
        )
        for row in rows.head(_BREACHES).iter_rows(named=True)
    )
    left = f", the first {_BREACHES}" if rows.height > _BREACHES else ""
    return [Figures(columns, shown, caption=f"Days that want more than a channel carries{left}")]
