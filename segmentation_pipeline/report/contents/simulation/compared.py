"""A against B: every figure side by side, and who wins instead of whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.report.contents.simulation.outcome import counted
from segmentation_pipeline.report.model import Column, Figures, Section, Text
from segmentation_pipeline.simulation.tables import DIFF, SWITCHES

if TYPE_CHECKING:
    from segmentation_pipeline.report.contents.simulation.outcome import Outcome
    from segmentation_pipeline.report.model import Part

NOBODY = "nobody"
_SWITCHES = 20


def compared(found: Outcome) -> Section:
    """Return the differences; an empty section where there is one side."""
    title = "A against B"
    rows = found.rows(DIFF)
    if len(found.variants) < 2 or rows.is_empty():
        return Section(title, ())
    every = rows.filter(pl.col("scope") == "all")
    differing = every.filter(pl.col("delta").fill_null(0) != 0)
    same = counted(every.height - differing.height, "other figure")
    sent = rows.filter(pl.col("metric") == "won", _says_something()).sort(
        pl.col("delta").abs(), "key", descending=[True, False]
    )
    parts: list[Part] = [
        *([_table(differing, "")] if differing.height else []),
        Text((f"The {same} of `{DIFF.name}` are the same on both sides.",)),
        *(
            _table(each, f"Messages by {scope}")
            for scope in ("channel", "segment")
            if (each := sent.filter(pl.col("scope") == scope)).height
        ),
        *_switches(found),
    ]
    return Section(title, tuple(parts))


def _says_something() -> pl.Expr:
    return (pl.col("baseline").fill_null(0) != 0) | (pl.col("proposed").fill_null(0) != 0)


def _table(rows: pl.DataFrame, caption: str) -> Figures:
    columns = (
        Column(""),
        Column("A", "number"),
        Column("B", "number"),
        Column("B − A", "number"),
        Column("change", "share"),
    )
    shown = tuple(
        (
            row["metric"].replace("_", " ") if not caption else row["key"],
            _number(row["baseline"]),
            _number(row["proposed"]),
            _number(row["delta"]),
            None if row["delta_percent"] is None else row["delta_percent"] / 100,
        )
        for row in rows.iter_rows(named=True)
    )
    return Figures(columns, shown, caption=caption)


def _number(value: float | None) -> float | int | None:
    """Return a count as one, so that it is written without decimals."""
    return int(value) if value is not None and value == int(value) else value


def _switches(found: Outcome) -> list[Figures]:
    rows = found.rows(SWITCHES).select(
        pl.col("winner_baseline", "winner_proposed").fill_null(NOBODY), "contact_days"
    )
    if rows.is_empty():
        return []
    same = rows.filter(pl.col("winner_baseline") == pl.col("winner_proposed"))["contact_days"].sum()
    moved = (
        rows.filter(pl.col("winner_baseline") != pl.col("winner_proposed"))
        .sort("contact_days", "winner_baseline", "winner_proposed", descending=[True, False, False])
        .head(_SWITCHES)
    )
    columns = (Column("under A"), Column("under B"), Column("customers × days", "count"))
    return [
        Figures(
            columns,
            (*moved.iter_rows(), ("the same segment on both sides", None, int(same))),
            caption="Who wins instead of whom",
        )
    ]
