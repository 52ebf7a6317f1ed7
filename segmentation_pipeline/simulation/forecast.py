"""What the days to come will probably bring, from the days that were replayed.

It is the plainest method that knows the week: the mean of the same weekday, with the fewest and the
most. It knows no trend and no holidays, and takes for granted that customers behave as they did.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.simulation.tables import FORECAST, VARIANT

if TYPE_CHECKING:
    from collections.abc import Iterator

SAME_WEEKDAY = "same_weekday_mean"
EVERY_DAY = "mean_of_all_days"
"""Of a weekday that the replay is too short to have."""


def forecast_rows(channel_days: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """Return a row a variant, day and channel for ``horizon`` days after the last replayed one.

    ``channel_days`` are rows of `simulation_channel_days`, which has every day and channel.
    """
    columns = [name for name in FORECAST.schema if name in (VARIANT, *FORECAST.schema.names()[2:])]
    rows = [
        row
        for (variant, channel), seen in channel_days.group_by(VARIANT, "channel", maintain_order=True)
        for row in _ahead(str(variant), str(channel), seen, horizon)
    ]
    schema = {name: FORECAST.schema[name] for name in columns}
    return pl.DataFrame(rows, schema=schema, orient="row").sort(VARIANT, "day", "channel")


def _ahead(variant: str, channel: str, seen: pl.DataFrame, horizon: int) -> Iterator[dict[str, object]]:
    last = max(seen["day"].to_list())
    by_weekday = {weekday: seen.filter(pl.col("day").dt.weekday() == weekday) for weekday in range(1, 8)}
    capacity = seen["capacity"][0]
    for ahead in range(1, horizon + 1):
        day = last + dt.timedelta(days=ahead)
        same = by_weekday[day.isoweekday()]
        method, rows = (EVERY_DAY, seen) if same.is_empty() else (SAME_WEEKDAY, same)
        messages = rows["messages"]
        demand = _mean(messages + rows["displaced"])
        yield {
            VARIANT: variant,
            "day": day,
            "channel": channel,
            "method": method,
            "observed_days": rows.height,
            "expected": _mean(messages),
            "low": float(messages.to_numpy().min()),
            "high": float(messages.to_numpy().max()),
            "demand": demand,
            "capacity": capacity,
            "breaches": capacity is not None and demand > capacity,
        }


def _mean(numbers: pl.Series) -> float:
    return float(numbers.sum()) / len(numbers)
