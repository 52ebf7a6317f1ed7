"""A few customers day by day: what every segment that wanted them was told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.report.model import Column, Figures, Section
from segmentation_pipeline.simulation.tables import DECISIONS

if TYPE_CHECKING:
    import datetime as dt

    from segmentation_pipeline.report.contents.simulation.outcome import Outcome, Variant

_CUSTOMERS = 3
_DAYS = 7


def trace(found: Outcome) -> Section:
    """Return the last days of those traced customers of whom most different things were decided."""
    rows = found.rows(DECISIONS)
    days = found.days[-_DAYS:]
    told = (
        rows.filter(pl.col("day").is_in(days))
        .group_by("object_index")
        .agg(pl.struct("decision", "segment_id").n_unique().alias("different"), pl.col("contact_id").first())
        .sort("different", "object_index", descending=[True, False])
        .head(_CUSTOMERS)
    )
    shown = [
        _customer(found, variant, index, (contact if found.named else None) or f"customer {number}", days)
        for number, (index, contact) in enumerate(told.select("object_index", "contact_id").iter_rows(), 1)
        for variant in found.variants
    ]
    return Section("Some customers, day by day", tuple(one for one in shown if one.rows))


def _customer(found: Outcome, variant: Variant, index: int, name: str, days: list[dt.date]) -> Figures:
    rows = found.rows(DECISIONS, variant).filter(pl.col("object_index") == index, pl.col("day").is_in(days))
    cells = {
        (row["segment_id"], row["day"]): _cell(row["decision"], row["blocked_by"], row["segment_id"])
        for row in rows.iter_rows(named=True)
    }
    segments = rows.sort("rank", "segment_id")["segment_id"].unique(maintain_order=True)
    return Figures(
        (Column("segment"), *(Column(f"{day:%a %m-%d}") for day in days)),
        tuple((segment, *(cells.get((segment, day), "") for day in days)) for segment in segments),
        caption=variant.of(name),
    )


def _cell(decision: str, blocker: str | None, segment: str) -> str:
    """Return a decision with the segment that is the reason, where it is another."""
    said = decision.replace("_", " ")
    return said if blocker in (None, segment) else f"{said}: {blocker}"
