"""Contacts, chunk by chunk: the same seed and size give the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.data import vocabulary
from benchmarks.data.dataset import AS_OF

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHUNK = 250_000
_DAY = 86_400
_NOW = int(AS_OF.timestamp())
_MICROS = 1_000_000


def contact_ids(numbers: pl.Series) -> pl.Series:
    """Return the keys of contacts by their ``object_index``."""
    return ("c" + numbers.cast(pl.String).str.zfill(8)).rename("contact_id")


def contact_chunks(contacts: int, seed: int) -> Iterator[pl.DataFrame]:
    """Yield frames of at most `CHUNK` contacts: the fields of the catalog, and ``object_index``."""
    for number, start in enumerate(range(0, contacts, CHUNK)):
        yield _chunk(start, min(CHUNK, contacts - start), _Draws(np.random.default_rng([seed, 1, number])))


Draw = npt.NDArray[np.float64]
"""Numbers from 0 up to 1."""


class _Draws:
    """Columns of random values; ``null`` is the share of rows without one."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def words(self, words: Sequence[str], count: int, skew: float = 1.4, null: float = 0.03) -> pl.Series:
        """Draw words, the earlier ones more often with a ``skew`` above 1."""
        places = (self.rng.random(count) ** skew * len(words)).astype(np.int32)
        return self._with_nulls(pl.Series(words).gather(places), null)

    def whole(self, top: int, count: int, skew: float = 1.0, null: float = 0.0) -> pl.Series:
        """Draw whole numbers from 0 to ``top``."""
        values = pl.Series((self.rng.random(count) ** skew * (top + 1)).astype(np.int64))
        return self._with_nulls(values, null)

    def money(self, scale: float, top: float, count: int) -> pl.Series:
        """Draw amounts with two digits, a few of them far above the others."""
        cents = np.minimum((self.rng.random(count) ** -0.6 - 1) * scale * 100, top * 100).astype(np.int64)
        return (pl.Series(cents).cast(pl.Decimal(38, 0)) / pl.Series([100], dtype=pl.Decimal(38, 2))).cast(
            pl.Decimal(38, 2)
        )

    def instants(self, oldest: float, newest: float, count: int, null: float = 0.0) -> pl.Series:
        """Draw whole seconds between two ages in days."""
        ages = self.rng.random(count) * (oldest - newest) + newest
        micros = pl.Series((_NOW - (ages * _DAY).astype(np.int64)) * _MICROS)
        return self._with_nulls(micros.cast(pl.Datetime("us", "UTC")), null)

    def days(self, oldest: float, newest: float, count: int, null: float) -> pl.Series:
        return self.instants(oldest, newest, count, null).dt.date()

    def chances(self, probability: float, count: int) -> pl.Series:
        return pl.Series(self.rng.random(count) < probability)

    def tags(self, count: int) -> pl.Series:
        """Draw lists of tags, the first ones common; without a single tag the list is null."""
        shares = np.linspace(0.15, 0.01, len(vocabulary.TAGS))
        row, tag = np.nonzero(self.rng.random((count, len(shares)), dtype=np.float32) < shares)
        tagged = pl.DataFrame({"row": row, "tags": pl.Series(vocabulary.TAGS).gather(tag)})
        lists = tagged.group_by("row", maintain_order=True).agg(pl.col("tags").sort())
        everyone = pl.DataFrame({"row": np.arange(count)})
        return everyone.join(lists, on="row", how="left", maintain_order="left")["tags"]

    def _with_nulls(self, values: pl.Series, share: float) -> pl.Series:
        if not share:
            return values
        there = pl.Series(self.rng.random(len(values)) >= share)
        return values.zip_with(there, pl.Series([None], dtype=values.dtype))


def _chunk(start: int, count: int, draws: _Draws) -> pl.DataFrame:
    index = pl.Series("object_index", np.arange(start, start + count, dtype=np.int64))
    first = draws.words(vocabulary.FIRST_NAMES, count, 1.2, 0)
    last = draws.words(vocabulary.LAST_NAMES, count, 1.2, 0)
    email = (
        first.str.to_lowercase() + "." + last.str.to_lowercase() + index.cast(pl.String) + "@"
    ) + draws.words(vocabulary.MAIL_DOMAINS, count, 1.6, 0)
    enums = vocabulary.enum_values()
    skews = {"status": 5.0}
    return pl.DataFrame(
        {
            "contact_id": contact_ids(index),
            "first_name": first,
            "last_name": last,
            "email": email,
            "job_title": draws.words(vocabulary.JOB_TITLES, count, 1.3, 0.05),
            "company_name": draws.words(vocabulary.COMPANIES, count, 1.5, 0.05),
            "city": draws.words(vocabulary.CITIES, count, 1.5, 0.1),
            "country": draws.words(vocabulary.COUNTRIES, count, 2.0, 0.02),
            **{name: draws.words(words, count, skews.get(name, 1.4)) for name, words in enums.items()},
            "timezone": draws.words(vocabulary.TIME_ZONES, count),
            "do_not_contact": draws.chances(0.03, count),
            "email_verified": draws.chances(0.7, count),
            "enrichment_score": draws.whole(100, count),
            "lead_score": draws.whole(1000, count, 2.0),
            "lifetime_value": draws.money(50, 1e6, count),
            "created_at": draws.instants(1500, 0, count),
            "last_contacted_at": draws.instants(400, 0, count, 0.3),
            "unsubscribed_at": draws.instants(700, 0, count, 0.9),
            "birthday": draws.days(25000, 6500, count, 0.4),
            "monthly_revenue": draws.money(500, 5000, count),
            "satisfaction": draws.whole(10, count, null=0.4),
            "renewal_date": draws.days(365, -365, count, 0.5),
            "tags": draws.tags(count),
            "object_index": index,
        }
    )
