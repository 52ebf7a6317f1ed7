"""How many rows meet a condition, for every condition that rules count by on one source of rows.

What a count counts (types, window, ``where``) is a formula about one row. From which of these entail
and exclude each other follows all that is known of the counts: rows that are more narrowly chosen
are not more, and rows chosen apart from each other add up.
"""

from __future__ import annotations

import bisect
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import Date, Integer
from segmentation_pipeline.conflicts.formulas.lines import Line
from segmentation_pipeline.conflicts.formulas.moments import movements
from segmentation_pipeline.conflicts.formulas.parts import Part, Subject, Support
from segmentation_pipeline.conflicts.formulas.predicates import positive
from segmentation_pipeline.conflicts.formulas.scope import Scope
from segmentation_pipeline.conflicts.formulas.solver import Solver
from segmentation_pipeline.conflicts.proofs.matrix import entailed
from segmentation_pipeline.conflicts.witnesses.row_plan import Planner
from segmentation_pipeline.rules import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from segmentation_pipeline.catalog.types import FieldType
    from segmentation_pipeline.conflicts.formulas.encoding import Encoding
    from segmentation_pipeline.rules.clock import Clock

_MOST_SUMS = 40
"""Sums of two counts are related to a third: three at a time, so not among too many."""


@dataclass
class RowCounts:
    """The counts of one source of rows, of the row at ``subject``."""

    encoding: Encoding
    source: tree.Events | tree.Related
    subject: Subject
    rows: Encoding = field(init=False)
    counted: dict[int, Part] = field(default_factory=dict)
    """What is counted, as a formula about one row, and the part that is the count."""
    entangled: bool = field(init=False)
    """Whether the rows may be such as the witness already has: then counts are not free."""
    _time: tuple[str, FieldType] | None = field(init=False)
    _solver: Solver | None = None
    _planner: Planner | None = None

    def __post_init__(self) -> None:
        outer, catalog = self.encoding, self.encoding.scope.catalog
        if isinstance(self.source, tree.Events):
            source = catalog.events[self.source.source]
            scope = Scope(catalog, None, source, frozenset({source.key, source.id}))
            self._time = (source.time, source.fields[source.time].type)
            self.entangled = False
        else:
            owner = outer.scope.object_at(self.subject)
            assert owner is not None
            relation = owner.relations[self.source.relation]
            kind = catalog.objects[relation.object]
            scope = Scope(catalog, kind, None, frozenset({str(relation.foreign_key), kind.key}))
            self._time = (relation.time, kind.fields[relation.time].type) if relation.time else None
            above = (outer.scope.object_at(self.subject[:n]) for n in range(len(self.subject) + 1))
            self.entangled = any(other is not None and other.name == kind.name for other in above)
        self.rows = type(outer)(scope, outer.clock)

    def part(self, measure: tree.Measure, clock: Clock) -> Part:
        """Return the part of a count: the same one for what counts the same rows."""
        self.rows.support = Support()
        chosen = self._choose(measure, clock)
        part = self.counted.get(chosen)
        if part is None:
            about = self.rows.support
            exact = not self.entangled and not about.opaque and all(
                self.rows.registry.parts[number].exact for number in about.parts
            )  # fmt: skip
            key = ("count", self.subject, self._name, chosen)
            part = self.encoding.registry.computed(
                key, Integer(), nullable=False, dense=False, least=0, exact=exact
            )
            self.counted[chosen] = part
        number = next(iter(self.counted.values())).number
        times = {movement for _, movement in self.rows.support.times}
        times |= movements(measure.within, clock, daily=self._is_daily)
        self.encoding.support.times |= {(number, movement) for movement in times}
        return part

    def _choose(self, measure: tree.Measure, clock: Clock) -> int:
        parts = list(self._timely(measure, clock))
        if isinstance(measure.source, tree.Events):
            source = self.rows.scope.source
            assert source is not None
            kind = self.rows.registry.field((), source.type, source.fields[source.type].type)
            found = positive(kind, "in", measure.source.types, clock, ignore_case=False)
            assert found is not None
            parts.append(found)
        if measure.where is not None:
            parts.append(self.rows.formula(measure.where, (), clock))
        return self.rows.clauses.both(parts)

    def _timely(self, measure: tree.Measure, clock: Clock) -> Iterator[int]:
        """Yield that a row is visible and in the window; without a window it may be untimed."""
        if self._time is None:
            return
        part = self.rows.registry.field((), *self._time)
        assert isinstance(part.atoms, Line)
        now = clock.local_day(clock.as_of) if self._is_daily else clock.as_of
        visible = part.atoms.inside(((None, now + 1),))
        if measure.within is None:
            yield self.rows.clauses.either((part.null, visible))
            return
        window = clock.day_span if self._is_daily else clock.span
        yield visible
        yield part.atoms.inside((window(measure.within),))

    @property
    def _is_daily(self) -> bool:
        return self._time is not None and isinstance(self._time[1], Date)

    @property
    def _name(self) -> str:
        return self.source.source if isinstance(self.source, tree.Events) else self.source.relation

    def close(self) -> None:
        """Add what holds between the counts."""
        self.rows.close()
        self._solver = Solver(self.rows.clauses)
        chosen = list(self.counted)
        inside = {(a, b) for a in chosen for b in entailed(self._solver, a, [b for b in chosen if b != a])}
        for formula in chosen:
            if self._solver.solve((formula,)) is False:
                self.encoding.clauses.add(-self._line(formula).at_least(1))
        for a, b in sorted(inside):
            self._not_more(self._line(a), self._line(b))
        if len(chosen) <= _MOST_SUMS:
            for a, b in itertools.combinations(chosen, 2):
                self._add_up(a, b, chosen, inside)

    def _add_up(self, a: int, b: int, chosen: Sequence[int], inside: set[tuple[int, int]]) -> None:
        """Relate the counts of two selections to that of a third that holds both, or is held by them."""
        assert self._solver is not None
        if (a, b) in inside or (b, a) in inside:
            return
        apart = self._solver.solve((a, b)) is False
        for whole in chosen:
            if whole in (a, b):
                continue
            if apart and (a, whole) in inside and (b, whole) in inside:
                self._sum_reaches(self._line(a), self._line(b), self._line(whole))
            covered = (whole, a) not in inside and (whole, b) not in inside
            if covered and self._solver.solve((whole, -a, -b)) is False:
                self._sum_needed(self._line(a), self._line(b), self._line(whole))

    def _not_more(self, narrow: Line, wide: Line) -> None:
        cuts = sorted(wide.below)
        for cut, literal in narrow.below.items():
            index = bisect.bisect_right(cuts, cut)
            if index:
                self.encoding.clauses.implies(-literal, -wide.below[cuts[index - 1]])

    def _sum_reaches(self, one: Line, other: Line, whole: Line) -> None:
        cuts = sorted(whole.below)
        for a, b in itertools.product(one.below, other.below):
            index = bisect.bisect_right(cuts, a + b)
            if index and cuts[index - 1] > max(a, b):
                self.encoding.clauses.add(one.below[a], other.below[b], -whole.below[cuts[index - 1]])

    def _sum_needed(self, one: Line, other: Line, whole: Line) -> None:
        for a, b, n in itertools.product(one.below, other.below, whole.below):
            if a + b - 1 <= n:
                self.encoding.clauses.add(whole.below[n], -one.below[a], -other.below[b])

    def _line(self, formula: int) -> Line:
        atoms = self.counted[formula].atoms
        assert isinstance(atoms, Line)
        return atoms

    def planner(self) -> Planner:
        """Return what makes rows of counts, once everything is closed."""
        if self._planner is None:
            assert self._solver is not None
            self._planner = Planner(self.rows, self._solver, self.counted)
        return self._planner
