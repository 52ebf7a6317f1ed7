"""Sizes that a definition does not expect: what is published instead until somebody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmentation_pipeline.rules.graph import closure_hashes, dependencies

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.rules.segment import Segment
    from segmentation_pipeline.segments.basis import Basis
    from segmentation_pipeline.segments.changes import Change


def expected_size(segment: Segment) -> Mapping[str, Any] | None:
    """Return ``expect.size`` as written, None where the definition says nothing."""
    return segment.expect.get("size") if segment.expect else None


def size_breaches(before: int, size: int, declared: Mapping[str, Any]) -> Iterable[str]:
    """Yield what is wrong with a size; ``declared`` is ``expect.size`` as written.

    >>> list(size_breaches(100, 160, {"change_at_most": "30%"}))
    ['its size would go from 100 to 160, by more than 30%']
    """
    least, most, change = (declared.get(key) for key in ("at_least", "at_most", "change_at_most"))
    if least is not None and size < least:
        yield f"it would have {size} members, fewer than {least}"
    if most is not None and size > most:
        yield f"it would have {size} members, more than {most}"
    if change is not None and before and abs(size - before) * 100 > before * float(change.rstrip("% ")):
        yield f"its size would go from {before} to {size}, by more than {change}"


def held_back(basis: Basis, evaluation: Evaluation, changes: Mapping[str, Change]) -> dict[str, str]:
    """Return the segments whose new members may not be published, with the cause.

    Only one that was published before, and whose definition is the same as then, what it embeds among
    it: whoever edits a rule means it to change. One that embeds another of them has to be looked at
    again, once that has kept its members.
    """
    hashes = closure_hashes(basis.definitions.segments)
    causes: dict[str, str] = {}
    for name, mask in evaluation.masks.items():
        segment, state = basis.definitions.segments[name], basis.states.get(name)
        declared = expected_size(segment)
        if declared is None or state is None or state.evaluated_at is None or state.hash != hashes[name]:
            continue
        before = basis.sizes.get(name, 0)
        size = changes[name].size if name in changes else int(mask.sum())
        breaches = list(size_breaches(before, size, declared))
        if breaches and size != before:
            hint = "the last good members are kept; if that is right, change `expect` in its definition"
            causes[name] = f"{'; '.join(breaches)}: {hint}"
    segments = basis.definitions.segments
    return {
        name: cause for name, cause in causes.items() if not dependencies(segments, {name}) & causes.keys()
    }
