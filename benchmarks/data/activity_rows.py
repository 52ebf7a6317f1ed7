"""Activities of two years, chunk by chunk in order of time: the same seed and size give the same rows.

A few contacts have most of the activities: half of all have up to 11 of 15 on average, one in a
hundred more than 75.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from benchmarks.data import vocabulary
from benchmarks.data.contact_rows import contact_ids
from benchmarks.data.dataset import AS_OF

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from benchmarks.data.contact_rows import Draw

CHUNK = 1_000_000
_YEARS = 2
_MICROS = 1_000_000
_MAILED = [name for name in vocabulary.EVENT_SHARES if name.startswith("email_")]
_SHOPPED = ["product_viewed", "cart_added", "purchase"]
_ON_A_DEVICE = [*_SHOPPED, "email_opened", "email_clicked", "page_viewed", "form_submitted"]


class Span(NamedTuple):
    """Part of a month, in whole seconds, the end left out, and how many events happen in it."""

    month: str
    start: int
    end: int
    events: int


def activity_chunks(contacts: int, events: int, seed: int) -> Iterator[pl.DataFrame]:
    """Yield frames of one month at most: the columns of the catalog, ``month`` and ``object_index``."""
    done = 0
    for number, span in enumerate(spans(events)):
        yield _chunk(span, done, contacts, np.random.default_rng([seed, 2, number]))
        done += span.events


def spans(events: int) -> list[Span]:
    """Return the parts of the two years before `AS_OF`; their events come to ``events``."""
    first = AS_OF.replace(year=AS_OF.year - _YEARS)
    start, total = int(first.timestamp()), (AS_OF - first).total_seconds()
    edges = [first]
    while edges[-1] < AS_OF:
        edges.append((edges[-1].replace(day=1) + dt.timedelta(days=32)).replace(day=1))
    found = []
    for begin, end in itertools.pairwise(edges):
        low, high = int(begin.timestamp()), int(end.timestamp())
        parts = max(1, math.ceil(events * (high - low) / total / CHUNK))
        cuts = [low + (high - low) * part // parts for part in range(parts + 1)]
        until = [int(events * (cut - start) / total) for cut in cuts]
        found += [Span(f"{begin:%Y-%m}", cuts[i], cuts[i + 1], until[i + 1] - until[i]) for i in range(parts)]
    return found


def _chunk(span: Span, done: int, contacts: int, rng: np.random.Generator) -> pl.DataFrame:
    count = span.events
    index = pl.Series("object_index", _who(contacts, rng.random(count)))
    shares = np.array(list(vocabulary.EVENT_SHARES.values()))
    type_codes = np.searchsorted(np.cumsum(shares / shares.sum())[:-1], rng.random(count), side="right")
    cents = np.minimum(rng.random(count) ** -0.55 * 3000 - 2500, 1e7).astype(np.int64)

    def words(listed: list[str], skew: float) -> pl.Series:
        return pl.Series(listed).gather((rng.random(count) ** skew * len(listed)).astype(np.int32))

    rows = pl.DataFrame(
        {
            "activity_id": "a" + pl.Series(np.arange(done, done + count)).cast(pl.String).str.zfill(9),
            "contact_id": contact_ids(index),
            "activity_type": pl.Series(list(vocabulary.EVENT_SHARES)).gather(type_codes),
            "occurred_at": pl.Series(_when(span, rng.random(count))).cast(pl.Datetime("us", "UTC")),
            "campaign_id": words(vocabulary.CAMPAIGNS, 1.5),
            "device": words(vocabulary.DEVICES, 1.3),
            "path": words(vocabulary.PATHS, 1.6),
            "category": words(vocabulary.CATEGORIES, 1.3),
            "revenue": pl.Series(cents),
            "month": pl.Series([span.month]).new_from_index(0, count),
            "object_index": index,
        }
    )
    return rows.with_columns(
        _only("campaign_id", _MAILED),
        _only("device", _ON_A_DEVICE),
        _only("path", ["page_viewed"]),
        _only("category", _SHOPPED),
        (_only("revenue", ["purchase"]).cast(pl.Decimal(38, 2)) / 100).cast(pl.Decimal(38, 2)),
    )


def _only(column: str, types: list[str]) -> pl.Expr:
    return pl.when(pl.col("activity_type").is_in(types)).then(pl.col(column))


def _who(contacts: int, draw: Draw) -> npt.NDArray[np.int64]:
    """Scatter a square law over the whole range, so that no bucket is busier than another."""
    factor = 2_654_435_761
    while math.gcd(factor, contacts) != 1:
        factor += 2
    rank = (draw**2 * contacts).astype(np.int64)
    return (rank * (factor % contacts) + 12_345) % contacts


def _when(span: Span, draw: Draw) -> npt.NDArray[np.int64]:
    """Return ascending instants in µs, no two alike: those of one second a microsecond apart."""
    seconds = np.sort((draw * (span.end - span.start)).astype(np.int64)) + span.start
    within = np.arange(len(seconds)) - np.searchsorted(seconds, seconds)
    return seconds * _MICROS + within
