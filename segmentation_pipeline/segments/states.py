"""How every segment stands after a run: fresh, or the cause why not. Fail closed, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.evaluation.estimate import estimate
from segmentation_pipeline.rules.graph import closure_hashes
from segmentation_pipeline.segments.documents import document_hash
from segmentation_pipeline.segments.record import SegmentState, Status

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from segmentation_pipeline.diagnostics import Diagnostic
    from segmentation_pipeline.evaluation.evaluate import Evaluation, Failure
    from segmentation_pipeline.rules.segment import Segment
    from segmentation_pipeline.segments.basis import Basis
    from segmentation_pipeline.segments.changes import Change
    from segmentation_pipeline.segments.unchanged import Unchanged

_CAUSED_ELSEWHERE = ("embeds-broken", "embeds-cycle")
_NEVER = SegmentState(status="stale", cause="not evaluated yet")


def next_states(
    basis: Basis,
    evaluation: Evaluation,
    chosen: Collection[str],
    *,
    waiting: Collection[str],
    held: Mapping[str, str],
    unchanged: Unchanged,
    changes: Mapping[str, Change],
    seconds: float,
) -> dict[str, SegmentState]:
    """Return the state of every chosen segment; one that failed keeps when it last was, with the cause.

    ``waiting`` are those whose data cannot be trusted: they are stale, not at fault; ``held`` those whose
    new size is not what they expect, with the cause. An unchanged one
    is as right at this instant as if it had been evaluated; what its last evaluation cost stays.
    ``seconds`` of evaluation are shared out by the bytes each reads.
    """
    segments, broken = basis.definitions.segments, basis.definitions.broken
    hashes = closure_hashes(segments)
    costs = {name: estimate(segments[name], basis.catalog, basis.rows) for name in evaluation.masks}
    whole = sum(cost.bytes for cost in costs.values()) or 1
    states: dict[str, SegmentState] = {}
    for name in sorted(chosen):
        last = basis.states.get(name, _NEVER)
        if name in broken:
            states[name] = _broken(last, broken[name])
        elif not segments[name].active:
            moved = basis.number if _moved(changes.get(name)) else last.moved
            states[name] = _described(
                SegmentState(status="inactive", cause="`active: false`", moved=moved), segments[name]
            )
        elif name in held:
            kept = last.model_copy(update={"status": "held", "cause": held[name]})
            states[name] = _described(kept, segments[name])
        elif name in unchanged.segments:
            moved_on = last.model_copy(update={"evaluated_at": basis.as_of, "run_id": basis.run_id})
            states[name] = _described(moved_on, segments[name])
        elif name in evaluation.failed:
            status: Status = "stale" if name in waiting else "failed"
            states[name] = _described(_failed(last, evaluation.failed[name], status), segments[name])
        else:
            fresh = SegmentState(
                status="fresh",
                hash=hashes[name],
                basis=unchanged.bases[name],
                moved=basis.number if _moved(changes.get(name)) else last.moved,
                evaluated_at=basis.as_of,
                run_id=basis.run_id,
                seconds=round(seconds * costs[name].bytes / whole, 6),
                rows=costs[name].rows,
                bytes=costs[name].bytes,
                pending=evaluation.pending.get(name, ()),
            )
            states[name] = _described(fresh, segments[name])
    return states


def _moved(change: Change | None) -> bool:
    return change is not None and bool(change.entered or change.exited)


def _described(state: SegmentState, segment: Segment) -> SegmentState:
    """Return a state with what the definition says now; members of another object stay of that object."""
    holds = state.evaluated_at is not None and state.status != "fresh"
    said = {
        "document": document_hash(segment),
        "object": state.object if holds else segment.object,
        "type": segment.type,
        "publish": segment.publish,
    }
    return state.model_copy(update=said)


def _broken(last: SegmentState, finding: Diagnostic) -> SegmentState:
    status: Status = "stale" if finding.rule in _CAUSED_ELSEWHERE else "failed"
    return last.model_copy(update={"status": status, "cause": f"{finding.at}: {finding.message}"})


def _failed(last: SegmentState, failure: Failure, status: Status) -> SegmentState:
    if len(failure.path) == 1:
        return last.model_copy(update={"status": status, "cause": failure.cause})
    cause = f"{' → '.join(failure.path)}: {failure.cause}"
    return last.model_copy(update={"status": "stale", "cause": cause})
