"""Who enters, exits and stays, counted: of all, and by attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from segmentation_pipeline.simulation.what_if.attributes import read_attributes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from segmentation_pipeline.segments.sides import Change, Moves, Sides
    from segmentation_pipeline.simulation.what_if.attributes import Attribute

MOVES: tuple[Change, ...] = ("entered", "exited", "retained")


class Breakdowns:
    """Counts the moves of segments by attributes, whose values are read once a kind of object."""

    def __init__(self, sides: Sides, attributes: Sequence[str]) -> None:
        self._sides, self._names = sides, tuple(attributes)
        self._read: dict[str, list[Attribute]] = {}

    def rows(self, moves: Moves) -> Iterator[dict[str, Any]]:
        """Yield the rows of `what_if_changes` of a segment: its totals, then every value that occurs."""
        for change in MOVES:
            yield _row(moves.segment, change, None, None, moves.count(change))
        for kind, changes in self._kinds(moves):
            state = _states(*(moves.mask(change) for change in changes))
            for attribute in self._of(kind):
                counts = attribute.counts(state, len(changes) + 1)
                for number, change in enumerate(changes, start=1):
                    for value in np.flatnonzero(counts[:, number]):
                        count = int(counts[value, number])
                        yield _row(moves.segment, change, attribute.name, attribute.values[value], count)

    def _kinds(self, moves: Moves) -> list[tuple[str, tuple[Change, ...]]]:
        """Return the kind of object that moves; two of them where the segment changes its object."""
        sides = (self._sides.before, self._sides.after)
        old, new = (segment.object if (segment := side.segment(moves.segment)) else None for side in sides)
        if old is None or new is None or old == new:
            return [(str(old or new), MOVES)]
        return [(new, ("entered",)), (old, ("exited",))]

    def _of(self, kind: str) -> list[Attribute]:
        if kind not in self._read:
            sides = (self._sides.before, self._sides.after)
            self._read[kind] = read_attributes(sides, kind, self._names)
        return self._read[kind]


def _states(*masks: pl.Series) -> NDArray[np.uint8]:
    """Return by object 1 + the number of the mask that it is in, 0 for none; no two share one."""
    length = max(mask.len() for mask in masks)
    found = np.zeros(length, dtype=np.uint8)
    for number, mask in enumerate(masks, start=1):
        found[: mask.len()] += mask.to_numpy().astype(np.uint8) * np.uint8(number)
    return found


def _row(
    segment: str, change: str, attribute: str | None, value: str | None, contacts: int
) -> dict[str, Any]:
    return {
        "segment_id": segment,
        "change": change,
        "attribute": attribute,
        "value": value,
        "contacts": contacts,
    }
