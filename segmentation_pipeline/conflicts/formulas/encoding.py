"""Rules as formulas: every node of the tree, over one kind of row, at one ``as_of``.

What is not looked into is an atom of its own, which can be more than is true: proofs that something
is impossible stay proofs, and what is possible may not be.
"""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.conflicts.formulas.clauses import FALSE, TRUE, Clauses
from segmentation_pipeline.conflicts.formulas.moments import movements
from segmentation_pipeline.conflicts.formulas.parts import Part, Subject, Support
from segmentation_pipeline.conflicts.formulas.predicates import is_daily, positive
from segmentation_pipeline.conflicts.formulas.registry import Registry
from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.clock import Clock
from segmentation_pipeline.rules.operators import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.conflicts.formulas.measured import Measures
    from segmentation_pipeline.conflicts.formulas.scope import Scope
    from segmentation_pipeline.rules.segment import Segment

_ORDERS = {"on": "equals", "before": "less_than", "after": "greater_than",
           "on_or_before": "less_than_or_equal", "on_or_after": "greater_than_or_equal"}  # fmt: skip


class Encoding:
    """The formulas of conditions and segments; ``support`` collects what the latest are about.

    ``segments`` are those that conditions may embed, ``measures`` what measured operands become:
    None for the rows of a measure, which have none.
    """

    def __init__(
        self,
        scope: Scope,
        clock: Clock,
        segments: Mapping[str, Segment] | None = None,
        measures: Measures | None = None,
    ) -> None:
        self.clauses = Clauses()
        self.clock = clock
        self.scope = scope
        self.segments = segments or {}
        self.registry = Registry(self.clauses, scope, (clock.local_day(clock.as_of), clock.as_of))
        self.measures = measures
        self.support = Support()
        self.supports: dict[tuple[str, Subject], Support] = {}
        self._segments: dict[tuple[str, Subject], int] = {}

    def clock_in(self, zone: str) -> Clock:
        return Clock(self.clock.as_of, zone, self.clock.week_starts)

    def segment(self, name: str, subject: Subject = ()) -> int:
        """Return the formula of a segment's rule; pins are about single members, not about the rule."""
        key = (name, subject)
        if key not in self._segments:
            outer, self.support = self.support, Support()
            segment = self.segments[name]
            clock = self.clock_in(segment.time_zone)
            parts = []
            if segment.where is not None:
                parts.append(self.formula(segment.where, subject, clock))
            if segment.members is not None:
                parts.append(self.leaf(self.registry.opaque(("listed", name, subject))) if segment.members
                             else FALSE)  # fmt: skip
            if segment.exclude is not None:
                parts.append(-self.formula(segment.exclude, subject, clock))
            self._segments[key] = self.clauses.both(parts)
            self.supports[key], self.support = self.support, outer
        self.support.add(self.supports[key])
        return self._segments[key]

    def leaf(self, part: Part) -> int:
        """Return the atom of a leaf that is not looked into."""
        self.support.parts.add(part.number)
        return part.literal

    def close(self) -> None:
        self.registry.close()

    @singledispatchmethod
    def formula(self, condition: Any, subject: Subject, clock: Clock) -> int:
        """Return a literal that is true exactly where the condition is, of the row at ``subject``."""
        raise NotImplementedError(f"the prover has no rule for {type(condition).__name__}")

    @formula.register(tree.Everyone)
    def _(self, _condition: tree.Everyone, _subject: Subject, _clock: Clock) -> int:
        return TRUE

    @formula.register(tree.All)
    def _(self, condition: tree.All, subject: Subject, clock: Clock) -> int:
        return self.clauses.both([self.formula(one, subject, clock) for one in condition.conditions])

    @formula.register(tree.Any)
    def _(self, condition: tree.Any, subject: Subject, clock: Clock) -> int:
        return self.clauses.either([self.formula(one, subject, clock) for one in condition.conditions])

    @formula.register(tree.AtLeast)
    def _(self, condition: tree.AtLeast, subject: Subject, clock: Clock) -> int:
        parts = [self.formula(one, subject, clock) for one in condition.conditions]
        return self.clauses.at_least(condition.k, parts)

    @formula.register(tree.Not)
    def _(self, condition: tree.Not, subject: Subject, clock: Clock) -> int:
        return -self.formula(condition.condition, subject, clock)

    @formula.register(tree.InSegment)
    def _(self, condition: tree.InSegment, subject: Subject, clock: Clock) -> int:
        if condition.history is None:
            return self.segment(condition.segment, subject)
        key = ("history", condition.segment, condition.history, subject, clock.zone)
        return self.leaf(self.registry.opaque(key))

    @formula.register(tree.On)
    def _(self, condition: tree.On, subject: Subject, clock: Clock) -> int:
        parent = (*subject, condition.relation)
        inner = self.formula(condition.condition, parent, clock)
        self.support.parts.add(self.registry.link(parent).number)
        return self.clauses.both((self.registry.exists(parent), inner))

    @formula.register(tree.Sequence)
    def _(self, condition: tree.Sequence, subject: Subject, clock: Clock) -> int:
        return self.leaf(self.registry.opaque(("sequence", condition, subject, clock.zone)))

    @formula.register(tree.Compare)
    def _(self, condition: tree.Compare, subject: Subject, clock: Clock) -> int:
        operator = OPERATORS[condition.operator]
        name = operator.positive or operator.name
        if isinstance(condition.value, tree.Field):
            found, null = self._against_field(condition, name, subject, clock)
        else:
            found, null = self._against_literals(condition, name, subject, clock)
        if operator.positive is None:
            return found
        return self.clauses.both((-found, -null)) if condition.nulls_excluded else -found

    def operand(self, operand: tree.Operand, subject: Subject, clock: Clock) -> Part:
        """Return the part that an operand is; of a parent's key, which the child has, that of the child."""
        if isinstance(operand, tree.Field):
            way = (*subject, *operand.path[:-1])
            return self.registry.field(way, operand.path[-1], operand.type)
        if self.measures is None:
            raise NotImplementedError(f"the rows of a measure have no {type(operand).__name__}")
        return self.measures.part(operand, subject, clock)

    def _against_literals(
        self, condition: tree.Compare, name: str, subject: Subject, clock: Clock
    ) -> tuple[int, int]:
        key = self._as_key_of_child(condition, subject)
        if key is not None:
            child, exists = key
            found, null = self._against_literals(child[0], name, child[1], clock)
            missing = TRUE if name == "is_empty" else FALSE
            chosen = self.clauses.either((
                self.clauses.both((exists, found)), self.clauses.both((-exists, missing)),
            ))  # fmt: skip
            return chosen, self.clauses.either((-exists, null))
        part = self.operand(condition.operand, subject, clock)
        if name == "anniversary":
            self.registry.year(part, clock)
        self._touch(part, condition.value, clock)
        known = positive(part, name, condition.value, clock, ignore_case=condition.ignore_case)
        if known is None:
            found = self.leaf(
                self.registry.opaque((part.number, name, condition.value, condition.ignore_case))
            )
            self.clauses.implies(found, -part.null)
            return found, part.null
        if name == "matches":
            self.support.opaque.add(part.number)
        return known, part.null

    def _as_key_of_child(
        self, condition: tree.Compare, subject: Subject
    ) -> tuple[tuple[tree.Compare, Subject], int] | None:
        """Return the same comparison of the child's column that holds a parent's key."""
        operand = condition.operand
        if not isinstance(operand, tree.Field):
            return None
        way = (*subject, *operand.path[:-1])
        kind = self.scope.object_at(way) if way else None
        if kind is None or operand.path[-1] != kind.key:
            return None
        relation = self.scope.relation(way)
        assert relation.key is not None
        own = tree.Field((relation.key,), operand.type)
        moved = tree.Compare(own, condition.operator, condition.value, condition.ignore_case,
                             condition.nulls_excluded)  # fmt: skip
        return (moved, way[:-1]), self.registry.exists(way)

    def _against_field(
        self, condition: tree.Compare, name: str, subject: Subject, clock: Clock
    ) -> tuple[int, int]:
        assert isinstance(condition.value, tree.Field)
        left = self.operand(condition.operand, subject, clock)
        right = self.operand(condition.value, subject, clock)
        daily = left.kind != right.kind and (is_daily(left.kind) or is_daily(right.kind))
        way = (condition.ignore_case, clock.zone if daily else None)
        order, less, equal = self.registry.order(left, right, way)
        self.support.parts |= {left.number, right.number, order.number}
        null = self.clauses.either((left.null, right.null))
        match _ORDERS.get(name, name):
            case "equals":
                return equal, null
            case "less_than":
                return less, null
            case "less_than_or_equal":
                return self.clauses.either((less, equal)), null
            case "greater_than":
                return self.clauses.both((-less, -equal, -null)), null
            case "greater_than_or_equal":
                return self.clauses.both((-less, -null)), null
        raise NotImplementedError(f"no literal for `{name}` between fields")

    def _touch(self, part: Part, value: object, clock: Clock) -> None:
        self.support.parts.add(part.number)
        for movement in movements(value, clock, daily=is_daily(part.kind)):
            self.support.times.add((part.number, movement))
