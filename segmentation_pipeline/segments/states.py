"""How every segment stands after a run: fresh, or the cause why not. Fail closed, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.evaluation.estimate import Estimate, estimate
from segmentation_pipeline.segments.record import SegmentState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from segmentation_pipeline.evaluation.evaluate import Evaluation, Failure
    from segmentation_pipeline.segments.basis import Basis

_CAUSED_ELSEWHERE = ("embeds-broken", "embeds-cycle")
_NEVER = SegmentState(status="stale", document="", cause="not evaluated yet")


def next_states(
    basis: Basis,
    evaluation: Evaluation,
    selected: Collection[str],
    refused: Mapping[str, str],
    hashes: Mapping[str, str],
    run_id: str,
    seconds: float,
) -> dict[str, SegmentState]:
    """Return the state of every segment that has a definition.

    A segment that was not selected keeps its state; one that could not be evaluated keeps when it
    last was, with the cause. ``seconds`` of evaluation are shared out by the bytes each reads.
    """
    before = basis.previous.segments if basis.previous else {}
    costs = {name: estimate(basis.definitions.segments[name], basis.catalog, basis.rows) for name in evaluation.members}
    whole = sum(cost.bytes for cost in costs.values()) or 1
    states: dict[str, SegmentState] = {}
    for name in sorted(basis.known):
        last = before.get(name, _NEVER)
        if name in basis.definitions.broken:
            finding = basis.definitions.broken[name]
            status = "stale" if finding.rule in _CAUSED_ELSEWHERE else "failed"
            states[name] = last.model_copy(update={"status": status, "cause": f"{finding.at}: {finding.message}"})
        elif not basis.definitions.segments[name].active:
            states[name] = last.model_copy(update={"status": "inactive", "cause": "`active: false`", "run_id": run_id})
        elif name not in selected:
            states[name] = last
        elif name in evaluation.failed:
            states[name] = _failed(last, name, evaluation.failed[name], refused)
        else:
            share = seconds * costs[name].bytes / whole
            states[name] = _fresh(basis, evaluation, name, hashes[name], run_id, costs[name], share)
    return states


def _fresh(
    basis: Basis, evaluation: Evaluation, name: str, rule: str, run_id: str, cost: Estimate, seconds: float
) -> SegmentState:
    return SegmentState(
        status="fresh",
        document="",
        hash=rule,
        evaluated_at=basis.as_of,
        run_id=run_id,
        seconds=round(seconds, 6),
        rows=cost.rows,
        bytes=cost.bytes,
        pending=evaluation.pending.get(name, ()),
    )


def _failed(last: SegmentState, name: str, failure: Failure, refused: Mapping[str, str]) -> SegmentState:
    own = len(failure.path) == 1
    cause = failure.cause if own else f"{' → '.join(failure.path)}: {failure.cause}"
    status = "failed" if own and name not in refused else "stale"
    return last.model_copy(update={"status": status, "cause": cause})
