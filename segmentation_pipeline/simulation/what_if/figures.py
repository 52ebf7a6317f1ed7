"""The figures of ``mode: what_if`` that `fail_if` may name, counted from the tables of a run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.simulation.what_if.tables import CONFLICTS, SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Frames = Mapping[str, pl.DataFrame]
    Value = Callable[[Frames, str | None], float | None]

_ALARMING = ("error", "warning")


def _churn(frames: Frames, segment: str | None) -> float | None:
    """A segment that grows out of nothing has no churn."""
    found = _segments(frames, segment)["churn_percent"].max()
    return float(found) if isinstance(found, float) else None


def _moved(frames: Frames, segment: str | None, change: str) -> float:
    return float(_segments(frames, segment)[change].sum())


def _broken(frames: Frames, _segment: str | None) -> float:
    return float(frames[SEGMENTS.name].filter(pl.col("kind") == "broken").height)


def _conflicts(frames: Frames, _segment: str | None) -> float:
    rows = frames[CONFLICTS.name].filter(
        pl.col("change") == "new",
        (pl.col("conflict") == "relation") | pl.col("severity").is_in(_ALARMING),
    )
    return float(rows.height)


def _segments(frames: Frames, segment: str | None) -> pl.DataFrame:
    rows = frames[SEGMENTS.name]
    return rows if segment is None else rows.filter(pl.col("segment_id") == segment)


PROPOSALS: dict[str, tuple[str, Value, bool]] = {
    "churn_percent": (
        "who enters or exits by the proposal, in percent of the members before; of all segments the most",
        _churn,
        True,
    ),
    "members_entered": ("who enters by the proposal", partial(_moved, change="entered"), True),
    "members_exited": ("who exits by the proposal", partial(_moved, change="exited"), True),
    "broken_segments": ("segments that the proposal breaks", _broken, False),
    "new_conflicts": (
        "conflicts that the proposal makes: of rivals, and findings that are errors or warnings",
        _conflicts,
        False,
    ),
}
"""What is said of each figure, how it is counted, and whether by segment, too."""
