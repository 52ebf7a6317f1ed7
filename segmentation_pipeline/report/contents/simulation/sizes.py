"""How the segments that deliver grew, shrank and flapped over the simulated days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.report.model import Chart, Column, Figures, Section, Series
from segmentation_pipeline.simulation.tables import SEGMENT_DAYS

if TYPE_CHECKING:
    from segmentation_pipeline.report.contents.simulation.outcome import Outcome, Variant

_LINES = 8


def sizes(found: Outcome) -> Section:
    """Return sizes and moves; of two sides with the same definitions once."""
    title = "How the segments moved"
    if found.rows(SEGMENT_DAYS).is_empty() or len(found.days) < 2:
        return Section(title, ())
    sides = found.variants
    if len({side.row["definitions_hash"] for side in sides}) == 1:
        sides = sides[:1]
    both = len(sides) > 1
    return Section(
        title,
        tuple(part for side in sides for part in (_chart(found, side, both), _table(found, side, both))),
    )


def _chart(found: Outcome, variant: Variant, both: bool) -> Chart:
    rows = found.rows(SEGMENT_DAYS, variant)
    largest = (
        rows.group_by("segment_id")
        .agg(pl.col("size").sum())
        .sort("size", "segment_id", descending=[True, False])
        .head(_LINES)["segment_id"]
        .sort()
    )
    series = []
    for name in largest:
        of_day = dict(rows.filter(pl.col("segment_id") == name).select("day", "size").iter_rows())
        series.append(
            Series(name, tuple(float(of_day[day]) if day in of_day else None for day in found.days))
        )
    caption = "members at the end of each day"
    if rows["segment_id"].n_unique() > _LINES:
        caption += f", of the {_LINES} largest"
    x = tuple(f"{day:%m-%d}" for day in found.days)
    return Chart(variant.of(caption) if both else caption.capitalize(), "line", x, tuple(series))


def _table(found: Outcome, variant: Variant, both: bool) -> Figures:
    columns = (
        Column("segment"),
        Column("members at first", "count"),
        Column("at last", "count"),
        Column("entered", "count"),
        Column("exited", "count"),
        Column("came back", "count"),
    )
    rows = (
        found.rows(SEGMENT_DAYS, variant)
        .sort("day")
        .group_by("segment_id")
        .agg(
            pl.col("size").first().alias("first"),
            pl.col("size").last().alias("last"),
            pl.col("entered", "exited", "reentered").sum(),
        )
        .sort("segment_id")
    )
    return Figures(columns, tuple(rows.iter_rows()), caption=variant.of("members") if both else "")
