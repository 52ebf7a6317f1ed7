"""A heat map of shares between named things, as a PNG: what overlaps with what, at a glance.

Drawn with Pillow: cells and labels need no plotting library, and Dagster shows pictures only as
bitmaps in its Markdown.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

_CELL = 34
_TEXT = 12
_SMALL = 10
_GAP = 8
_WHITE = (255, 255, 255)
_FULL = (8, 64, 129)
_INK = (40, 40, 40)
_GRID = (222, 222, 222)
_DIAGONAL = (238, 238, 238)
_DARK_FROM = 0.55


def draw_heat_map(names: Sequence[str], shares: Sequence[Sequence[float | None]], title: str) -> bytes:
    """Return a PNG: line by line, which share (0 to 1) of the line's members each column has.

    The diagonal is left empty. Raises `ValueError` where there is not one line and column a name.
    """
    if len(shares) != len(names) or any(len(line) != len(names) for line in shares):
        raise ValueError(f"{len(names)} names need as many lines and columns")
    font, small = ImageFont.load_default(_TEXT), ImageFont.load_default(_SMALL)
    label = int(max((font.getlength(name) for name in names), default=0)) + 2 * _GAP
    top = _TEXT + 3 * _GAP + label
    side = _CELL * len(names)
    width = max(label + side, int(font.getlength(title)) + _GAP) + _GAP
    image = Image.new("RGB", (width, top + side + _GAP), _WHITE)
    draw = ImageDraw.Draw(image)
    draw.text((_GAP, _GAP), title, fill=_INK, font=font)
    for number, name in enumerate(names):
        middle = top + number * _CELL + _CELL // 2
        draw.text((label - _GAP, middle), name, fill=_INK, font=font, anchor="rm")
        _write_upwards(image, name, (label + number * _CELL, top - _GAP), font)
    for line, row in enumerate(shares):
        for column, share in enumerate(row):
            corner = (label + column * _CELL, top + line * _CELL)
            _draw_cell(draw, corner, None if line == column else share, small, empty=line == column)
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()


def _draw_cell(
    draw: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    share: float | None,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    *,
    empty: bool,
) -> None:
    x, y = corner
    fill = _DIAGONAL if empty else _colour(share or 0.0)
    draw.rectangle((x, y, x + _CELL, y + _CELL), fill=fill, outline=_GRID)
    if share:
        ink = _WHITE if share > _DARK_FROM else _INK
        draw.text((x + _CELL // 2, y + _CELL // 2), _percent(share), fill=ink, font=font, anchor="mm")


def _write_upwards(
    image: Image.Image,
    name: str,
    corner: tuple[int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    line = Image.new("RGB", (int(font.getlength(name)) + 1, _CELL), _WHITE)
    ImageDraw.Draw(line).text((0, _CELL // 2), name, fill=_INK, font=font, anchor="lm")
    turned = line.rotate(90, expand=True)
    image.paste(turned, (corner[0], corner[1] - turned.height))


def _colour(share: float) -> tuple[int, int, int]:
    light, dark = _WHITE, _FULL
    red, green, blue = (round(low + (high - low) * share) for low, high in zip(light, dark, strict=True))
    return red, green, blue


def _percent(share: float) -> str:
    """Return a share in whole percent; what is there is never 0, what is missing never 100.

    >>> _percent(0.001), _percent(0.999), _percent(1.0)
    ('<1', '>99', '100')
    """
    if share < 0.005:
        return "<1"
    return ">99" if 0.995 <= share < 1 else f"{share:.0%}".removesuffix("%")
