"""The memberships of published segments with the objects' keys: `segment_members`, written as a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from segmentation_pipeline.segments.published import Memberships
    from segmentation_pipeline.segments.record import RunRecord

    Keys = Callable[[str], pl.LazyFrame]

STEP = 1 << 21
"""The keys of so many objects are held at once."""
KEY = "object_key"


def keyed_rows(
    memberships: Memberships, record: RunRecord, segments: Collection[str], keys: Keys
) -> Iterator[tuple[str, Iterator[pl.DataFrame]]]:
    """Yield the rows of those segments that are to be published with keys, in parts, ascending.

    Members whose object has no key (any more) are left out.
    """
    for kind, names in sorted(_by_object(memberships, record, segments).items()):
        known = keys(kind).select(OBJECT_INDEX, pl.col(KEY).cast(pl.String))
        last = known.select(pl.col(OBJECT_INDEX).max()).collect().item()
        starts = range(0, 0 if last is None else last + 1, STEP)
        # One range of keys is held while every segment passes; of one range alone each is read once.
        for start in starts:
            here = _dense(known, start)
            for name in names:
                ranges = memberships.ranges(name, [start], STEP)
                yield name, (_keyed(held, here, start) for start, held in ranges)


def _by_object(
    memberships: Memberships, record: RunRecord, segments: Collection[str]
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    sizes = memberships.sizes()
    for name in sorted(name for name in segments if name in sizes):
        state = record.segments.get(name)
        if state is not None and state.publish:
            found.setdefault(state.object, []).append(name)
    return found


def _dense(known: pl.LazyFrame, start: int) -> pl.Series:
    """Return the keys of a range of objects by position, null for a number that nobody has."""
    here = known.filter(pl.col(OBJECT_INDEX).is_between(start, start + STEP, closed="left")).collect()
    if here.is_empty():
        return pl.Series(KEY, dtype=pl.String)
    here = here.sort(OBJECT_INDEX)
    numbers = pl.int_range(start, int(here[OBJECT_INDEX][-1]) + 1, eager=True)
    if here.height == numbers.len():
        return here[KEY]
    places = here[OBJECT_INDEX].search_sorted(numbers)
    there = here[OBJECT_INDEX].gather(places) == numbers
    return here[KEY].gather(pl.select(pl.when(there).then(places)).to_series())


def _keyed(held: pl.DataFrame, keys: pl.Series, start: int) -> pl.DataFrame:
    rows = held.filter(held[OBJECT_INDEX] < start + keys.len())
    found = keys.gather(rows[OBJECT_INDEX] - start).alias(KEY)
    return rows.select(found, OBJECT_INDEX, "added_at", "added_via").filter(found.is_not_null())
