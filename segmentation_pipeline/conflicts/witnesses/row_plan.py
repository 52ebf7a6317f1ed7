"""Rows that make the counts of a model: of each selection a row that stays out of the others it can."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentation_pipeline.conflicts.formulas.clauses import holds
from segmentation_pipeline.conflicts.formulas.lines import Line

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from segmentation_pipeline.conflicts.formulas.encoding import Encoding
    from segmentation_pipeline.conflicts.formulas.parts import Part
    from segmentation_pipeline.conflicts.formulas.solver import Solver

    Wanted = tuple[int, int | None]
    """At least so many, and fewer than so many."""
    Planned = tuple[list[tuple[list[int], int]], set[int]]

_MOST_SHARED = 60
_MOST_SHARING = 40
"""Among more counts at once, as in a customer that is to show every segment, rows are not shared."""


@dataclass
class Planner:
    """``counted`` are the selections, as formulas about one row of ``rows``, and their counts."""

    rows: Encoding
    solver: Solver
    counted: Mapping[int, Part]
    _models: dict[int, list[int] | None] = field(default_factory=dict)
    _members: dict[int, frozenset[int]] = field(default_factory=dict)
    _shared: dict[object, list[int] | None] = field(default_factory=dict)

    def plan(
        self, model: Sequence[int], about: Collection[int] | None = None
    ) -> tuple[list[tuple[list[int], int]], set[int]]:
        """Return rows (as models of one row, and how many of each) that make the counts of a model.

        Also the numbers of the parts whose counts they do not make. ``about`` are the parts that
        matter; None: all do.
        """
        wanted: dict[int, Wanted] = {}
        for formula, part in self.counted.items():
            if about is None or part.number in about:
                assert isinstance(part.atoms, Line)
                low, after = part.atoms.region(model) or (0, 1)
                wanted[formula] = low or 0, after
        planned, missed = self._apart(wanted)
        if missed and len(wanted) <= _MOST_SHARING:
            planned, missed = self._together(wanted)
        return planned, {self.counted[formula].number for formula in missed}

    def _apart(self, wanted: Mapping[int, Wanted]) -> Planned:
        """Give each selection rows of its own, that stay out of the others."""
        planned: list[tuple[list[int], int]] = []
        present: Counter[int] = Counter()
        # The narrow ones first: their rows count for the wide ones as well.
        for formula in sorted(wanted, key=lambda one: (-len(self.members(one)), one)):
            missing, row = wanted[formula][0] - present[formula], self.row(formula)
            if missing > 0 and row is not None:
                planned.append((row, missing))
                present.update(dict.fromkeys(self.members(formula), missing))
        return planned, _missed(wanted, present)

    def _together(self, wanted: Mapping[int, Wanted]) -> Planned:
        """Make rows one by one that several selections share, and none that has enough."""
        planned: list[tuple[list[int], int]] = []
        present: Counter[int] = Counter()
        for _ in range(_MOST_SHARED):
            lacking = [one for one, (low, _) in wanted.items() if present[one] < low]
            if not lacking:
                break
            full = [
                -one for one, (_, after) in wanted.items() if after is not None and present[one] + 1 >= after
            ]
            others = [-one for one in wanted if one not in lacking and -one not in full]
            row = self._share(lacking[0], tuple(full), (*lacking[1:], *others))
            if row is None:
                break
            planned.append((row, 1))
            present.update(one for one in self.counted if holds(one, row))
        return planned, _missed(wanted, present)

    def _share(self, formula: int, must: tuple[int, ...], may: tuple[int, ...]) -> list[int] | None:
        """Return a row of a selection that keeps out of what it must, and is what it may be."""
        key = (formula, must, may)
        if key not in self._shared:
            kept = [formula, *must]
            possible = bool(self.solver.solve(kept))
            for literal in may if possible else ():
                if self.solver.solve((*kept, literal)):
                    kept.append(literal)
            self._shared[key] = self._plainest(kept) if possible else None
        return self._shared[key]

    def members(self, formula: int) -> frozenset[int]:
        """Return the selections that the row chosen for one is in; none where it can have no row."""
        if formula not in self._members:
            row = self.row(formula)
            found = () if row is None else (other for other in self.counted if holds(other, row))
            self._members[formula] = frozenset(found)
        return self._members[formula]

    def row(self, formula: int) -> list[int] | None:
        """Return a row of a selection in as few of the others as can be; None where there is none."""
        if formula not in self._models:
            self._models[formula] = self._choose(formula)
        return self._models[formula]

    def _choose(self, formula: int) -> list[int] | None:
        if not self.solver.solve((formula,)):
            return None
        kept: list[int] = [formula]
        for other in self.counted:
            if other != formula and self.solver.solve((*kept, -other)):
                kept.append(-other)
        return self._plainest(kept)

    def _plainest(self, kept: list[int]) -> list[int]:
        """Return a model with as many nulls as can be."""
        for null in self.rows.registry.emptiness():
            if self.solver.solve((*kept, null)):
                kept.append(null)
        self.solver.solve(kept)
        return self.solver.model()


def _missed(wanted: Mapping[int, Wanted], present: Mapping[int, int]) -> set[int]:
    return {
        formula
        for formula, (low, after) in wanted.items()
        if present[formula] < low or (after is not None and present[formula] >= after)
    }
