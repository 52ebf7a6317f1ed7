"""What members did, summed by local day: the counts, the unique messages, the money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.analytics.days import local_day
from segmentation_pipeline.analytics.meanings import AT, COUNTED, MESSAGE
from segmentation_pipeline.analytics.spells import ENTERED, EXITED
from segmentation_pipeline.analytics.tables import COUNTS, RATES, REVENUE
from segmentation_pipeline.catalog.contracts import OBJECT_INDEX

if TYPE_CHECKING:
    from segmentation_pipeline.analytics.spells import Spells

DATE = "date"
_SUMS = [*(pl.col(name).sum().cast(pl.Int64) for name in COUNTS), pl.col("revenue").sum().cast(REVENUE)]


def object_days(events: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Return events (`meanings.EVENTS`) as a row an object and local day: `COUNTS` and ``revenue``."""
    counted = [pl.col(name).sum().cast(pl.Int64) for name in COUNTED.values()]
    unique = [
        pl.col(MESSAGE).filter(pl.col(name)).n_unique().cast(pl.Int64).alias(f"unique_{name}")
        for name in ("opens", "clicks")
    ]
    dated = events.lazy().with_columns(local_day(AT, zone).alias(DATE))
    summed = dated.group_by(OBJECT_INDEX, DATE).agg(*counted, *unique, pl.col("revenue").sum().cast(REVENUE))
    return summed.collect().sort(OBJECT_INDEX, DATE)


def member_days(by_object: pl.DataFrame, events: pl.DataFrame, spells: Spells, zone: str) -> pl.DataFrame:
    """Return the sums by ``date`` of what members did while they were.

    ``by_object`` is `object_days` of the same events.
    """
    parts = [_summed(by_object.filter(_set_in(spells.steady, by_object[OBJECT_INDEX])))]
    if spells.moving.height:
        meant = events.join(spells.moving, on=OBJECT_INDEX, how="inner").filter(
            (pl.col(AT) >= pl.col(ENTERED)).fill_null(value=True),
            (pl.col(AT) < pl.col(EXITED)).fill_null(value=True),
        )
        parts.append(_summed(object_days(meant.select(events.columns), zone)))
    return _summed(pl.concat(parts))


def with_rates(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the rates per delivered e-mail, null where none was delivered."""
    delivered = pl.col("emails_delivered")
    return rows.with_columns(
        pl.when(delivered > 0).then(pl.col(part) / delivered).alias(rate) for rate, part in RATES.items()
    )


def _summed(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.group_by(DATE).agg(_SUMS)


def _set_in(mask: pl.Series, positions: pl.Series) -> pl.Series:
    """Return which positions a mask holds; those beyond its end it does not."""
    if mask.is_empty():
        return pl.repeat(value=False, n=positions.len(), eager=True)
    within = positions < mask.len()
    return mask.gather(positions.clip(0, mask.len() - 1)) & within
