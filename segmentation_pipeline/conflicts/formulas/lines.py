"""One ordered value as atoms ``x < c``, one for each bound that some condition names.

A long list of values has no bounds of its own: values that satisfy the same conditions share one
atom, so a hundred thousand of them cost a handful.
"""

from __future__ import annotations

import bisect
import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentation_pipeline.conflicts.formulas.axes import merged
from segmentation_pipeline.conflicts.formulas.clauses import FALSE, TRUE, holds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.conflicts.formulas.axes import Axis, Span
    from segmentation_pipeline.conflicts.formulas.clauses import Clauses

_MANY = 8


@dataclass
class Line:
    """The atoms of one ordered operand; ``close`` adds the lemmas once every condition is known.

    ``null`` is true where there is no value, and then all the rest says nothing.
    """

    clauses: Clauses
    axis: Axis
    null: int
    below: dict[int, int] = field(default_factory=dict)
    _lists: dict[tuple[Span, ...], int] = field(default_factory=dict)
    _groups: list[tuple[int, Span]] = field(default_factory=list)

    def inside(self, spans: Sequence[Span]) -> int:
        """Return a literal: there is a value, in one of the spans."""
        first, after = self.axis.bounds()
        clipped = [
            (first if a is None else max(a, first), after if b is None else min(b, after)) for a, b in spans
        ]
        asked = merged(clipped)
        if len(asked) > _MANY:
            if asked not in self._lists:
                self._lists[asked] = self.clauses.new()
            return self._lists[asked]
        within = self.clauses.either(self.clauses.both((-self._below(a), self._below(b))) for a, b in asked)
        return self.clauses.both((-self.null, within))

    def at_least(self, place: int) -> int:
        """Return a literal: there is a value, at ``place`` or above."""
        return self.inside(((place, None),))

    def _below(self, cut: int | None) -> int:
        first, after = self.axis.bounds()
        if cut is None or not first < cut < after:
            return TRUE if cut is not None and cut >= after else FALSE
        if cut not in self.below:
            self.below[cut] = self.clauses.new()
        return self.below[cut]

    def close(self) -> None:
        """Add what holds between the atoms: a chain, and the lists."""
        cuts = sorted(self.below)
        for low, high in itertools.pairwise(cuts):
            self.clauses.implies(self.below[low], self.below[high])
        if self._lists:
            self._close_lists(cuts)

    def region(self, model: Sequence[int]) -> Span | None:
        """Return the span in which the value of a model lies; None for null."""
        if holds(self.null, model):
            return None
        for group, span in self._groups:
            if holds(group, model):
                return span
        cuts = sorted(self.below)
        index = next((i for i, cut in enumerate(cuts) if holds(self.below[cut], model)), len(cuts))
        low = cuts[index - 1] if index else None
        high = cuts[index] if index < len(cuts) else None
        return self._apart(low, high) if self._lists else (low, high)

    def _apart(self, low: int | None, high: int | None) -> Span:
        """Return a part of a span that no list has a value in."""
        first, after = self.axis.bounds()
        start, end = first if low is None else low, after if high is None else high
        for a, b in merged(span for spans in self._lists for span in spans):
            if a is None or b is None or b <= start:
                continue
            if a > start:
                return start, min(a, end)
            start = b
        return start, end

    def _close_lists(self, cuts: list[int]) -> None:
        starts: defaultdict[int, set[int]] = defaultdict(set)
        ends: defaultdict[int, set[int]] = defaultdict(set)
        for number, spans in enumerate(self._lists):
            for a, b in spans:
                # A list is of single values and days: its spans have two ends.
                starts[_end(a)].add(number)
                ends[_end(b)].add(number)
        edges = sorted({*cuts, *starts, *ends})
        active: set[int] = set()
        found: dict[tuple[int, frozenset[int]], Span] = {}
        free: set[int] = {0, len(cuts)}
        for edge, after in itertools.pairwise(edges):
            active = (active - ends[edge]) | starts[edge]
            region = bisect.bisect_right(cuts, edge)
            if active:
                found.setdefault((region, frozenset(active)), (edge, after))
            else:
                free.add(region)
        self._emit_lists(cuts, found, free)

    def _emit_lists(
        self, cuts: list[int], found: dict[tuple[int, frozenset[int]], Span], free: set[int]
    ) -> None:
        clauses = self.clauses
        of_list: defaultdict[int, list[int]] = defaultdict(list)
        of_region: defaultdict[int, list[int]] = defaultdict(list)
        atoms = []
        for (region, numbers), span in found.items():
            atom = clauses.new()
            atoms.append(atom)
            self._groups.append((atom, span))
            clauses.implies(atom, -self.null)
            of_region[region].append(atom)
            if region > 0:
                clauses.implies(atom, -self.below[cuts[region - 1]])
            if region < len(cuts):
                clauses.implies(atom, self.below[cuts[region]])
            for number in numbers:
                of_list[number].append(atom)
        clauses.at_most_one(atoms) if atoms else None
        for number, literal in enumerate(self._lists.values()):
            clauses.equate(literal, clauses.either(of_list[number]))
        for region, members in of_region.items():
            if region not in free:
                low = self.below[cuts[region - 1]] if region > 0 else FALSE
                high = self.below[cuts[region]] if region < len(cuts) else TRUE
                clauses.add(self.null, low, -high, *members)


def _end(bound: int | None) -> int:
    if bound is None:
        raise ValueError("a list of values has no open ends")
    return bound
