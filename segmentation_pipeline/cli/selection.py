"""What arguments name: segments by id, and their neighbours in the graph of embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import DefinitionError, UsageError
from segmentation_pipeline.rules.graph import dependencies, dependents

if TYPE_CHECKING:
    from collections.abc import Collection

    from segmentation_pipeline.rules.segment import Definitions, Segment


def selected(expression: str, definitions: Definitions) -> set[str]:
    """Return the ids of ``a,b``: ``+a`` adds what `a` embeds, ``a+`` adds what embeds `a`.

    Broken segments may be selected: the run reports them. Raises `UsageError` for an unknown id.
    """
    known = {*definitions.segments, *definitions.broken}
    found: set[str] = set()
    for part in (part.strip() for part in expression.split(",")):
        name = part.strip("+")
        if name not in known:
            raise _unknown(name, known)
        found.add(name)
        if part.startswith("+"):
            found |= dependencies(definitions.segments, {name})
        if part.endswith("+"):
            found |= dependents(definitions.segments, {name})
    return found


def one_segment(name: str, definitions: Definitions) -> Segment:
    """Return a sound segment; raise the finding of a broken one, `UsageError` for an unknown one."""
    if name in definitions.segments:
        return definitions.segments[name]
    if name in definitions.broken:
        raise DefinitionError([definitions.broken[name]])
    raise _unknown(name, [*definitions.segments, *definitions.broken])


def embeddable(name: str, definitions: Definitions) -> set[str]:
    """Return the ids `name` may embed: sound, active, of its object, and no loop back to it."""
    own = one_segment(name, definitions)
    looping = dependents(definitions.segments, {name}) | {name}
    return {
        other.id
        for other in definitions.segments.values()
        if other.active and other.object == own.object and other.id not in looping
    }


def _unknown(name: str, known: Collection[str]) -> UsageError:
    return UsageError(
        f"there is no segment `{name}`",
        hint=did_you_mean(name, known) or "segmentation list shows them",
    )
