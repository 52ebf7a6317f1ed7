"""All minimal sets of conditions that contradict each other, not just the first.

A second solver keeps a map of the sets not yet looked at: each one asked about either grows to a
largest set that can hold together, or shrinks to a smallest that cannot, and both close a part of
the map. Source: Liffiton and others, "Fast, flexible MUS enumeration", Constraints 21 (2016).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.conflicts.formulas.clauses import Clauses
from segmentation_pipeline.conflicts.formulas.solver import Solver

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_SETS = 20
"""Beyond so many nobody reads on."""


def contradictions(
    solver: Solver, fixed: int, chosen: Sequence[int], *, most: int = MOST_SETS
) -> Iterator[list[int]]:
    """Yield minimal parts of ``chosen`` that contradict ``fixed``, each once, at most so many."""
    unseen = Clauses()
    numbers = {literal: unseen.new() for literal in chosen}
    found = 0
    with Solver(unseen) as seeds:
        seeds.prefer(numbers.values())
        while found < most and seeds.solve():
            model = seeds.model()
            seed = [literal for literal in chosen if model[numbers[literal] - 1] > 0]
            if (core := solver.minimal_core([fixed], seed)) is None:
                grown = _grow(solver, fixed, seed, chosen)
                unseen.add(*(numbers[literal] for literal in chosen if literal not in grown))
            else:
                found += 1
                yield core
                unseen.add(*(-numbers[literal] for literal in core))


def _grow(solver: Solver, fixed: int, seed: Sequence[int], chosen: Sequence[int]) -> set[int]:
    """Return a largest set with ``seed`` that can hold together."""
    kept = list(seed)
    for literal in chosen:
        if literal not in kept and solver.solve((fixed, *kept, literal)):
            kept.append(literal)
    return set(kept)
