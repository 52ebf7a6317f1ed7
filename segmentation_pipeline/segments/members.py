"""The members of one segment as published: now, or at an instant that history remembers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.segments.basis import object_rows
from segmentation_pipeline.segments.published import read_published
from segmentation_pipeline.segments.tables import TRANSITIONS

if TYPE_CHECKING:
    import datetime as dt

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.rules.segment import Segment

_STEP = pl.when(pl.col("change") == "entered").then(1).otherwise(-1).cast(pl.Int64)
ADDED = ("added_at", "added_via")


@dataclass(frozen=True, slots=True)
class PublishedMembers:
    """``total`` members as published at ``as_of``.

    ``frame`` has the key, ``added_at`` and ``added_via`` (null where only history knows), then what
    else is known of each object now.
    """

    frame: pl.LazyFrame
    total: int
    as_of: dt.datetime


def published_members(
    store: DeltaStore, catalog: Catalog, segment: Segment, as_of: dt.datetime | None = None
) -> PublishedMembers:
    """Return who is in a segment as the last run published it, or as was published at ``as_of``.

    Raises `LakeError` where nothing was published by then.
    """
    published = read_published(store)
    if published.record is None:
        raise LakeError("nothing has been published yet", where=store.root.text, hint="segmentation run")
    if as_of is None or as_of >= published.record.as_of:
        rows = published.memberships.scan(segment.id).select(OBJECT_INDEX, *ADDED)
        at = published.record.as_of
    else:
        rows, at = _members_at(store, segment.id, as_of), as_of
    kind = catalog.objects[segment.object]
    known = object_rows(store, kind)
    others = [name for name in known.collect_schema() if name not in (OBJECT_INDEX, kind.key, *ADDED)]
    frame = rows.join(known, on=OBJECT_INDEX, how="inner").select(kind.key, *ADDED, *others)
    return PublishedMembers(frame, rows.select(pl.len()).collect().item(), at)


def sizes_over_time(store: DeltaStore, segment: str) -> list[tuple[dt.datetime, int]]:
    """Return the size after every run that changed it, oldest first."""
    if not store.exists(TRANSITIONS.name):
        return []
    rows = store.scan(TRANSITIONS.name).filter(pl.col("segment_id") == segment)
    steps = rows.group_by("at").agg(_STEP.sum().alias("step")).sort("at").collect()
    return list(zip(steps["at"], steps["step"].cum_sum(), strict=True))


def _members_at(store: DeltaStore, segment: str, as_of: dt.datetime) -> pl.LazyFrame:
    """Return who had entered by then and not exited since.

    Entries and exits of one object alternate, so their balance says it, whatever the order of
    several runs at one instant.
    """
    history = store.scan(TRANSITIONS.name)
    first = history.select(pl.col("at").min()).collect().item()
    if first is None or as_of < first:
        raise LakeError(
            f"nothing had been published by {as_of:%Y-%m-%dT%H:%M:%SZ}",
            where=TRANSITIONS.name,
            hint=f"history starts at {first:%Y-%m-%dT%H:%M:%SZ}" if first is not None else None,
        )
    rows = history.filter(pl.col("segment_id") == segment, pl.col("at") <= as_of)
    entered = pl.col("at").filter(pl.col("change") == "entered").max()
    balance = rows.group_by(OBJECT_INDEX).agg(_STEP.sum().alias("balance"), entered.alias("added_at"))
    return balance.filter(pl.col("balance") > 0).select(
        OBJECT_INDEX, "added_at", pl.lit(None, dtype=pl.String).alias("added_via")
    )
