"""Which conditions contradict each other: every condition of a rule can be taken away, and is tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.conflicts.formulas.clauses import FALSE, TRUE
from segmentation_pipeline.conflicts.formulas.solver import Solver
from segmentation_pipeline.conflicts.model import Reason
from segmentation_pipeline.rules.english import describe
from segmentation_pipeline.rules.tree import All, Any, AtLeast, Not, On

if TYPE_CHECKING:
    from segmentation_pipeline.conflicts.findings.yaml_paths import Place
    from segmentation_pipeline.conflicts.formulas.parts import Subject
    from segmentation_pipeline.conflicts.proofs.proof import ObjectProof
    from segmentation_pipeline.rules.clock import Clock


@dataclass(frozen=True, slots=True)
class Chosen:
    """A condition that can be taken away, by a literal that keeps it."""

    keeps: int
    reason: Reason


class Explainer:
    """Answers why, with a solver of its own, so that the pairs are not asked more slowly."""

    def __init__(self, found: ObjectProof) -> None:
        self._found = found
        self._encoding = found.encoding
        self.solver = Solver(found.encoding.clauses)
        self._loosened: dict[str, tuple[int, tuple[Chosen, ...]]] = {}

    def contradiction(self, *names: str) -> tuple[Reason, ...]:
        """Return a minimal set of conditions that no customer meets together; empty where there is none."""
        loosened = [self.loosened(name) for name in names]
        chosen = [one for _, found in loosened for one in found]
        core = self.solver.minimal_core([literal for literal, _ in loosened], [one.keeps for one in chosen])
        kept = set(core or ())
        return tuple(one.reason for one in chosen if one.keeps in kept)

    def loosened(self, name: str) -> tuple[int, tuple[Chosen, ...]]:
        """Return a segment's formula of which every condition can be taken away, and these."""
        if name not in self._loosened:
            chosen: list[Chosen] = []
            literal = self._segment(name, chosen)
            self._loosened[name] = literal, tuple(chosen)
        return self._loosened[name]

    def _segment(self, name: str, chosen: list[Chosen]) -> int:
        segment = self._found.segment(name)
        clock = self._encoding.clock_in(segment.time_zone)
        parts = []
        if segment.members is not None:
            listed = self._encoding.registry.opaque(("listed", name, ())).literal
            reason = Reason(name, "members", "is one of the members listed")
            parts.append(self._choose(listed if segment.members else FALSE, reason, chosen))
        for key, place in self._found.written(name).roots.items():
            parts.append(self._place(name, place, (), clock, chosen, wanted=key == "where"))
        return self._encoding.clauses.both(parts)

    def _place(
        self, name: str, place: Place, subject: Subject, clock: Clock, chosen: list[Chosen], *, wanted: bool
    ) -> int:
        clauses, below = self._encoding.clauses, place.below()

        def parts(inner: Subject) -> list[int]:
            return [self._place(name, one, inner, clock, chosen, wanted=wanted) for one in below]

        match place.condition:
            case All() if below:
                return clauses.both(parts(subject)) if wanted else clauses.either(parts(subject))
            case Any() if below:
                return clauses.either(parts(subject)) if wanted else clauses.both(parts(subject))
            case AtLeast(k, conditions) if below:
                least = k if wanted else len(conditions) - k + 1
                return clauses.at_least(least, parts(subject))
            case Not() if below:
                return self._place(name, below[0], subject, clock, chosen, wanted=not wanted)
            case On(relation, _, _) if below:
                parent = (*subject, relation)
                exists = self._encoding.registry.exists(parent)
                (inner,) = parts(parent)
                reason = Reason(name, place.path, f"has a {relation}" if wanted else f"has no {relation}")
                if wanted:
                    return clauses.both((self._choose(exists, reason, chosen), inner))
                return clauses.either((self._choose(-exists, reason, chosen), inner))
        literal = self._encoding.formula(place.condition, subject, clock)
        said = one_line(place)
        reason = Reason(name, place.path, said if wanted else f"not: {said}")
        return self._choose(literal if wanted else -literal, reason, chosen)

    def _choose(self, literal: int, reason: Reason, chosen: list[Chosen]) -> int:
        """Return a literal that is true once the condition is taken away, and the condition before."""
        if literal == TRUE:
            return TRUE
        keeps = self._encoding.clauses.new()
        chosen.append(Chosen(keeps, reason))
        return self._encoding.clauses.either((-keeps, literal))


def one_line(place: Place) -> str:
    """Return what a condition says, in one line."""
    return " ".join(line.strip() for line in describe(place.condition).splitlines())
