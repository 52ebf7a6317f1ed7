"""How every segment stood after its last run: what a check says that is executed by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.segments.publish import SegmentResult
from segmentation_pipeline.segments.published import read_published
from segmentation_pipeline.segments.tables import TRANSITIONS

if TYPE_CHECKING:
    from segmentation_pipeline.lake.store import DeltaStore


def last_results(store: DeltaStore) -> dict[str, SegmentResult]:
    """Return, by segment, its size and state, and what its last evaluation changed; none before one."""
    published = read_published(store)
    if published.record is None:
        return {}
    sizes, changes = published.memberships.sizes(), _changes(store)
    return {
        name: SegmentResult(
            segment=name,
            size=sizes.get(name, 0),
            entered=changes.get((name, state.run_id, "entered"), 0),
            exited=changes.get((name, state.run_id, "exited"), 0),
            status=state.status,
            cause=state.cause,
            seconds=state.seconds,
        )
        for name, state in published.record.segments.items()
    }


def _changes(store: DeltaStore) -> dict[tuple[str, str, str], int]:
    counted = (
        store.scan(TRANSITIONS.name).group_by("segment_id", "run_id", "change").agg(pl.len().cast(pl.Int64))
    )
    return {(name, run, change): count for name, run, change, count in counted.collect().iter_rows()}
