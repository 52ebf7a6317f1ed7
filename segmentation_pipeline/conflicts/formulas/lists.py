"""A list as one atom for each class of elements that rules tell apart: it has one of them, or not.

Exact: lists are as long as one likes, so any choice of classes is some list.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from segmentation_pipeline.conflicts.formulas.clauses import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from segmentation_pipeline.conflicts.formulas.clauses import Clauses


class Test(Protocol):
    """A literal of a rule, as a test of one element: hashable, so that equal ones are one."""

    def __hash__(self) -> int: ...
    def __eq__(self, other: object) -> bool: ...
    def __call__(self, element: Any) -> bool: ...


@dataclass
class ListAtoms:
    """The atoms of one list operand.

    ``elements`` gives, for the tests that rules make, elements that stand for all there are: one at
    least for every class that some test tells apart from the others.
    """

    clauses: Clauses
    null: int
    elements: Callable[[Sequence[Test]], Sequence[Any]]
    _tests: dict[Test, int] = field(default_factory=dict)
    _only: dict[frozenset[Test], int] = field(default_factory=dict)
    _some: int = 0
    _classes: list[tuple[int, Any]] = field(default_factory=list)

    def has(self, test: Test) -> int:
        """Return a literal: some element passes."""
        return self._tests.setdefault(test, 0) or self._new(self._tests, test)

    def has_only(self, tests: Sequence[Test]) -> int:
        """Return a literal: every element passes one of the tests; true of an empty list too."""
        for test in tests:
            self.has(test)
        key = frozenset(tests)
        return self._only.setdefault(key, 0) or self._new(self._only, key)

    def some(self) -> int:
        """Return a literal: there is an element."""
        self._some = self._some or self.clauses.new()
        return self._some

    def _new(self, atoms: dict[Any, int], key: Hashable) -> int:
        atoms[key] = self.clauses.new()
        return atoms[key]

    def close(self) -> None:
        tests = list(self._tests)
        classes: dict[tuple[bool, ...], Any] = {}
        for element in self.elements(tests):
            classes.setdefault(tuple(test(element) for test in tests), element)
        passing: defaultdict[Test, list[int]] = defaultdict(list)
        failing: defaultdict[frozenset[Test], list[int]] = defaultdict(list)
        for signature, element in classes.items():
            atom = self.clauses.new()
            self._classes.append((atom, element))
            self.clauses.implies(atom, -self.null)
            passed = {test for test, passes in zip(tests, signature, strict=True) if passes}
            for test in passed:
                passing[test].append(atom)
            for allowed in self._only:
                if not passed & allowed:
                    failing[allowed].append(atom)
        for test, literal in self._tests.items():
            self.clauses.equate(literal, self.clauses.either(passing[test]))
        for allowed, literal in self._only.items():
            self.clauses.equate(literal, -self.clauses.either(failing[allowed]))
        if self._some:
            self.clauses.equate(self._some, self.clauses.either(atom for atom, _ in self._classes))

    def value(self, model: Sequence[int]) -> list[Any] | None:
        """Return a list of a model; None for null."""
        if holds(self.null, model):
            return None
        return [element for atom, element in self._classes if holds(atom, model)]
