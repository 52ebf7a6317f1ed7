"""Tests of single elements of a list, and elements that stand for all others."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.conflicts.formulas.axes import Axis

_VARIANTS = 64


@dataclass(frozen=True, slots=True)
class Written:
    """An element of text (or of a closed domain) is a value; in any case, if that is ignored."""

    value: Any
    ignore_case: bool = False

    def __call__(self, element: Any) -> bool:
        return bool((element.lower() if self.ignore_case else element) == self.value)


@dataclass(frozen=True, slots=True)
class Lying:
    """An element, given as its place on an axis, lies in a span."""

    low: int
    after: int

    def __call__(self, element: int) -> bool:
        return self.low <= element < self.after


def texts_for(tests: Sequence[Any]) -> list[str]:
    """Return texts so that every way to pass and fail the tests is shown by one."""
    exact = {test.value for test in tests if not test.ignore_case}
    found = dict.fromkeys(exact)
    for test in tests:
        if test.ignore_case:
            others = (text for text in _variants(test.value) if text not in exact)
            found |= dict.fromkeys(itertools.islice(others, 1))
    known = {text.lower() for text in found} | {test.value for test in tests}
    other = next(text for text in _names() if text not in known)
    return [*found, other]


def places_for(axis: Axis, near: int, tests: Sequence[Lying]) -> list[int]:
    """Return places so that every way to lie in the spans of the tests is shown by one."""
    first, after = axis.bounds()
    edges = {edge for test in tests for edge in (test.low, test.after) if first < edge < after}
    ordered = [first, *sorted(edges), after]
    return [axis.plain(low, high, near) for low, high in itertools.pairwise(ordered)]


def _variants(lower: str) -> list[str]:
    letters = [(letter, letter.upper()) if letter.upper() != letter else (letter,) for letter in lower]
    written = ("".join(chosen) for chosen in itertools.islice(itertools.product(*letters), _VARIANTS))
    return [text for text in written if text.lower() == lower]


def _names() -> Any:
    return itertools.chain(("other",), (f"other {number}" for number in itertools.count(2)))
