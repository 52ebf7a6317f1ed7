"""From totals to rates, fractions and scores, in whole numbers: no float decides a digit."""

from __future__ import annotations

import decimal
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from segmentation_pipeline.catalog.scores import COUNTS, FRACTIONS, RATES, RECEIVED, SCALES, SCORE
from segmentation_pipeline.features.totals import NEVER

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.scores import Engagement, ScorePart
    from segmentation_pipeline.features.totals import Totals

DAY = 86_400_000_000
WHOLE = 1_000_000
"""What a part of the score is worth at most: it is counted in millionths."""
_PLACES = 10_000


def scores(totals: Totals, engagement: Engagement, as_of: int) -> dict[str, np.ndarray]:
    """Return `RECEIVED`, the rates, the fractions (-1 for none) and the score, as units of their scale."""
    received = totals.counts[engagement.received]
    beside = {RECEIVED: received, COUNTS["sent"]: totals.counts["sent"]}
    found = {RECEIVED: received}
    for meaning, name in RATES.items():
        found[name] = _share(totals.counts[meaning], received, 100 * 10 ** SCALES["open_rate"], 1, 0)
    for meaning, (name, of) in FRACTIONS.items():
        scale = 10 ** SCALES["open_fraction"]
        found[name] = _share(totals.counts[meaning], beside[of], scale, engagement.minimum, -1)
    found[SCORE] = _score(totals, engagement, as_of)
    return found


def next_change(totals: Totals, engagement: Engagement, as_of: int) -> int | None:
    """Return the instant (µs) from which a score may be another, without any new event; None for never."""
    found = []
    for part in engagement.parts:
        if part.kind == "recency":
            days, there = _days(totals.lasts[part.meaning], as_of)
            ageing = there & (days < len(decay(part.half_life or 1)))
            if ageing.any():
                found.append(int((totals.lasts[part.meaning][ageing] + (days[ageing] + 1) * DAY).min()))
    return min(found, default=None)


@lru_cache
def decay(half_life: int) -> tuple[int, ...]:
    """Return what a recency is worth after so many whole days, in millionths, as long as it is anything.

    >>> decay(1)[:4]
    (1000000, 500000, 250000, 125000)
    """
    with decimal.localcontext(prec=40):
        step = decimal.Decimal(2) ** (decimal.Decimal(-1) / half_life)
        left, found = decimal.Decimal(WHOLE), []
        while (worth := int(left.to_integral_value(decimal.ROUND_HALF_EVEN))) > 0:
            found.append(worth)
            left *= step
    return tuple(found)


def exact(units: np.ndarray, name: str, scale: int) -> pl.Series:
    """Return decimals from whole numbers of their last place; negative ones are null."""
    wide = np.empty((len(units), 2), np.int64)
    wide[:, 0], wide[:, 1] = units, units >> 63
    kind = pa.decimal128(38, scale)
    made = pa.Array.from_buffers(kind, len(units), [None, pa.py_buffer(wide)])
    found = pl.from_arrow(made)
    assert isinstance(found, pl.Series)
    return found.alias(name).set(pl.Series(units < 0), None) if (units < 0).any() else found.alias(name)


def _share(count: np.ndarray, of: np.ndarray, scale: int, least: int, none: int) -> np.ndarray:
    """Return count ÷ total in units of ``1 / scale``, half up; ``none`` for a total below ``least``."""
    total = np.maximum(of, 1)
    shares = (2 * scale * count + total) // (2 * total)
    return np.where(of >= least, shares, none)


def _score(totals: Totals, engagement: Engagement, as_of: int) -> np.ndarray:
    weights = sum(part.weight for part in engagement.parts)
    reached = np.zeros(totals.size, np.int64)
    for part in engagement.parts:
        reached += part.weight * _worth(part, totals, engagement, as_of)
    most = max(1, weights) * WHOLE
    hundredths = 100 * 10 ** SCALES[SCORE]
    found: np.ndarray = (2 * hundredths * reached + most) // (2 * most)
    return found


def _worth(part: ScorePart, totals: Totals, engagement: Engagement, as_of: int) -> np.ndarray:
    """Return what a part is worth to each contact, in millionths, cut off."""
    if part.kind == "recency":
        table = np.array([*decay(part.half_life or 1), 0])
        days, there = _days(totals.lasts[part.meaning], as_of)
        return np.where(there, table[np.minimum(days, len(table) - 1)], 0)
    count, goal = totals.counts[part.meaning], int((part.full_at or 1) * _PLACES)
    if part.kind == "count":
        return np.minimum(count * WHOLE * _PLACES // goal, WHOLE)
    received = totals.counts[engagement.received]
    share = count * WHOLE * _PLACES // (np.maximum(received, 1) * goal)
    return np.where(received >= engagement.minimum, np.minimum(share, WHOLE), 0)


def _days(lasts: np.ndarray, as_of: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the whole days since, and whether there was anything at all."""
    there = lasts != NEVER
    return np.where(there, as_of - np.where(there, lasts, as_of), 0) // DAY, there
