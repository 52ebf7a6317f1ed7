"""What proposed definitions do to today's members: who enters, exits and stays, why, and what conflicts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.assignment.contenders import CONTACT
from segmentation_pipeline.catalog.masking import masked_text
from segmentation_pipeline.segments.movers import sample_movers
from segmentation_pipeline.simulation.rows import frame_of
from segmentation_pipeline.simulation.what_if.attributes import check_attributes
from segmentation_pipeline.simulation.what_if.changes import MOVES, Breakdowns
from segmentation_pipeline.simulation.what_if.rule_conflicts import conflict_rows
from segmentation_pipeline.simulation.what_if.tables import CHANGES, CONFLICTS, SAMPLES, SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from segmentation_pipeline.segments.movers import Mover
    from segmentation_pipeline.segments.sides import Moves, Sides


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The rows of the tables of ``mode: what_if`` by table, without the column of the run.

    ``unchanged`` counts the segments that the proposal does not touch.
    """

    frames: Mapping[str, pl.DataFrame]
    unchanged: int


def what_if(sides: Sides, *, breakdowns: Sequence[str] = (), samples: int = 0) -> WhatIf:
    """Return what moves from the side before to the side after, on the same data and instant.

    ``breakdowns`` are fields to count by; ``samples`` is how many of those who enter, and of those who
    exit, are named a segment. Raises `UsageError` for a field nobody may be counted by, `RunFailed` where
    a proof and the engine disagree.
    """
    check_attributes((side.definitions.catalog for side in (sides.before, sides.after)), breakdowns)
    counted = Breakdowns(sides, breakdowns)
    segments: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    sampled: list[dict[str, Any]] = []
    for name in sides.touched:
        if (cause := sides.unanswered(name)) is not None:
            segments.append({"segment_id": name, "kind": "not_compared", "cause": masked_text(cause)})
        elif (moves := sides.moves(name)) is not None:
            segments.append(_segment(moves))
            changes += counted.rows(moves) if moves.compared else ()
            sampled += [_sample(name, mover) for mover in sample_movers(sides, moves, samples)]
    return WhatIf(
        {
            SEGMENTS.name: frame_of(SEGMENTS, segments),
            CHANGES.name: frame_of(CHANGES, changes),
            SAMPLES.name: frame_of(SAMPLES, sampled),
            CONFLICTS.name: frame_of(CONFLICTS, conflict_rows(sides)),
        },
        len(sides.names) - len(segments),
    )


def _segment(moves: Moves) -> dict[str, Any]:
    return {
        "segment_id": moves.segment,
        "kind": moves.kind,
        "through": list(moves.through),
        "size_before": moves.before,
        "size_after": moves.after,
        **{change: moves.count(change) for change in MOVES},
        "churn_percent": None if moves.churn is None else 100 * moves.churn,
        "cause": None if moves.broken is None else masked_text(moves.broken),
    }


def _sample(segment: str, mover: Mover) -> dict[str, Any]:
    return {
        "segment_id": segment,
        "change": "entered" if mover.entered else "exited",
        "object": mover.object,
        "object_index": mover.object_index,
        "contact_id": mover.key if mover.object == CONTACT else None,
        "flipped": [_masked(asdict(flip)) for flip in mover.flips],
    }


def _masked(flip: dict[str, Any]) -> dict[str, Any]:
    """Return a flip without addresses, which a condition or the reason of a pin may spell out."""
    said = {name: masked_text(value) if isinstance(value, str) else value for name, value in flip.items()}
    return {"segment_id": said.pop("segment"), **said}
