"""Who entered and who exited between two versions of the memberships: an XOR of masks a segment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.evaluation.positions import ids_in_steps
from segmentation_pipeline.segments.masks import aligned
from segmentation_pipeline.segments.published import SEGMENT, memberships_at
from segmentation_pipeline.segments.tables import (
    CHANGE,
    MEMBERSHIPS,
    REASON,
    TRANSITION_REASONS,
    TRANSITIONS,
)

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
            told = _told(store, record, name)
            entered, exited = new & ~old, old & ~new
            kept_out = pl.Series(record.pinned_out.get(name, ()), dtype=pl.Int64)
            if entered.any():
                yield from _rows(record, name, "entered", entered, told.pinned(after.pinned(name)))
            yield from _rows(record, name, "exited", exited, told.pinned(kept_out))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise RunFailed(
            f"versions {version - 1} and {version} of `{MEMBERSHIPS.name}` are no longer readable: {error}",
            where=TRANSITIONS.name,
            hint=f"put the folders of `{MEMBERSHIPS.name}` and `{TRANSITIONS.name}` back as they were",
        ) from error


@dataclass(frozen=True, slots=True)
class _Told:
    """Why objects of one segment moved: ``single`` for all, ``mixed`` by index; a merge or a pin wins."""

    single: str | None
    mixed: pl.DataFrame | None
    merged: tuple[int, ...]
    by_pin: pl.Series | None = None

    def pinned(self, by_pin: pl.Series) -> _Told:
        return replace(self, by_pin=by_pin if by_pin.len() else None)

    def rows(self, ids: pl.Series) -> pl.DataFrame:
        """Return ids, and the ``reason`` of each."""
        rows = ids.to_frame().with_columns(pl.lit(self.single, dtype=REASON).alias("reason"))
        if self.mixed is not None:
            rows = ids.to_frame().join(self.mixed, on=OBJECT_INDEX, how="left", maintain_order="left")
        reason = pl.col("reason")
        if self.merged:
            reason = _where(pl.Series(self.merged, dtype=pl.Int64).implode(), "merged", reason)
        if self.by_pin is not None:
            reason = _where(self.by_pin.implode(), "pin", reason)
        return rows.with_columns(reason.alias("reason"))


def _where(those: pl.Expr | pl.Series, reason: str, otherwise: pl.Expr) -> pl.Expr:
    return pl.when(pl.col(OBJECT_INDEX).is_in(those)).then(pl.lit(reason, dtype=REASON)).otherwise(otherwise)


def _told(store: DeltaStore, record: RunRecord, segment: str) -> _Told:
    state = record.segments.get(segment)
    merged = record.merged.get(state.object, ()) if state is not None else ()
    mixed = None
    if segment in record.mixed and record.reasons_version is not None:
        rows = store.scan(TRANSITION_REASONS.name, record.reasons_version)
        mine = rows.filter(pl.col(SEGMENT) == segment)
        mixed = mine.select(OBJECT_INDEX, pl.col("reason").cast(REASON)).collect()
    return _Told(record.reasons.get(segment), mixed, merged)


def _rows(
    record: RunRecord, segment: str, change: str, moved: pl.Series, told: _Told
) -> Iterator[pl.DataFrame]:
    for ids in ids_in_steps(moved):
        if ids.len():
            yield told.rows(ids).select(
                pl.lit(segment, dtype=pl.Enum(sorted(record.changed))).alias("segment_id"),
                OBJECT_INDEX,
                pl.lit(change, dtype=CHANGE).alias("change"),
                pl.lit(record.as_of, dtype=TRANSITIONS.schema["at"]).alias("at"),
                pl.lit(record.run_id, dtype=pl.Enum([record.run_id])).alias("run_id"),
                "reason",
            )
