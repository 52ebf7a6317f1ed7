"""Which segments a run is for: ``vip``, ``vip+`` (and those that embed it), ``+vip`` (and those it embeds)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.rules.graph import dependents, embeds

if TYPE_CHECKING:
    from segmentation_pipeline.rules.segment import Definitions

_TERM = re.compile(r"(\+?)([a-z][a-z0-9_]*)(\+?)")


def select(definitions: Definitions, expression: str) -> set[str]:
    """Return the ids an expression selects: terms divided by commas or blanks.

    Raises `UsageError` for a term that is none, and for a segment that does not exist.
    """
    known = {**definitions.segments, **definitions.broken}
    chosen: set[str] = set()
    for term in re.split(r"[\s,]+", expression.strip()):
        match = _TERM.fullmatch(term)
        if match is None:
            raise UsageError(f"`{term}` selects nothing", allowed=["vip", "vip+", "+vip", "vip,churn_risk"])
        before, name, after = match.groups()
        if name not in known:
            raise UsageError(f"there is no segment `{name}`", hint=did_you_mean(name, known))
        chosen.add(name)
        if after:
            chosen |= dependents(definitions.segments, {name})
        if before:
            chosen |= _ancestors(definitions, name)
    return chosen


def _ancestors(definitions: Definitions, name: str) -> set[str]:
    found: set[str] = set()
    border = {name}
    while border:
        border = {e for one in border if one in definitions.segments for e in embeds(definitions.segments[one])} - found
        found |= border
    return found
