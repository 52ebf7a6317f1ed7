"""Everything to be asked of the segments of one kind of object, at one ``as_of``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.conflicts.findings.yaml_paths import Written, read_written
from segmentation_pipeline.conflicts.formulas.encoding import Encoding
from segmentation_pipeline.conflicts.formulas.measured import Measures
from segmentation_pipeline.conflicts.formulas.parts import Support
from segmentation_pipeline.conflicts.formulas.premises import OBJECT, read_invariants
from segmentation_pipeline.conflicts.formulas.scope import Scope
from segmentation_pipeline.conflicts.formulas.solver import BUDGET, Solver
from segmentation_pipeline.conflicts.proofs.matrix import Matrix
from segmentation_pipeline.conflicts.witnesses.witness import build_witness
from segmentation_pipeline.rules.clock import Clock, to_micros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from segmentation_pipeline.conflicts.model import Witness
    from segmentation_pipeline.rules.segment import Definitions, Segment


@dataclass
class ObjectProof:
    """The formulas of all active segments of one kind of object, and the answers to all pairs.

    ``invariants`` are what each formula that the catalog demands is about.
    """

    definitions: Definitions
    kind: str
    clock: Clock
    budget: int = BUDGET
    names: list[str] = field(init=False)
    encoding: Encoding = field(init=False)
    solver: Solver = field(init=False)
    matrix: Matrix = field(init=False)
    invariants: tuple[Support, ...] = field(init=False)

    def __post_init__(self) -> None:
        segments, catalog = self.definitions.segments, self.definitions.catalog
        self.names = sorted(s.id for s in segments.values() if s.active and s.object == self.kind)
        measures = Measures()
        self.encoding = Encoding(Scope(catalog, catalog.objects[self.kind]), self.clock, segments, measures)
        measures.serve(self.encoding)
        literals = [self.encoding.segment(name) for name in self.names]
        self._demand()
        measures.close()
        self.encoding.close()
        self.solver = Solver(self.encoding.clauses, budget=self.budget)
        self.solver.prefer(self.encoding.registry.emptiness())
        self.matrix = Matrix(literals)
        self._written: dict[str, Written] = {}

    def _demand(self) -> None:
        """Add the invariants as clauses."""
        encoding, found = self.encoding, []
        for law in read_invariants(self.definitions.catalog) if self.kind == OBJECT else ():
            encoding.support = Support()
            encoding.clauses.add(encoding.formula(law.condition, (), self.clock))
            found.append(encoding.support)
        self.invariants = tuple(found)

    def literal(self, name: str) -> int:
        """Return the literal of a segment: true of its members."""
        return self.encoding.segment(name)

    def support(self, name: str) -> Support:
        """Return what a segment's formula is about, all it embeds included."""
        return self.encoding.supports[name, ()]

    def written(self, name: str) -> Written:
        """Return a segment's definition with the places of its conditions."""
        if name not in self._written:
            self._written[name] = read_written(self.segment(name))
        return self._written[name]

    def segment(self, name: str) -> Segment:
        return self.definitions.segments[name]

    def witness(self, model: Sequence[int], name: str, *about: str) -> tuple[Witness, bool]:
        """Return the customer of a model, and whether all of the segments in question is shown.

        Of no segment in particular: everything is, that some segment speaks about.
        """
        wanted: set[int] | None = None
        if about:
            wanted = self._closure(set().union(*(self.support(one).parts for one in about)))
        witness, missed = build_witness(self.encoding, model, name, about=wanted)
        opaque: set[int] = set().union(*(self.unsure(one) for one in about))
        return witness, not opaque and not (missed & wanted if wanted is not None else missed)

    def _closure(self, parts: set[int]) -> set[int]:
        """Return parts with all that invariants make depend on them."""
        waiting = [support.parts for support in self.invariants]
        while touched := [found for found in waiting if found & parts]:
            parts = parts.union(*touched)
            waiting = [found for found in waiting if found not in touched]
        return parts

    def unsure(self, name: str) -> set[int]:
        """Return the parts of a segment that can be more by its formula than they can be in truth."""
        support = self.support(name)
        parts = self.encoding.registry.parts
        return support.opaque | {number for number in support.parts if not parts[number].exact}

    def mixes(self) -> NDArray[np.bool_]:
        """Return by pair whether bounds of one operand move apart as days go by."""
        many = len(self.names)
        found = np.zeros((many, many), dtype=bool)
        users: dict[int, dict[str, NDArray[np.bool_]]] = {}
        demanded = {time for support in self.invariants for time in support.times}
        for number, name in enumerate(self.names):
            for part, movement in self.support(name).times | demanded:
                ways = users.setdefault(part, {})
                ways.setdefault(movement, np.zeros(many, dtype=bool))[number] = True
        for ways in users.values():
            flags = list(ways.values())
            for index, one in enumerate(flags):
                for other in flags[index + 1 :]:
                    either_one, either_other = one[:, None] | one, other[:, None] | other
                    found |= either_one & either_other
        return found

    def mixed_parts(self, name: str) -> dict[int, set[str]]:
        """Return the operands of a segment whose bounds move in more than one way, with the ways."""
        ways: dict[int, set[str]] = {}
        for part, movement in self.support(name).times:
            ways.setdefault(part, set()).add(movement)
        return {part: found for part, found in ways.items() if len(found) > 1}


@dataclass
class Proof:
    """What is proved of definitions at an instant, by kind of object; every pair has been asked."""

    definitions: Definitions
    as_of: dt.datetime
    objects: Mapping[str, ObjectProof]

    def of(self, segment: str) -> ObjectProof:
        return self.objects[self.definitions.segments[segment].object]


def prove(definitions: Definitions, as_of: dt.datetime, *, budget: int = BUDGET) -> Proof:
    """Ask everything of all pairs of active segments of one object; ``as_of`` is aware.

    Raises `DefinitionError` where an invariant of the catalog cannot be read.
    """
    clock = Clock(to_micros(as_of), "UTC", definitions.week_starts)
    kinds = sorted({segment.object for segment in definitions.segments.values() if segment.active})
    objects = {}
    for kind in kinds:
        found = ObjectProof(definitions, kind, clock, budget)
        found.matrix.fill(found.solver)
        objects[kind] = found
    return Proof(definitions, as_of, objects)
