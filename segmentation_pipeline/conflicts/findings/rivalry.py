"""Segments of one exclusivity group against each other: who never wins, whose rank says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.conflicts.model import Finding
from segmentation_pipeline.rules.delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.conflicts.proofs.proof import ObjectProof

Contender = tuple[str, Delivery]


def find_rivals(found: ObjectProof) -> Iterator[Finding]:
    """Yield ``shadowed``, ``equal_priority_overlap`` and ``coverage_gap`` of every exclusivity group."""
    groups: dict[str, list[Contender]] = {}
    for name in found.names:
        delivery = found.segment(name).delivery
        if delivery is not None and delivery.exclusivity_group is not None:
            groups.setdefault(delivery.exclusivity_group, []).append((name, delivery))
    for group, contenders in sorted(groups.items()):
        for contender in contenders:
            yield from _shadowed(found, group, contender, contenders)
        yield from _undecided(found, group, contenders)
        yield from _uncovered(found, group, contenders)


def _shadowed(
    found: ObjectProof, group: str, contender: Contender, contenders: list[Contender]
) -> Iterator[Finding]:
    name, delivery = contender
    if found.matrix.never[found.names.index(name)]:
        return
    above = [
        other
        for other, theirs in contenders
        if theirs.priority > delivery.priority and theirs.covers(delivery)
    ]
    literals = {-found.literal(other): other for other in above}
    core = found.solver.minimal_core([found.literal(name)], list(literals)) if above else None
    if core is None:
        return
    culprits = tuple(sorted(literals[literal] for literal in core))
    said = " or ".join(f"`{other}`" for other in culprits)
    yield Finding(
        segment=name,
        finding="shadowed",
        severity="error",
        message=f"never wins in the group `{group}`: whoever is in it is in {said} too, of higher priority",
        hint="raise its `priority`, narrow the others, or take it out of the group",
        at=found.written(name).position("delivery", "priority"),
        path="delivery.priority",
        culprits=culprits,
        group=group,
    )


def _undecided(found: ObjectProof, group: str, contenders: list[Contender]) -> Iterator[Finding]:
    for index, (name, delivery) in enumerate(contenders):
        for other, theirs in contenders[index + 1 :]:
            if delivery.priority != theirs.priority or not delivery.meets(theirs):
                continue
            answer = found.solver.solve((found.literal(name), found.literal(other)))
            if answer is False:
                continue
            witness, sure = (
                found.witness(found.solver.model(), f"tie_{name}_{other}", name, other)
                if answer
                else (None, False)
            )
            can = "can" if sure else "may"
            yield Finding(
                segment=name,
                finding="equal_priority_overlap",
                severity="error" if sure else "warning",
                message=f"{can} hold the same {found.kind} as `{other}`, with the same priority "
                f"{delivery.priority} in the group `{group}`: only their ids decide who wins",
                hint="give one of them a higher `priority`, or make their conditions exclude each other",
                at=found.written(name).position("delivery", "priority"),
                path="delivery.priority",
                culprits=(other,),
                witness=witness,
                group=group,
            )


def _uncovered(found: ObjectProof, group: str, contenders: list[Contender]) -> Iterator[Finding]:
    names = [name for name, _ in contenders]
    if not found.solver.solve([-found.literal(name) for name in names]):
        return
    witness, _ = found.witness(found.solver.model(), f"gap_{group}", *names)
    yield Finding(
        segment=None,
        finding="coverage_gap",
        severity="info",
        message=f"a {found.kind} can be in no segment of the group `{group}`: " + ", ".join(names),
        hint="add a segment of low priority for all others, if everybody should be in one",
        at=found.written(names[0]).position("delivery", "exclusivity_group"),
        path="delivery.exclusivity_group",
        culprits=tuple(names),
        witness=witness,
        group=group,
    )
