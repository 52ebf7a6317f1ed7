"""A segment's neighbours as a drawing: what it reads on the left, who reads it on the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BOX_WIDTH, BOX_HEIGHT, GAP, LANE = 200, 30, 10, 60
_LETTERS = 25


@dataclass(frozen=True, slots=True)
class Box:
    """A name in a rectangle at ``x``, ``y`` in pixels; ``link`` is the page it leads to, if any."""

    name: str
    x: int
    y: int
    link: str | None

    @property
    def short(self) -> str:
        return self.name if len(self.name) <= _LETTERS else f"{self.name[: _LETTERS - 1]}…"

    @property
    def middle(self) -> int:
        return self.y + BOX_HEIGHT // 2


@dataclass(frozen=True, slots=True)
class Lineage:
    """Boxes in three columns, and arrows from each to the middle one and from it to each."""

    width: int
    height: int
    left: tuple[Box, ...]
    centre: Box
    right: tuple[Box, ...]

    @property
    def boxes(self) -> tuple[Box, ...]:
        return (*self.left, self.centre, *self.right)

    @property
    def arrows(self) -> tuple[str, ...]:
        """Return every arrow as the path of an SVG."""
        inwards = [
            _arrow(box.x + BOX_WIDTH, box.middle, self.centre.x, self.centre.middle) for box in self.left
        ]
        out = [_arrow(self.centre.x + BOX_WIDTH, self.centre.middle, box.x, box.middle) for box in self.right]
        return (*inwards, *out)


def lineage(
    name: str, reads: Sequence[tuple[str, str | None]], readers: Sequence[tuple[str, str | None]]
) -> Lineage:
    """Return the drawing of a segment between what it reads and who reads it: names with their links."""
    rows = max(len(reads), len(readers), 1)
    height = rows * (BOX_HEIGHT + GAP) - GAP
    columns = [0, BOX_WIDTH + LANE, 2 * (BOX_WIDTH + LANE)]
    return Lineage(
        columns[2] + BOX_WIDTH if readers else columns[1] + BOX_WIDTH,
        height + 2,
        _stacked(reads, columns[0], height),
        Box(name, columns[1], (height - BOX_HEIGHT) // 2 + 1, None),
        _stacked(readers, columns[2], height),
    )


def _stacked(names: Sequence[tuple[str, str | None]], x: int, height: int) -> tuple[Box, ...]:
    used = len(names) * (BOX_HEIGHT + GAP) - GAP
    top = (height - used) // 2 + 1
    return tuple(
        Box(name, x, top + number * (BOX_HEIGHT + GAP), link) for number, (name, link) in enumerate(names)
    )


def _arrow(x1: int, y1: int, x2: int, y2: int) -> str:
    half = (x1 + x2) // 2
    return f"M{x1} {y1} C{half} {y1} {half} {y2} {x2 - 6} {y2}"
