"""Customers made up by the prover, judged by the engine: both must say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.conflicts.model import Disagreement
from segmentation_pipeline.conflicts.witnesses.frames import frames_of
from segmentation_pipeline.conflicts.witnesses.witness import build_witness
from segmentation_pipeline.evaluation.evaluate import evaluate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segmentation_pipeline.conflicts.model import Witness
    from segmentation_pipeline.conflicts.proofs.proof import ObjectProof, Proof

    Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Shown:
    """``together[a, b]``: by the engine too, both segments hold one of the customers made up."""

    together: Flags
    disagreements: tuple[Disagreement, ...]
    witnesses: int


def confirm(proof: Proof, found: ObjectProof) -> Shown:
    """Evaluate every customer that the pairs were answered by, against every segment of the object."""
    models = found.matrix.models
    drafts = [build_witness(found.encoding, model, f"m{number}") for number, model in enumerate(models)]
    evaluated = judge(proof, found, [witness for witness, _ in drafts])
    together = np.zeros_like(found.matrix.together)
    unsure = [found.unsure(name) for name in found.names]
    disagreements = []
    for (witness, missed), proved, seen in zip(drafts, found.matrix.members, evaluated, strict=True):
        inside = np.flatnonzero(seen)
        together[np.ix_(inside, inside)] = True
        for number in np.flatnonzero(proved != seen):
            about = found.support(found.names[number]).parts
            if not unsure[number] and not about & missed:
                disagreements.append(
                    Disagreement(witness, found.names[number], bool(proved[number]), bool(seen[number]))
                )
    return Shown(together, tuple(disagreements), len(models))


def judge(proof: Proof, found: ObjectProof, witnesses: Sequence[Witness]) -> Flags:
    """Return by witness and segment whether the engine makes it a member.

    Witnesses whose keys are the same are looked at one after the other.
    """
    judged = np.zeros((len(witnesses), len(found.names)), dtype=bool)
    waiting = list(range(len(witnesses)))
    while waiting:
        taken: set[tuple[str, str]] = set()
        batch: list[int] = []
        later: list[int] = []
        for number in waiting:
            keys = _keys(proof, witnesses[number])
            (later if keys & taken else batch).append(number)
            taken |= keys
        _judge(proof, found, witnesses, batch, judged)
        waiting = later
    return judged


def _keys(proof: Proof, witness: Witness) -> set[tuple[str, str]]:
    """Return the keys that a witness has, or names as keys of rows that are not there."""
    catalog = proof.definitions.catalog
    found: set[tuple[str, str]] = set()
    for kind in catalog.objects.values():
        leads = [
            (link.key, catalog.objects[link.object].table) for link in kind.relations.values() if link.key
        ]
        for row in witness.rows.get(kind.table, ()):
            found |= {(table, str(row[key])) for key, table in leads if row.get(key) is not None}
            found.add((kind.table, str(row[kind.key])))
    return found


def _judge(
    proof: Proof, found: ObjectProof, witnesses: Sequence[Witness], batch: list[int], judged: Flags
) -> None:
    frames = frames_of(proof.definitions.catalog, [witnesses[number] for number in batch])
    evaluation = evaluate(proof.definitions, frames, proof.as_of)
    rows = {witnesses[number].key: number for number in batch}
    for column, name in enumerate(found.names):
        for key in evaluation.keys(name) if name in evaluation.members else ():
            if key in rows:
                judged[rows[key], column] = True
