"""A value of a closed domain as one atom for each group of values that rules do not tell apart."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.conflicts.formulas.clauses import FALSE, holds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.conflicts.formulas.clauses import Clauses


@dataclass
class Choice:
    """The atoms of an enum or a boolean; exactly one of them holds, or ``null``."""

    clauses: Clauses
    domain: tuple[Any, ...]
    null: int
    _asked: dict[frozenset[Any], int] = field(default_factory=dict)
    _groups: list[tuple[int, Any]] = field(default_factory=list)

    def among(self, values: frozenset[Any]) -> int:
        """Return a literal: the value is one of these, which lie in the domain."""
        if not values:
            return FALSE
        if values not in self._asked:
            self._asked[values] = self.clauses.new()
        return self._asked[values]

    def close(self) -> None:
        groups: defaultdict[tuple[bool, ...], list[Any]] = defaultdict(list)
        for value in self.domain:
            groups[tuple(value in asked for asked in self._asked)].append(value)
        members: defaultdict[int, list[int]] = defaultdict(list)
        for signature, values in groups.items():
            atom = self.clauses.new()
            self._groups.append((atom, values[0]))
            for number, inside in enumerate(signature):
                if inside:
                    members[number].append(atom)
        self.clauses.exactly_one([*(atom for atom, _ in self._groups), self.null])
        for number, atom in enumerate(self._asked.values()):
            self.clauses.equate(atom, self.clauses.either(members[number]))

    def value(self, model: Sequence[int]) -> Any:
        """Return the value of a model; None for null."""
        return next((value for atom, value in self._groups if holds(atom, model)), None)
