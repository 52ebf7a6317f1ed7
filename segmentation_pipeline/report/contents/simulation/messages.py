"""Messages a day by channel, and how many a customer gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.report.contents.simulation.outcome import counted
from segmentation_pipeline.report.model import Chart, Column, Figures, Section, Series, Text
from segmentation_pipeline.simulation.figures import percentile
from segmentation_pipeline.simulation.tables import CHANNEL_DAYS, PRESSURE

if TYPE_CHECKING:
    from segmentation_pipeline.report.contents.simulation.outcome import Outcome, Variant
    from segmentation_pipeline.report.model import Cell

WEEK = 7
_PERCENTILES = (50, 95, 99)
_MOST_BARS = 12


def messages(found: Outcome) -> Section:
    """Return the messages of every day and channel, and what each channel carries at most."""
    rows = found.rows(CHANNEL_DAYS)
    if rows.is_empty():
        return Section("Messages a day", ())
    chart = (_chart(found),) if len(found.days) > 1 else ()
    return Section("Messages a day", (*chart, _channels(found)))


def _chart(found: Outcome) -> Chart:
    days = found.days
    series = []
    for variant in found.variants:
        for channel in found.channels():
            rows = found.rows(CHANNEL_DAYS, variant).filter(pl.col("channel") == channel)
            sent = dict(rows.select("day", "messages").iter_rows())
            series.append(Series(variant.of(channel), tuple(float(sent.get(day, 0)) for day in days)))
    x = tuple(f"{day:%m-%d}" for day in days)
    return Chart("Messages a day, by channel", "line", x, tuple(series))


def _channels(found: Outcome) -> Figures:
    columns = (
        *([Column("")] if len(found.variants) > 1 else []),
        Column("channel"),
        Column("messages", "count"),
        Column("a day", "number"),
        Column("busiest day", "day"),
        Column("messages then", "count"),
        Column("capacity a day", "count"),
        Column("fullest day", "share"),
        Column("found no room", "count"),
    )
    return Figures(
        columns,
        tuple(_channel(found, variant, name) for variant in found.variants for name in found.channels()),
    )


def _channel(found: Outcome, variant: Variant, channel: str) -> tuple[Cell, ...]:
    rows = found.rows(CHANNEL_DAYS, variant).filter(pl.col("channel") == channel)
    busiest = rows.sort("messages", "day", descending=[True, False]).head(1).to_dicts()
    first = busiest[0] if busiest and busiest[0]["messages"] else {}
    return (
        *([variant.letter] if variant.letter else []),
        channel,
        int(rows["messages"].sum()),
        rows["messages"].sum() / len(found.days),
        first.get("day"),
        first.get("messages"),
        rows["capacity"].max(),  # type: ignore[arg-type] # a column of integers has an integer maximum
        rows["utilisation"].max(),  # type: ignore[arg-type] # and one of floats a float
        int(rows["displaced"].sum()),
    )


def customers(found: Outcome) -> Section:
    """Return how many messages a customer gets in the fullest week, and in other windows."""
    title = "Messages a customer"
    if found.rows(PRESSURE).is_empty():
        return Section(title, ())
    return Section(title, (_weeks(found), _windows(found)))


def fullest(found: Outcome, variant: Variant, window: int) -> dict[int, int]:
    """Return of how many customers the fullest window had 0, 1, 2 … messages, over all channels."""
    rows = found.rows(PRESSURE, variant).filter(
        pl.col("window_days") == window, pl.col("channel").is_null(), pl.col("contacts") > 0
    )
    counts = dict(rows.sort("contacts_in_window").select("contacts_in_window", "contacts").iter_rows())
    rest = variant.row["contacts"] - sum(number for most, number in counts.items() if most)
    return {0: rest, **{most: number for most, number in counts.items() if most}}


def reached(variant: Variant) -> int:
    """Return how many customers got a message on a simulated day."""
    wanted: int = variant.row["contacts_wanted"]
    return wanted - int(variant.row["contacts_never_won"])


def _weeks(found: Outcome) -> Chart | Text:
    each = [fullest(found, variant, WEEK) for variant in found.variants]
    most = max(max(counts) for counts in each)
    if most > _MOST_BARS:
        return Text((f"Up to {counted(most, 'message')} within {WEEK} days: the table has the spread.",))
    bars = range(most + 1)
    series = tuple(
        Series(
            variant.of("share of customers"),
            tuple(counts.get(bar, 0) / max(1, variant.row["contacts"]) for bar in bars),
        )
        for variant, counts in zip(found.variants, each, strict=True)
    )
    x = tuple(counted(bar, "message") for bar in bars)
    return Chart("In the fullest 7 days of each customer", "bar", x, series, "share")


def _windows(found: Outcome) -> Figures:
    columns = (
        *([Column("")] if len(found.variants) > 1 else []),
        Column("within"),
        Column("customers with any", "count"),
        *(Column(f"{percent} % have at most", "count") for percent in _PERCENTILES),
        Column("most", "count"),
    )
    windows = sorted(found.rows(PRESSURE)["window_days"].unique())
    rows = []
    for variant in found.variants:
        for window in windows:
            counts = fullest(found, variant, window)
            spread = pl.DataFrame({"contacts_in_window": list(counts), "contacts": list(counts.values())})
            rows.append(
                (
                    *([variant.letter] if variant.letter else []),
                    counted(window, "day"),
                    sum(counts.values()) - counts[0],
                    *(percentile(spread, percent) for percent in _PERCENTILES),
                    max(counts),
                )
            )
    return Figures(columns, tuple(rows), caption="Messages in the fullest window of each customer")
