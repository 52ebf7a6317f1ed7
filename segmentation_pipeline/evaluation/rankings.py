"""Ranks: where every object of a population stands, computed over all buckets at once.

Values come as whole units, so that ties and cut points are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX

if TYPE_CHECKING:
    from segmentation_pipeline.rules.tree import Rank

VALUE, KEY, POPULATION = "rank:value", "rank:key", "rank:population"


@dataclass(frozen=True, slots=True)
class Ranked:
    """The rank of every object by position (Int64, null without one), and how many have one.

    A percentile is 100 × position, to be compared with value × population.
    """

    places: pl.Series
    population: int


def needs_key(node: Rank) -> bool:
    """Return whether equal values are told apart by the objects' keys."""
    return node.form == "ntile" and node.method == "rank"


def rank(node: Rank, values: pl.DataFrame, size: int) -> Ranked:
    """Return the ranks of ``size`` objects.

    ``values`` has ``object_index``, ``rank:value`` (whole) and, where `needs_key`, ``rank:key`` of the
    population; rows without a value have no rank.
    """
    ranked = values.filter(pl.col(VALUE).is_not_null())
    if node.form == "ntile":
        placed = _quantile(node, ranked) if node.method == "quantile" else _ntile(node, ranked)
    else:
        position = pl.col(VALUE).rank("min", descending=node.order == "descending").cast(pl.Int64)
        placed = ranked.with_columns((position * 100 if node.form == "percentile" else position).alias(VALUE))
    places = np.zeros(size, dtype=np.int64)
    places[placed[OBJECT_INDEX].to_numpy()] = placed[VALUE].cast(pl.Int64).to_numpy()
    # No place is 0: positions and buckets count from 1.
    found = pl.Series(places).to_frame(VALUE).select(pl.when(pl.col(VALUE) > 0).then(VALUE))
    return Ranked(found.to_series(), ranked.height)


def _ntile(node: Rank, ranked: pl.DataFrame) -> pl.DataFrame:
    """SQL's NTILE over (value in order, key ascending): the first buckets take the remainder."""
    assert node.buckets is not None
    size, rest = divmod(ranked.height, node.buckets)
    ordered = ranked.sort(VALUE, KEY, descending=[node.order == "descending", False]).with_row_index(
        "rank:row"
    )
    row = pl.col("rank:row").cast(pl.Int64)
    large = rest * (size + 1)
    later = rest + (row - large) // max(size, 1)
    return ordered.with_columns(
        (pl.when(row < large).then(row // (size + 1)).otherwise(later) + 1).alias(VALUE)
    )


def _quantile(node: Rank, ranked: pl.DataFrame) -> pl.DataFrame:
    """Cut at linearly interpolated quantiles, right-closed; equal cuts merge; descending is mirrored."""
    assert node.buckets is not None
    values = ranked[VALUE].sort()
    cuts = _cuts(values, node.buckets)
    # A value lies above a cut c = n/d exactly if it is greater than floor(c), for it is whole.
    floors = [cut.numerator // cut.denominator for cut in cuts]
    above = [(pl.col(VALUE) > pl.lit(floor, dtype=pl.Int128)).cast(pl.Int64) for floor in floors]
    bucket = pl.sum_horizontal([pl.lit(1, dtype=pl.Int64), *above])
    if node.order == "descending":
        bucket = len(cuts) + 2 - bucket
    return ranked.with_columns(bucket.alias(VALUE))


def _cuts(values: pl.Series, buckets: int) -> list[Fraction]:
    """Return the distinct inner cut points, those equal to the least or greatest value merged away."""
    last = len(values) - 1
    if last < 0:
        return []
    found = set()
    for number in range(1, buckets):
        place, rest = divmod(last * number, buckets)
        low = int(values[place])
        high = int(values[min(place + 1, last)])
        found.add(Fraction(low * (buckets - rest) + high * rest, buckets))
    return sorted(cut for cut in found if int(values[0]) < cut < int(values[last]))
