"""What a proposal does to today's members: who enters, exits and stays, examples, and new conflicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.masking import MASK
from segmentation_pipeline.report.contents.simulation.outcome import counted, listed
from segmentation_pipeline.report.model import Column, Figures, Section
from segmentation_pipeline.simulation.what_if.tables import CHANGES, CONFLICTS, SAMPLES, SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from segmentation_pipeline.report.contents.simulation.outcome import Outcome

_NAMED = 3
_VALUES = 20
_EXAMPLES = 30
_MOVES = ("entered", "exited", "retained")


def what_if(found: Outcome) -> Section:
    """Return what moves; an empty section where nothing was compared so."""
    parts = [
        part
        for part in (_segments(found), *_by_attribute(found), _examples(found), _conflicts(found))
        if part.rows
    ]
    return Section("What would change", tuple(parts))


def moves(found: Outcome) -> Iterator[str]:
    """Yield a sentence on the segments that move most, and one on the conflicts that come with it."""
    if found.run["mode"] != "what_if":
        return
    rows = _moving(found)
    told = [
        f"`{name}` gains {entered:,}, loses {exited:,} and keeps {retained:,}"
        for name, entered, exited, retained in rows.select("segment_id", *_MOVES).head(_NAMED).iter_rows()
    ]
    if (more := rows.height - _NAMED) > 0:
        told.append(f"{counted(more, 'other segment')} move{'s' if more == 1 else ''}")
    yield f"{listed(told)}." if told else "Nobody would enter or exit a segment."
    new = found.rows(CONFLICTS).filter(pl.col("change") == "new").height
    gone = found.rows(CONFLICTS).filter(pl.col("change") == "resolved").height
    if new or gone:
        yield f"It makes {counted(new, 'conflict')} and resolves {gone:,}."


def _moving(found: Outcome) -> pl.DataFrame:
    return (
        found.rows(SEGMENTS)
        .filter((pl.col("entered") > 0) | (pl.col("exited") > 0))
        .sort(pl.col("entered") + pl.col("exited"), "segment_id", descending=[True, False])
    )


def _segments(found: Outcome) -> Figures:
    columns = (
        Column("segment"),
        Column("what changed"),
        Column("members now", "count"),
        Column("then", "count"),
        *(Column(name, "count") for name in _MOVES),
        Column("moving", "share"),
    )
    rows = found.rows(SEGMENTS).sort(
        pl.col("entered") + pl.col("exited"), "segment_id", descending=[True, False]
    )
    return Figures(
        columns,
        tuple(
            (
                row["segment_id"],
                _kind(row),
                row["size_before"],
                row["size_after"],
                *(row[name] for name in _MOVES),
                None if row["churn_percent"] is None else row["churn_percent"] / 100,
            )
            for row in rows.iter_rows(named=True)
        ),
    )


def _kind(row: Mapping[str, Any]) -> str:
    """Return what changed, with what it changed through, or why it has no answer."""
    kind = str(row["kind"]).replace("_", " ")
    if row["through"]:
        return f"{kind} {', '.join(row['through'])}"
    return f"{kind}: {row['cause']}" if row["cause"] else kind


def _by_attribute(found: Outcome) -> Iterator[Figures]:
    rows = found.rows(CHANGES).filter(pl.col("attribute").is_not_null())
    if rows.is_empty():
        return
    moving = _moving(found)["segment_id"].to_list()
    for attribute in rows["attribute"].unique().sort():
        wide = (
            rows.filter(pl.col("attribute") == attribute, pl.col("segment_id").is_in(moving))
            .group_by("segment_id", "value")
            .agg(pl.col("contacts").filter(pl.col("change") == name).sum().alias(name) for name in _MOVES)
            .filter((pl.col("entered") > 0) | (pl.col("exited") > 0))
            .sort(
                pl.col("entered") + pl.col("exited"),
                "segment_id",
                "value",
                descending=[True, False, False],
            )
        )
        columns = (Column("segment"), Column(attribute), *(Column(name, "count") for name in _MOVES))
        left = f", the {_VALUES} that move most" if wide.height > _VALUES else ""
        yield Figures(columns, tuple(wide.head(_VALUES).iter_rows()), caption=f"by {attribute}{left}")


def _examples(found: Outcome) -> Figures:
    columns = (Column("segment"), Column("who"), Column(""), Column("because"))
    rows = found.rows(SAMPLES).sort("segment_id", "change", "contact_id").head(_EXAMPLES)
    return Figures(
        columns,
        tuple(
            (
                row["segment_id"],
                (row["contact_id"] or f"{row['object']} {row['object_index']}") if found.named else MASK,
                row["change"],
                "; ".join(_flip(one, row["segment_id"]) for one in row["flipped"] or []),
            )
            for row in rows.iter_rows(named=True)
        ),
        caption="Some of those who move, and the conditions that decide",
    )


def _flip(one: Mapping[str, Any], segment: str) -> str:
    """Return a condition on both sides, whether it is true there, and the value found.

    Of another segment than the one in question, which embeds it, it says which.
    """
    where = "" if one["segment_id"] == segment else f"in `{one['segment_id']}`, "
    if one["cause"]:
        return f"{where}{one['cause']}"
    before, after = (
        "no such condition" if text is None else f"{text} is {'true' if holds else 'not true'}"
        for text, holds in ((one["before"], one["held"]), (one["after"], one["holds"]))
    )
    values = dict.fromkeys(one[name] for name in ("value", "value_after") if one[name] is not None)
    value = f" (it is {', then '.join(values)})" if values else ""
    return f"{where}before: {before}; then: {after}{value}"


def _conflicts(found: Outcome) -> Figures:
    columns = (
        Column(""),
        Column("conflict"),
        Column("segments"),
        Column("members of both now", "count"),
        Column("then", "count"),
        Column("what it is"),
    )
    rows = found.rows(CONFLICTS).sort("change", "conflict")
    return Figures(
        columns,
        tuple(
            (
                row["change"],
                row["conflict"].replace("_", " "),
                ", ".join(row["segments"]),
                row["shared_before"],
                row["shared_after"],
                row["message"],
            )
            for row in rows.iter_rows(named=True)
        ),
        caption="Conflicts between rules that come and go",
    )
