"""Segments that nobody can be in, and segments that everybody is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.conflicts.model import Finding, Reason
from segmentation_pipeline.conflicts.proofs.minimal_sets import contradictions
from segmentation_pipeline.rules.tree import Everyone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.conflicts.proofs.explanation import Explainer
    from segmentation_pipeline.conflicts.proofs.proof import ObjectProof


def find_empty(found: ObjectProof, explainer: Explainer) -> Iterator[Finding]:
    """Yield ``never_matches`` and ``always_matches``; a static segment without members is neither."""
    for number, name in enumerate(found.names):
        segment = found.segment(name)
        if found.matrix.never[number] and segment.where is not None:
            yield _never(found, explainer, name)
        if found.matrix.always[number] and not isinstance(segment.where, Everyone):
            yield Finding(
                segment=name,
                finding="always_matches",
                severity="warning",
                message=f"every {segment.object} is in it, whatever its values",
                hint="write `where: {everyone: true}` if that is meant, else narrow a condition",
                at=found.written(name).position("where"),
                path="where",
            )


def _never(found: ObjectProof, explainer: Explainer, name: str) -> Finding:
    literal, chosen = explainer.loosened(name)
    reasons = {one.keeps: one.reason for one in chosen}
    sets = [
        tuple(reasons[keeps] for keeps in core)
        for core in contradictions(explainer.solver, literal, [one.keeps for one in chosen])
    ]
    return Finding(
        segment=name,
        finding="never_matches",
        severity="error",
        message=_message(found, name, sets),
        hint="change one condition of each set so that all can hold together",
        at=found.written(name).position("where"),
        path="where",
        conditions=tuple(sets),
    )


def _message(found: ObjectProof, name: str, sets: list[tuple[Reason, ...]]) -> str:
    kind = found.segment(name).object
    if not sets:
        return f"no {kind} can ever be in it"
    said = " and ".join(f"“{reason.condition}”" for reason in sets[0])
    more = f" (and {len(sets) - 1} more such sets)" if len(sets) > 1 else ""
    if len(sets[0]) == 1:
        return f"no {kind} can ever be in it: {said} is never true{more}"
    return f"no {kind} can ever be in it: {said} contradict each other{more}"
