"""Rules that mean something else than they seem to: nulls that pass, days that matter, and no use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import Boolean, ListOf
from segmentation_pipeline.conflicts.formulas.moments import ABSOLUTE
from segmentation_pipeline.conflicts.formulas.parts import Support
from segmentation_pipeline.conflicts.model import Finding, Reason
from segmentation_pipeline.conflicts.proofs.explanation import one_line
from segmentation_pipeline.documents import Mapping
from segmentation_pipeline.rules.graph import embeddings
from segmentation_pipeline.rules.operators import OPERATORS
from segmentation_pipeline.rules.tree import Compare, Field, Not, On

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.conflicts.findings.yaml_paths import Place
    from segmentation_pipeline.conflicts.formulas.parts import Subject
    from segmentation_pipeline.conflicts.proofs.proof import ObjectProof
    from segmentation_pipeline.rules.segment import Definitions


def find_surprises(found: ObjectProof) -> Iterator[Finding]:
    """Yield ``null_surprise`` and ``mixed_time``."""
    for number, name in enumerate(found.names):
        if not found.matrix.never[number]:
            yield from _nulls(found, name)
        yield from _mixed(found, name)


def find_unused(definitions: Definitions) -> Iterator[Finding]:
    """Yield ``unused``: no other segment reads it, it is not published, and it delivers nothing."""
    read = {
        one.segment
        for segment in definitions.segments.values()
        for one in embeddings(segment)
        if one.segment != segment.id
    }
    for name, segment in sorted(definitions.segments.items()):
        idle = segment.active and not segment.publish and segment.type != "suppression"
        if idle and name not in read and segment.delivery is None:
            yield Finding(
                segment=name,
                finding="unused",
                severity="info",
                message="nobody uses it: it is not published, delivers nothing, and no segment embeds it",
                hint="publish it, embed it, or delete it with `segmentation delete`",
                at=segment.at,
            )


def _leaves(place: Place, subject: Subject, *, wanted: bool) -> Iterator[tuple[Place, Subject, bool]]:
    """Yield the leaves below a place, whose row they are about, and whether they are wanted."""
    below = place.below()
    if not below:
        yield place, subject, wanted
    for child in below:
        inner = (*subject, place.condition.relation) if isinstance(place.condition, On) else subject
        yield from _leaves(child, inner, wanted=wanted is not isinstance(place.condition, Not))


def _all_leaves(found: ObjectProof, name: str) -> Iterator[tuple[Place, Subject, bool]]:
    for key, place in found.written(name).roots.items():
        yield from _leaves(place, (), wanted=key == "where")


def _nulls(found: ObjectProof, name: str) -> Iterator[Finding]:
    registry = found.encoding.registry
    for place, subject, wanted in _all_leaves(found, name):
        condition = place.condition
        if not wanted or not _passes_null(place) or not isinstance(condition, Compare):
            continue
        assert isinstance(condition.operand, Field)
        way = (*subject, *condition.operand.path[:-1])
        part = registry.fields.get((way, condition.operand.path[-1]))
        if part is None or not found.solver.solve((found.literal(name), part.null)):
            continue
        witness, _ = found.witness(found.solver.model(), f"null_{name}", name)
        field = condition.operand.name
        yield Finding(
            segment=name,
            finding="null_surprise",
            severity="info",
            message=f"“{one_line(place)}” lets in those of whom `{field}` is not known",
            hint="write `nulls: exclude` to leave them out, or `nulls: include` to say that it is meant",
            at=place.at,
            path=place.path,
            conditions=((Reason(name, place.path, one_line(place)),),),
            witness=witness,
        )


def _passes_null(place: Place) -> bool:
    """Return whether null passes a condition though nobody wrote so.

    The operators that say what is *not true*, and those of lists, say so by themselves.
    """
    condition = place.condition
    if not isinstance(condition, Compare) or not isinstance(condition.operand, Field):
        return False
    operator = OPERATORS[condition.operator]
    speaks = isinstance(condition.operand.type, ListOf | Boolean)
    negative = operator.positive not in (None, "is_empty") and not speaks
    explicit = isinstance(place.node, Mapping) and "nulls" in place.node
    return negative and not condition.nulls_excluded and not explicit


def _mixed(found: ObjectProof, name: str) -> Iterator[Finding]:
    mixed = {part for part, ways in found.mixed_parts(name).items() if ABSOLUTE in ways}
    if not mixed:
        return
    encoding, segment = found.encoding, found.segment(name)
    clock = encoding.clock_in(segment.time_zone)
    places = []
    for place, subject, _ in _all_leaves(found, name):
        encoding.support = Support()
        encoding.formula(place.condition, subject, clock)
        if any(part in mixed for part, _ in encoding.support.times):
            places.append(place)
    yield Finding(
        segment=name,
        finding="mixed_time",
        severity="info",
        message="a fixed date and one that moves with the day bound the same value: "
        "what is proved of it holds on this day only",
        hint="use fixed dates or relative ones for a value, not both",
        at=places[0].at if places else segment.at,
        path=places[0].path if places else "where",
        conditions=(tuple(Reason(name, place.path, one_line(place)) for place in places),),
    )
