"""Findings about files people write: values first, rendering elsewhere."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.errors import Position

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: the rule it breaks (an id like ``unknown-field``), where, and how to mend it.

    ``segment`` is the id of the definition it belongs to, where there is one: a run skips that
    segment and its dependents and evaluates the rest.
    """

    rule: str
    message: str
    at: Position
    hint: str | None = None
    severity: Severity = "error"
    segment: str | None = None

    def __str__(self) -> str:
        tail = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{self.at}: {self.severity}[{self.rule}]: {self.message}{tail}"


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return a hint that names the known words nearest to ``word``, or all of a few.

    >>> did_you_mean("emial", ["email", "phone"])
    'did you mean `email`?'
    """
    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, n=3, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(f"`{name}`" for name in near) + "?"
    if 0 < len(names) <= 12:
        return "known: " + ", ".join(names)
    return None
