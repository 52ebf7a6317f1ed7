"""What SAT cannot say, with z3 where it is installed (the extra `z3`): any day, and two fields compared.

Moving bounds become terms over ``as_of``, and operands whose bounds move apart, or that are compared
with each other, become numbers. Everything else keeps its atoms with all that is known of them. A pair
that cannot be both on any day is disjoint whenever it is looked at; what can be is left as it was.
"""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.conflicts.proofs.terms import NotLiftable, Terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segmentation_pipeline.conflicts.formulas.parts import Support
    from segmentation_pipeline.conflicts.model import Relation, RelationName, TimeScope
    from segmentation_pipeline.conflicts.proofs.proof import ObjectProof

_PROVED = ("disjoint", "a_implies_b", "b_implies_a", "equivalent")
TIMEOUT_MS = 2_000
"""What takes longer is left as SAT said it."""


def is_available() -> bool:
    """Return whether z3 is installed."""
    return importlib.util.find_spec("z3") is not None


def lift(found: ObjectProof, relations: Iterable[Relation]) -> Iterator[Relation]:
    """Yield the relations, those that z3 can say more of with what it says."""
    lifter = _Lifter(found)
    for relation in relations:
        yield lifter.lift(relation)


class _Lifter:
    def __init__(self, found: ObjectProof) -> None:
        import z3

        self._found = found
        self._z3 = z3
        self._solver = z3.SolverFor("QF_LIA")
        self._solver.set("timeout", TIMEOUT_MS)
        self._loaded = False

    def lift(self, relation: Relation) -> Relation:
        a, b = relation.segment_a, relation.segment_b
        supports = (self._found.support(a), self._found.support(b))
        compared = {part for support in supports for part in support.parts} & set(
            self._found.encoding.registry.orders
        )
        if relation.relation in _PROVED:
            if relation.time_scope == "any_day":
                return relation
            name = self._decide(a, b, self._mixed(supports), compared)
            return replace(relation, time_scope="any_day") if name == relation.relation else relation
        if not compared or (name := self._decide(a, b, set(), compared)) is None:
            return relation
        scope: TimeScope = "as_of_only" if self._moves(compared, supports) else relation.time_scope
        return replace(relation, relation=name, time_scope=scope, witness=None)

    def _moves(self, compared: set[int], supports: tuple[Support, ...]) -> bool:
        """Return whether bounds of operands that are compared with each other move apart."""
        orders = (self._found.encoding.registry.orders[part] for part in compared)
        parts = {part.number for order in orders for part in (order.first, order.second)}
        ways = {movement for support in supports for part, movement in support.times if part in parts}
        return len(ways) > 1

    def _mixed(self, supports: tuple[Support, ...]) -> set[int]:
        """Return the parts of a pair whose bounds move in more than one way."""
        ways: dict[int, set[str]] = {}
        for support in (*supports, *self._found.invariants):
            for part, movement in support.times:
                ways.setdefault(part, set()).add(movement)
        return {part for part, movements in ways.items() if len(movements) > 1}

    def _decide(self, a: str, b: str, moving: set[int], compared: set[int]) -> RelationName | None:
        """Return what is proved of a pair; None where nothing is, or not in time."""
        terms = Terms(self._found, moving, self._z3)
        try:
            one, other = terms.segment(a), terms.segment(b)
        except NotLiftable:
            return None
        self._load()
        self._solver.push()
        try:
            self._solver.add(*(fact for number in compared for fact in terms.order(number)))
            self._solver.add(*terms.facts())
            if self._refuted(one, other):
                return "disjoint"
            inside, around = self._refuted(one, self._z3.Not(other)), self._refuted(self._z3.Not(one), other)
        finally:
            self._solver.pop()
        if inside and around:
            return "equivalent"
        return "a_implies_b" if inside else "b_implies_a" if around else None

    def _refuted(self, *formulas: Any) -> bool:
        return bool(self._solver.check(*formulas) == self._z3.unsat)

    def _load(self) -> None:
        """Tell z3 what is known of the atoms, once."""
        if self._loaded:
            return
        self._loaded = True
        boolean = self._z3.Bool
        for clause in self._found.encoding.clauses.clauses:
            literals = [
                boolean(f"v{one}") if one > 0 else self._z3.Not(boolean(f"v{-one}")) for one in clause
            ]
            self._solver.add(self._z3.Or(literals))
