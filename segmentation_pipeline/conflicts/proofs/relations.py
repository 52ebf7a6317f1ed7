"""How all pairs of segments relate: from the answers to all questions, and what witnesses show."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.conflicts.model import Disagreement, Relation
from segmentation_pipeline.conflicts.proofs.explanation import Explainer
from segmentation_pipeline.conflicts.proofs.lifting import is_available, lift
from segmentation_pipeline.conflicts.witnesses.confirmation import confirm, judge
from segmentation_pipeline.errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from segmentation_pipeline.conflicts.model import RelationName, TimeScope, Witness
    from segmentation_pipeline.conflicts.proofs.proof import ObjectProof, Proof
    from segmentation_pipeline.rules.segment import Segment


MOST_SHOWN = 2_000
"""Of more pairs that are only possible, those that compete are shown; the others stay possible."""


def relate(proof: Proof) -> tuple[Relation, ...]:
    """Return the relation of every pair of one object's segments, in order of their ids.

    Every customer found on the way is evaluated by the engine, and what an overlap within one group
    or channel is shown by. Raises `RunFailed` where the engine and a proof disagree.
    """
    found = [relation for kind in proof.objects.values() for relation in _relate(proof, kind)]
    return tuple(sorted(found, key=lambda relation: (relation.segment_a, relation.segment_b)))


def _relate(proof: Proof, found: ObjectProof) -> Iterator[Relation]:
    shown = confirm(proof, found)
    _refuse(shown.disagreements)
    _show_more(proof, found, shown.together)
    scopes = found.mixes()
    relations = _named_relations(found, shown.together, scopes)
    if is_available():
        relations = lift(found, relations)
    detailed = []
    for relation in relations:
        if relation.same_group or relation.same_channel:
            detailed.append(relation)
        else:
            yield relation
    yield from _detail(proof, found, detailed)


def _named_relations(
    found: ObjectProof, together: NDArray[np.bool_], scopes: NDArray[np.bool_]
) -> Iterator[Relation]:
    for a, b, name in _named(found, together):
        one, other = found.segment(found.names[a]), found.segment(found.names[b])
        group, channel = _compete(one, other)
        scope: TimeScope = "as_of_only" if scopes[a, b] else "any_day"
        yield Relation(one.id, other.id, name, scope, group, channel)


def _show_more(proof: Proof, found: ObjectProof, together: NDArray[np.bool_]) -> None:
    """Make up a customer for each pair that none of the others showed, and add what the engine says."""
    matrix = found.matrix
    related = matrix.inside | matrix.inside.T | matrix.apart
    unshown = np.argwhere(np.triu(matrix.together & ~together & ~related, 1))
    pairs = [(int(a), int(b)) for a, b in unshown]
    if len(pairs) > MOST_SHOWN:
        pairs = [(a, b) for a, b in pairs if any(_compete(*(found.segment(found.names[n]) for n in (a, b))))]
    witnesses = []
    for number, (a, b) in enumerate(pairs):
        one, other = found.names[a], found.names[b]
        if found.solver.solve((found.literal(one), found.literal(other))):
            witnesses.append(found.witness(found.solver.model(), f"p{number}", one, other)[0])
    for seen in judge(proof, found, witnesses) if witnesses else ():
        inside = np.flatnonzero(seen)
        together[np.ix_(inside, inside)] = True


def _detail(proof: Proof, found: ObjectProof, relations: list[Relation]) -> Iterator[Relation]:
    """Yield relations with what shows them: conditions that contradict, or a customer the engine takes."""
    explainer = Explainer(found)
    shown: list[tuple[Relation, Witness, bool]] = []
    for number, relation in enumerate(relations):
        a, b = relation.segment_a, relation.segment_b
        if relation.relation == "disjoint":
            yield replace(relation, explanation=explainer.contradiction(a, b))
        elif found.solver.solve((found.literal(a), found.literal(b))):
            witness, sure = found.witness(found.solver.model(), f"w{number}", a, b)
            shown.append((relation, witness, sure))
        else:
            yield relation
    judged = judge(proof, found, [witness for _, witness, _ in shown])
    for (relation, witness, sure), seen in zip(shown, judged, strict=True):
        outside = [
            name for name in (relation.segment_a, relation.segment_b) if not seen[found.names.index(name)]
        ]
        if sure:
            _refuse(tuple(Disagreement(witness, name, proved=True, evaluated=False) for name in outside))
        yield relation if outside else replace(relation, witness=witness)


def _named(found: ObjectProof, sure: NDArray[np.bool_]) -> Iterator[tuple[int, int, RelationName]]:
    many = len(found.names)
    for a in range(many):
        for b in range(a + 1, many):
            yield a, b, _name(found, sure, a, b)


def _name(found: ObjectProof, sure: NDArray[np.bool_], a: int, b: int) -> RelationName:
    matrix = found.matrix
    if matrix.apart[a, b]:
        return "disjoint"
    if matrix.inside[a, b] and matrix.inside[b, a]:
        return "equivalent"
    if matrix.inside[a, b]:
        return "a_implies_b"
    if matrix.inside[b, a]:
        return "b_implies_a"
    if sure[a, b]:
        return "overlap"
    return "possible_unverified" if matrix.together[a, b] else "unknown"


def _compete(one: Segment, other: Segment) -> tuple[bool, bool]:
    """Return whether two segments share an exclusivity group, and a channel."""
    first, second = one.delivery, other.delivery
    if first is None or second is None:
        return False, False
    group = first.exclusivity_group is not None and first.exclusivity_group == second.exclusivity_group
    return group, first.channel == second.channel


def _refuse(disagreements: tuple[Disagreement, ...]) -> None:
    for one in disagreements:
        said = "in" if one.proved else "not in"
        raise RunFailed(
            f"by its rules {one.witness.as_json()} is {said} `{one.segment}`, by the engine it is not so",
            hint="the prover or the compiler is wrong: please report this definition",
        )
