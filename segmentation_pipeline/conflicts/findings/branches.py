"""Conditions without effect: taken out, or put in place of what is always so, nothing changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.conflicts.formulas.clauses import FALSE
from segmentation_pipeline.conflicts.model import Finding, Reason
from segmentation_pipeline.conflicts.proofs.explanation import one_line
from segmentation_pipeline.rules.tree import All, Any, AtLeast, Everyone, Not, On

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.conflicts.findings.yaml_paths import Place
    from segmentation_pipeline.conflicts.formulas.parts import Subject
    from segmentation_pipeline.conflicts.proofs.explanation import Explainer
    from segmentation_pipeline.conflicts.proofs.proof import ObjectProof
    from segmentation_pipeline.rules.clock import Clock


@dataclass(frozen=True, slots=True)
class _Removable:
    """A condition of a group; ``gone`` is true where the group is as if it were not there."""

    place: Place
    gone: int
    needed: bool
    """Whether its group needs all of its conditions: it is one of ``all``, not of ``any``."""


def find_idle(found: ObjectProof, explainer: Explainer) -> Iterator[Finding]:
    """Yield ``dead_branch`` and ``redundant_condition``, the outermost first.

    Of conditions that make each other idle one is named. A segment that nobody, or everybody, is in
    is left out: there all conditions would be.
    """
    for number, name in enumerate(found.names):
        settled = found.matrix.never[number] or found.matrix.always[number]
        if not settled and found.segment(name).where is not None:
            yield from _idle(found, explainer, name)


def _idle(found: ObjectProof, explainer: Explainer, name: str) -> Iterator[Finding]:
    removable: list[_Removable] = []
    literal, weakened = found.literal(name), _weakened(found, name, removable)
    gone: list[_Removable] = []
    for one in removable:
        if any(one.place.path.startswith(f"{other.place.path}.") for other in gone):
            continue
        tried = {other.gone for other in (*gone, one)}
        settings = [each.gone if each.gone in tried else -each.gone for each in removable]
        same = (
            explainer.solver.solve((literal, -weakened, *settings)) is False
            and explainer.solver.solve((-literal, weakened, *settings)) is False
        )
        if same:
            gone.append(one)
            yield _finding(name, one)


def _weakened(found: ObjectProof, name: str, removable: list[_Removable]) -> int:
    """Return a segment's formula in which every condition of a group can be taken out."""
    encoding = found.encoding
    clock = encoding.clock_in(found.segment(name).time_zone)
    roots = found.written(name).roots
    where = _formula(found, roots["where"], (), clock, removable)
    if "exclude" not in roots:
        return where
    gone = encoding.clauses.new()
    removable.append(_Removable(roots["exclude"], gone, needed=False))
    exclude = _formula(found, roots["exclude"], (), clock, removable)
    return encoding.clauses.both((where, encoding.clauses.either((gone, -exclude))))


def _formula(
    found: ObjectProof, place: Place, subject: Subject, clock: Clock, removable: list[_Removable]
) -> int:
    encoding, clauses, below = found.encoding, found.encoding.clauses, place.below()
    match place.condition:
        case (All() | Any()) as group if below:
            needed = isinstance(group, All)
            parts = []
            for child in below:
                gone = FALSE
                if not isinstance(child.condition, Everyone) and len(below) > 1:
                    gone = clauses.new()
                    removable.append(_Removable(child, gone, needed))
                formula = _formula(found, child, subject, clock, removable)
                parts.append(clauses.either((gone, formula)) if needed else clauses.both((-gone, formula)))
            return clauses.both(parts) if needed else clauses.either(parts)
        case AtLeast(k, _) if below:
            return clauses.at_least(k, [_formula(found, one, subject, clock, removable) for one in below])
        case Not() if below:
            return -_formula(found, below[0], subject, clock, removable)
        case On(relation, _, _) if below:
            parent = (*subject, relation)
            inner = _formula(found, below[0], parent, clock, removable)
            return clauses.both((encoding.registry.exists(parent), inner))
    return encoding.formula(place.condition, subject, clock)


def _finding(name: str, one: _Removable) -> Finding:
    said = one_line(one.place)
    reason = (Reason(name, one.place.path, said),)
    if one.needed:
        message = f"“{said}” is always true where the other conditions are: without it nothing changes"
        hint = "take it out, or ask for something the other conditions do not say already"
    elif one.place.path == "exclude":
        message = "`exclude` never takes anybody out: nobody in `where` meets it"
        hint = "take it out, or keep it as a guard against changes of `where`"
    else:
        message = f"“{said}” adds nobody: it is never true here, or others cover it"
        hint = "take it out, or correct the value that keeps it from adding anybody"
    return Finding(
        segment=name,
        finding="redundant_condition" if one.needed or one.place.path == "exclude" else "dead_branch",
        severity="info" if one.needed or one.place.path == "exclude" else "warning",
        message=message,
        hint=hint,
        at=one.place.at,
        path=one.place.path,
        conditions=(reason,),
    )
