"""The published members of one segment, now or at an instant, with the objects' own columns."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.cli.tables import store_of
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.segments.published import read_published
from segmentation_pipeline.segments.tables import TRANSITIONS

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.rules.segment import Segment
    from segmentation_pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PublishedMembers:
    """``frame`` has the object's columns, ``added_at`` and ``added_via`` (null where only history knows)."""

    frame: pl.LazyFrame
    total: int
    as_of: dt.datetime


def published_members(
    workspace: Workspace, catalog: Catalog, segment: Segment, *, as_of: dt.datetime | None = None
) -> PublishedMembers:
    """Return who is in a segment as the last run published it, or as was published at ``as_of``."""
    store = store_of(workspace)
    published = read_published(store)
    if published.record is None:
        raise LakeError("nothing has been published yet", where=str(workspace.lake), hint="segmentation run")
    if as_of is None:
        rows = published.frame.filter(pl.col("segment_id") == segment.id).drop("segment_id")
    else:
        rows = _published_at(store, segment.id, as_of)
    kind = catalog.objects[segment.object]
    frame = rows.join(store.scan(kind.table), on="object_index", how="inner")
    total = rows.select(pl.len()).collect().item()
    return PublishedMembers(frame, total, as_of or published.record.as_of)


def _published_at(store: DeltaStore, segment: str, as_of: dt.datetime) -> pl.LazyFrame:
    """Return who had entered by then and not exited since."""
    rows = store.scan(TRANSITIONS.name).filter(pl.col("segment_id") == segment, pl.col("at") <= as_of)
    last = rows.sort("at", pl.col("change") == "entered").group_by("object_index", maintain_order=True).last()
    return last.filter(pl.col("change") == "entered").select(
        "object_index", pl.col("at").alias("added_at"), pl.lit(None, dtype=pl.String).alias("added_via")
    )
