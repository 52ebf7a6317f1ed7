"""Clauses over numbered variables, and the gates that turn formulas into them.

A literal is a variable's number, negative for its negation, as in DIMACS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TRUE = 1
FALSE = -1
_PAIRWISE = 6


class Clauses:
    """Clauses that only grow; equal gates share one variable. Variable 1 is true."""

    def __init__(self) -> None:
        self.variables = 1
        self.clauses: list[list[int]] = [[TRUE]]
        self._gates: dict[frozenset[int], int] = {}

    def new(self) -> int:
        self.variables += 1
        return self.variables

    def add(self, *literals: int) -> None:
        """Demand that at least one of the literals holds."""
        if TRUE not in literals:
            self.clauses.append([literal for literal in literals if literal != FALSE])

    def implies(self, premise: int, *conclusions: int) -> None:
        """Demand that ``premise`` entails at least one of the conclusions."""
        self.add(-premise, *conclusions)

    def equate(self, left: int, right: int) -> None:
        self.add(-left, right)
        self.add(left, -right)

    def both(self, literals: Iterable[int]) -> int:
        """Return a literal that is true exactly where all are."""
        wanted = {literal for literal in literals if literal != TRUE}
        if FALSE in wanted or any(-literal in wanted for literal in wanted):
            return FALSE
        if not wanted:
            return TRUE
        if len(wanted) == 1:
            return wanted.pop()
        key = frozenset(wanted)
        gate = self._gates.get(key)
        if gate is None:
            gate = self._gates[key] = self.new()
            ordered = sorted(key)
            self.clauses.append([gate, *(-literal for literal in ordered)])
            self.clauses.extend([-gate, literal] for literal in ordered)
        return gate

    def either(self, literals: Iterable[int]) -> int:
        """Return a literal that is true exactly where at least one is."""
        return -self.both(-literal for literal in literals)

    def at_least(self, k: int, literals: Sequence[int]) -> int:
        """Return a literal that is true exactly where at least ``k`` are."""
        # Row by row from the end: reached[j] says that at least j of the literals so far hold.
        reached = [TRUE] + [FALSE] * k
        for literal in literals:
            reached = [TRUE] + [
                self.either((reached[j], self.both((literal, reached[j - 1])))) for j in range(1, k + 1)
            ]
        return reached[k]

    def exactly_one(self, literals: Sequence[int]) -> None:
        """Demand that exactly one holds; by a ladder where there are many."""
        self.add(*literals)
        self.at_most_one(literals)

    def at_most_one(self, literals: Sequence[int]) -> None:
        if len(literals) <= _PAIRWISE:
            for index, left in enumerate(literals):
                for right in literals[index + 1 :]:
                    self.add(-left, -right)
            return
        before = self.new()
        self.implies(literals[0], before)
        for literal in literals[1:-1]:
            after = self.new()
            self.add(-literal, -before)
            self.implies(before, after)
            self.implies(literal, after)
            before = after
        self.add(-literals[-1], -before)


def holds(literal: int, model: Sequence[int]) -> bool:
    """Return whether a literal is true in a model, which has the literal of variable v at v − 1."""
    return (model[abs(literal) - 1] > 0) is (literal > 0)
