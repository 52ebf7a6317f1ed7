"""Which segments can hold a customer together, and which hold one that another does not: all pairs.

A model is a customer who is judged by all segments at once, so every one found answers many pairs.
What stays open is asked one pair at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from segmentation_pipeline.conflicts.formulas.solver import Solver

    Flags = NDArray[np.bool_]


_MOST_TOGETHER = 12


def entailed(
    solver: Solver, premise: int, literals: Sequence[int], seen: Callable[[list[int]], object] | None = None
) -> set[int]:
    """Return which of the literals a premise entails; all that it does not are refuted at once.

    ``seen`` is given the models found on the way. What the budget does not suffice for is left out.
    """
    found: set[int] = set()
    waiting = list(literals)
    while waiting:
        answer = solver.solve([premise, *(-literal for literal in waiting)])
        if answer:
            if seen is not None:
                seen(solver.model())
            break
        core = set(solver.core()) if answer is False else {-waiting[0]}
        suspects = [literal for literal in waiting if -literal in core] or waiting[:1]
        for literal in suspects:
            alone = solver.solve([premise, -literal])
            if alone is False:
                found.add(literal)
            elif alone and seen is not None:
                seen(solver.model())
        settled = set(suspects)
        waiting = [literal for literal in waiting if literal not in settled]
    return found


@dataclass
class Matrix:
    """Answers by pair of numbers of segments; what is neither shown nor refuted was given up.

    ``together[a, b]``: both hold some customer. ``apart[a, b]``: never. ``without[a, b]``: ``a`` holds
    one that ``b`` does not. ``inside[a, b]``: never. ``models`` are customers that show all that is
    ``together``, and ``members`` who of the segments holds each.
    """

    literals: Sequence[int]
    together: Flags = field(init=False)
    apart: Flags = field(init=False)
    without: Flags = field(init=False)
    inside: Flags = field(init=False)
    never: Flags = field(init=False)
    always: Flags = field(init=False)
    models: list[list[int]] = field(default_factory=list)
    members: list[Flags] = field(default_factory=list)
    given_up: set[tuple[int, int]] = field(default_factory=set)
    _seen: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        many = len(self.literals)
        self._numbers = np.abs(np.asarray(self.literals, dtype=np.int64)) - 1
        self._signs = np.asarray(self.literals, dtype=np.int64) > 0
        for name in ("together", "apart", "without", "inside"):
            setattr(self, name, np.zeros((many, many), dtype=bool))
        self.never = np.zeros(many, dtype=bool)
        self.always = np.zeros(many, dtype=bool)

    def fill(self, solver: Solver) -> None:
        """Ask until every pair is answered, or given up."""
        for number, literal in enumerate(self.literals):
            self.never[number] = not self.together[number, number] and self._ask(solver, literal) is False
            self.always[number] = self._ask(solver, -literal) is False
        self.apart[self.never, :] = True
        self.apart[:, self.never] = True
        self.inside[self.never, :] = True
        self.inside[:, self.always] = True
        self._ask_pairs(solver)
        self._ask_implications(solver)

    def _ask_pairs(self, solver: Solver) -> None:
        """Ask of a segment with one more at a time: who fits, stays, so that one customer shows many."""
        for a, literal in enumerate(self.literals):
            while waiting := self._open(a):
                kept, model = [literal], None
                for b in waiting:
                    answer = solver.solve([*kept, self.literals[b]])
                    if answer:
                        kept.append(self.literals[b])
                        model = solver.model()
                    elif len(kept) == 1:
                        self._settle(a, b, refuted=answer is False)
                    if len(kept) > _MOST_TOGETHER:
                        break
                if model is not None:
                    self._harvest(model)

    def _open(self, a: int) -> list[int]:
        """Return the numbers above a segment's that are neither shown to go with it nor refuted."""
        undecided = ~(self.together[a] | self.apart[a])
        return [b for b in map(int, np.flatnonzero(undecided)) if b > a and (a, b) not in self.given_up]

    def _settle(self, a: int, b: int, *, refuted: bool) -> None:
        if refuted:
            self.apart[a, b] = self.apart[b, a] = True
        else:
            self.given_up.add((a, b))

    def _ask_implications(self, solver: Solver) -> None:
        # Who is never with b is, where there is anyone, without b.
        self.without |= self.apart & ~self.never[:, None]
        np.fill_diagonal(self.inside, val=True)
        for a, literal in enumerate(self.literals):
            open_ones = [int(b) for b in np.flatnonzero(~(self.without[a] | self.inside[a]))]
            # Two segments of one rule have one literal.
            others = dict.fromkeys(self.literals[b] for b in open_ones)
            for implied in entailed(solver, literal, list(others), self._look):
                self.inside[a, [b for b in open_ones if self.literals[b] == implied]] = True

    def _ask(self, solver: Solver, *literals: int) -> bool | None:
        answer = solver.solve(literals)
        if answer:
            self._harvest(solver.model())
        return answer

    def _harvest(self, model: list[int]) -> None:
        members = self._look(model)
        key = members.tobytes()
        if key not in self._seen:
            self._seen.add(key)
            self.models.append(model)
            self.members.append(members)

    def _look(self, model: list[int]) -> Flags:
        """Learn from a model, without keeping it."""
        values = np.asarray(model, dtype=np.int64)
        members: Flags = (values[self._numbers] > 0) == self._signs
        inside, outside = np.flatnonzero(members), np.flatnonzero(~members)
        self.together[np.ix_(inside, inside)] = True
        self.without[np.ix_(inside, outside)] = True
        return members
