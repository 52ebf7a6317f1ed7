"""The one place that knows the SAT solver: questions under assumptions, with a budget of conflicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pysat.solvers import Solver as _Solver

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType
    from typing import Self

    from segmentation_pipeline.conflicts.formulas.clauses import Clauses

BUDGET = 200_000
"""How many conflicts a question may cost before it is given up; rules people write need a few."""


class Solver:
    """Answers questions about clauses that may grow between them; close it, or use it in a ``with``.

    A question that meets more than ``budget`` conflicts has no answer (None).
    """

    def __init__(self, clauses: Clauses, *, budget: int = BUDGET) -> None:
        self._clauses = clauses
        self._budget = budget
        self._seen = 0
        self._solver = _Solver("minisat22")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._solver.delete()

    def solve(self, assumptions: Sequence[int] = ()) -> bool | None:
        """Return whether everything can hold at once; None where the budget did not suffice."""
        self._catch_up()
        self._solver.conf_budget(self._budget)
        answer: bool | None = self._solver.solve_limited(assumptions=list(assumptions))
        return answer

    def model(self) -> list[int]:
        """Return the model of the last question that had one: the literal of variable v at v − 1."""
        found = list(self._solver.get_model())
        return found + [-variable for variable in range(len(found) + 1, self._clauses.variables + 1)]

    def core(self) -> list[int]:
        """Return assumptions of the last question that contradict each other; not minimal."""
        return list(self._solver.get_core() or ())

    def prefer(self, literals: Iterable[int]) -> None:
        """Try these polarities first, which makes models plain."""
        self._solver.set_phases(list(literals))

    def minimal_core(self, fixed: Sequence[int], chosen: Sequence[int]) -> list[int] | None:
        """Return a minimal part of ``chosen`` that contradicts ``fixed``, in the order given.

        None where nothing does, or the budget does not suffice to say so.
        """
        if self.solve([*fixed, *chosen]) is not False:
            return None
        found = set(self.core())
        core = [literal for literal in chosen if literal in found]
        for literal in list(core):
            if literal not in core:
                continue
            rest = [other for other in core if other != literal]
            if self.solve([*fixed, *rest]) is False:
                found = set(self.core())
                core = [other for other in rest if other in found]
        return core

    def _catch_up(self) -> None:
        fresh = self._clauses.clauses[self._seen :]
        if fresh:
            self._solver.append_formula(fresh)
            self._seen = len(self._clauses.clauses)
