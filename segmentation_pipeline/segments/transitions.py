"""Who entered and who exited between two versions of the memberships: an XOR of masks a segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.evaluation.positions import ids_in_steps
from segmentation_pipeline.segments.masks import aligned
from segmentation_pipeline.segments.published import memberships_at
from segmentation_pipeline.segments.tables import CHANGE, MEMBERSHIPS, REASON, TRANSITIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.segments.record import RunRecord


def transition_rows(store: DeltaStore, version: int, record: RunRecord) -> Iterator[pl.DataFrame]:
    """Yield the transitions of the run that made a version, by segment, change and object, few at a time.

    Raises `RunFailed` where the version or the one before can no longer be read.
    """
    try:
        before, after = memberships_at(store, version - 1), memberships_at(store, version)
        for name in sorted(record.changed):
            new, old = aligned(after.mask(name), before.mask(name))
            entered, exited = new & ~old, old & ~new
            kept_out = pl.Series(record.pinned_out.get(name, ()), dtype=pl.Int64)
            if entered.any():
                yield from _rows(record, name, "entered", entered, after.pinned(name))
            yield from _rows(record, name, "exited", exited, kept_out)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise RunFailed(
            f"versions {version - 1} and {version} of `{MEMBERSHIPS.name}` are no longer readable: {error}",
            where=TRANSITIONS.name,
            hint=f"put the folders of `{MEMBERSHIPS.name}` and `{TRANSITIONS.name}` back as they were",
        ) from error


def _rows(
    record: RunRecord, segment: str, change: str, moved: pl.Series, by_pin: pl.Series
) -> Iterator[pl.DataFrame]:
    for ids in ids_in_steps(moved):
        if ids.is_empty():
            continue
        reason = pl.lit(record.reasons.get(segment), dtype=REASON)
        if by_pin.len():
            pinned = pl.col(OBJECT_INDEX).is_in(by_pin.implode())
            reason = pl.when(pinned).then(pl.lit("pin", dtype=REASON)).otherwise(reason)
        yield ids.to_frame().select(
            pl.lit(segment, dtype=pl.Enum(sorted(record.changed))).alias("segment_id"),
            OBJECT_INDEX,
            pl.lit(change, dtype=CHANGE).alias("change"),
            pl.lit(record.as_of, dtype=TRANSITIONS.schema["at"]).alias("at"),
            pl.lit(record.run_id, dtype=pl.Enum([record.run_id])).alias("run_id"),
            reason.alias("reason"),
        )
