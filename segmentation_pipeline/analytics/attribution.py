"""Which campaigns get the credit for a conversion: first touch, last touch, and all in equal parts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.analytics.days import end_of, local_day, start_of
from segmentation_pipeline.analytics.meanings import AT, CAMPAIGN, EVENT, event_sources, events_between
from segmentation_pipeline.analytics.tables import CAMPAIGN_ATTRIBUTION, REVENUE
from segmentation_pipeline.catalog.contracts import OBJECT_INDEX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.lake.store import DeltaStore

WINDOW_DAYS = 30
"""A touch counts for conversions of the 30 times 24 hours after it."""
MODELS = ("first", "last", "linear")
_WINDOW = dt.timedelta(days=WINDOW_DAYS)
_SHARE = pl.Decimal(38, 6)
_MONEY_UNITS, _SHARE_UNITS = int(10**REVENUE.scale), int(10**_SHARE.scale)


def attributed_days(store: DeltaStore, catalog: Catalog, zone: str, days: Sequence[dt.date]) -> pl.DataFrame:
    """Return the rows of `CAMPAIGN_ATTRIBUTION` of some days of one month, which ascend.

    A touch is an open or a click of a campaign's e-mail, before the conversion or at the same instant.
    Events that are no conversion but bring revenue count as none, and their revenue too.
    """
    kinds = [kind for kind in catalog.objects.values() if event_sources(catalog, kind)]
    start, end = start_of(days[0], zone), end_of(days[-1], zone)
    rows = [pl.DataFrame(schema=CAMPAIGN_ATTRIBUTION.schema)]
    for kind in kinds:
        events = events_between(store, catalog, kind, start - _WINDOW, end)
        worth = pl.col("conversions") | (pl.col("revenue") != 0)
        happened = events.filter(worth, pl.col(AT) >= start).with_columns(local_day(AT, zone).alias("date"))
        touches = events.filter(pl.col("opens") | pl.col("clicks"), pl.col(CAMPAIGN).is_not_null())
        rows.append(_attributed(happened.filter(pl.col("date").is_in(list(days))), touches))
    return pl.concat(rows)


def _attributed(happened: pl.DataFrame, touches: pl.DataFrame) -> pl.DataFrame:
    touched = touches.select(
        OBJECT_INDEX, CAMPAIGN, pl.col(AT).alias("touched"), pl.col(EVENT).alias("touch")
    )
    pairs = (
        happened.select(OBJECT_INDEX, AT, EVENT, "date", "conversions", "revenue")
        .join(touched, on=OBJECT_INDEX, how="inner")
        .filter(pl.col("touched") <= pl.col(AT), pl.col("touched") > pl.col(AT) - _WINDOW)
        .sort(EVENT, "touched", "touch")
        .with_columns(
            pl.int_range(1, pl.len() + 1).over(EVENT).alias("place"),
            pl.len().over(EVENT).cast(pl.Int64).alias("of"),
        )
    )
    untouched = happened.join(pairs, on=EVENT, how="anti").with_columns(
        pl.lit(None, dtype=pl.String).alias(CAMPAIGN), *_whole()
    )
    credited = {
        "first": pairs.filter(pl.col("place") == 1).with_columns(_whole()),
        "last": pairs.filter(pl.col("place") == pl.col("of")).with_columns(_whole()),
        "linear": pairs.with_columns(
            _part(_converted(), _SHARE_UNITS, _SHARE).alias("share"),
            _part(_revenue_units(), _MONEY_UNITS, REVENUE).alias("money"),
        ),
    }
    columns = ["date", CAMPAIGN, "share", "money"]
    parts = []
    for model, frame in credited.items():
        summed = (
            pl.concat([frame.select(columns), untouched.select(columns)])
            .group_by("date", CAMPAIGN)
            .agg(pl.col("share").sum().alias("conversions"), pl.col("money").sum().alias("revenue"))
        )
        parts.append(summed.with_columns(pl.lit(model).alias("model")))
    said = [pl.lit(WINDOW_DAYS).alias("window_days"), pl.col("date").dt.strftime("%Y-%m").alias("month")]
    rows = pl.concat(parts).with_columns(said)
    return rows.select(pl.col(name).cast(kind) for name, kind in CAMPAIGN_ATTRIBUTION.schema.items())


def _whole() -> list[pl.Expr]:
    return [
        pl.col("conversions").cast(pl.Int64).cast(_SHARE).alias("share"),
        pl.col("revenue").cast(REVENUE).alias("money"),
    ]


def _converted() -> pl.Expr:
    return pl.col("conversions").cast(pl.Int64) * _SHARE_UNITS


def _revenue_units() -> pl.Expr:
    return (pl.col("revenue") * _MONEY_UNITS).cast(pl.Int64)


def _part(units: pl.Expr, scale: int, kind: pl.Decimal) -> pl.Expr:
    """Return the part of whole units that falls to one of several touches; all of them sum up exactly."""
    upto: pl.Expr = (units * pl.col("place")) // pl.col("of")
    before: pl.Expr = (units * (pl.col("place") - 1)) // pl.col("of")
    return (upto - before).cast(kind) * pl.lit(Decimal(1) / scale, dtype=kind)
