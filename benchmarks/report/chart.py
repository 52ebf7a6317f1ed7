"""A chart of lines over two logarithmic axes, as SVG text: what a page needs and no more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 680, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 150, 44, 52
# Distinguishable by those who see few colours, and in grey by the shape of their marks.
_COLOURS = ("#0b5cad", "#c4501b", "#3c7d3c", "#8a4fa3", "#7a6a1c", "#4d4d4d", "#b03060")
_LABEL_HEIGHT = 15


@dataclass(frozen=True, slots=True)
class Axis:
    """A logarithmic axis from a power of ten to a power of ten, over pixels."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        share = (math.log10(value) - math.log10(self.low)) / (math.log10(self.high) - math.log10(self.low))
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        first, last = round(math.log10(self.low)), round(math.log10(self.high))
        return [10.0**power for power in range(first, last + 1)]


def axis_over(values: Iterable[float], start: float, end: float) -> Axis:
    """Return the axis that holds positive values between whole powers of ten."""
    found = [value for value in values if value > 0]
    low, high = math.floor(math.log10(min(found))), math.ceil(math.log10(max(found)))
    return Axis(10.0**low, 10.0 ** max(high, low + 1), start, end)


def line_chart(title: str, x_title: str, y_title: str, lines: Mapping[str, Points]) -> str:
    """Return an SVG with one line a name, labelled at its right end; points are (x, y), both positive."""
    points = [point for line in lines.values() for point in line]
    if not points:
        raise ValueError(f"there is nothing to draw for `{title}`")
    across = axis_over((x for x, _ in points), _LEFT, _WIDTH - _RIGHT)
    up = axis_over((y for _, y in points), _HEIGHT - _BOTTOM, _TOP)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
            f'aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="12">'
        ),
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        _text(_LEFT, 24, title, size=15),
        *_grid(across, up),
        _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 12, x_title, anchor="middle"),
        (
            f'<g transform="translate(18 {(_TOP + _HEIGHT - _BOTTOM) / 2}) rotate(-90)">'
            f"{_text(0, 0, y_title, anchor='middle')}</g>"
        ),
        *_lines(lines, across, up),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _grid(across: Axis, up: Axis) -> Iterator[str]:
    for value in across.ticks():
        x = across.at(value)
        yield _stroke(f"M{x:.1f} {_TOP}V{_HEIGHT - _BOTTOM}", "#ddd")
        yield _text(x, _HEIGHT - _BOTTOM + 18, _number(value), anchor="middle")
    for value in up.ticks():
        y = up.at(value)
        yield _stroke(f"M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}", "#ddd")
        yield _text(_LEFT - 8, y + 4, _number(value), anchor="end")


def _lines(lines: Mapping[str, Points], across: Axis, up: Axis) -> Iterator[str]:
    ends = {name: up.at(max(line)[1]) for name, line in lines.items()}
    places = _spread(ends)
    for number, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        spots = [(across.at(x), up.at(y)) for x, y in sorted(line)]
        yield _stroke("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots), colour, width=2)
        for x, y in spots:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
        yield _text(_WIDTH - _RIGHT + 10, places[name] + 4, name, colour=colour)


def _spread(wanted: Mapping[str, float]) -> dict[str, float]:
    """Move labels down until none lies on another."""
    placed: dict[str, float] = {}
    free = -math.inf
    for name, y in sorted(wanted.items(), key=lambda item: item[1]):
        placed[name] = max(y, free)
        free = placed[name] + _LABEL_HEIGHT
    return placed


def _stroke(path: str, colour: str, width: float = 1) -> str:
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, colour: str = "#222"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">'
        f"{escape(text)}</text>"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"
