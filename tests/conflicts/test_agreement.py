"""Proofs against the engine: every overlap is shown by a customer the engine lets into both segments,
and no customer of any other proof contradicts it."""

from __future__ import annotations

import os
from collections import Counter

import numpy as np
import pytest

from segmentation_pipeline.conflicts.proofs.proof import prove
from segmentation_pipeline.conflicts.proofs.relations import relate
from segmentation_pipeline.conflicts.witnesses.confirmation import judge

PAIRS = int(os.environ.get("SEGMENTATION_PROOF_PAIRS", "10000"))
MANY = 24


def disagreements(kit, seed: int) -> tuple[Counter, list[str]]:
    """Relations of random segments, and where the engine contradicts one, by a witness of its own."""
    proof = prove(kit.define(kit.random_rules(seed, MANY)), kit.as_of)
    relations = relate(proof)
    (found,) = proof.objects.values()
    wrong, asked = [], []
    for number, relation in enumerate(relations):
        a, b = relation.segment_a, relation.segment_b
        inside, outside = found.literal(a), found.literal(b)
        for label, literals in (
            ("both", (inside, outside)),
            ("a", (inside, -outside)),
            ("b", (-inside, outside)),
        ):
            if found.solver.solve(literals):
                witness, sure = found.witness(found.solver.model(), f"w{number}{label}", a, b)
                asked.append((relation, label, witness, sure))
    judged = judge(proof, found, [witness for _, _, witness, _ in asked])
    for (relation, label, witness, sure), seen in zip(asked, judged, strict=True):
        a, b = (bool(seen[found.names.index(name)]) for name in (relation.segment_a, relation.segment_b))
        if sure and (a, b) != (label != "b", label != "a"):
            wrong.append(
                f"{seed}: {relation.segment_a} {relation.segment_b} {label} {(a, b)} {witness.as_json()}"
            )
        if a and b and relation.relation == "disjoint":
            wrong.append(f"{seed}: {relation.segment_a} and {relation.segment_b} are not disjoint")
        if a and not b and relation.relation in ("a_implies_b", "equivalent"):
            wrong.append(f"{seed}: {relation.segment_a} does not imply {relation.segment_b}")
    shown = Counter(relation.relation for relation in relations)
    shown["sure"] = sum(sure for *_, sure in asked)
    shown["asked"] = len(asked)
    return shown, wrong


@pytest.mark.parametrize("seed", [0, 2])
def test_engine_and_proof_agree(kit, seed):
    shown, wrong = disagreements(kit, seed)
    assert wrong == []
    assert shown["unknown"] == 0
    assert shown["sure"] >= shown["asked"] * 0.6
    assert shown["overlap"] > 0


@pytest.mark.integration
@pytest.mark.timeout(3_600)
def test_engine_and_proof_agree_on_thousands_of_pairs(kit):
    total: Counter = Counter()
    for seed in range(100, 100 + PAIRS * 2 // (MANY * (MANY - 1)) + 1):
        shown, wrong = disagreements(kit, seed)
        assert wrong == []
        total += shown
    assert sum(total.values()) - total["sure"] - total["asked"] >= PAIRS
    assert total["unknown"] == 0
    assert np.isclose(total["sure"] / total["asked"], 1, atol=0.4)
