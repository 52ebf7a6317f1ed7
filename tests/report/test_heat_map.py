"""The heat map is a picture of the shares."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from segmentation_pipeline.report.heat_map import draw_heat_map

WHITE = (255, 255, 255)


def picture(names, shares) -> Image.Image:
    return Image.open(io.BytesIO(draw_heat_map(names, shares, "shares")))


def colours(image: Image.Image) -> set[tuple[int, int, int]]:
    """The colours of larger areas."""
    found = image.convert("RGB").getcolors(maxcolors=1 << 24)
    return {colour for number, colour in found if number > 400}


def test_a_full_share_is_dark_and_none_is_white():
    dark = colours(picture(["a", "b"], [[None, 1.0], [1.0, None]]))
    light = colours(picture(["a", "b"], [[None, 0.0], [None, None]]))
    assert (8, 64, 129) in dark
    assert (8, 64, 129) not in light


def test_there_is_room_for_long_names():
    short = picture(["a"], [[None]])
    long = picture(["a_segment_with_a_rather_long_name"], [[None]])
    assert long.height > short.height
    assert picture(["a", "b", "c"], [[None] * 3] * 3).width > short.width


def test_nothing_to_show_is_a_picture_too():
    assert picture([], []).format == "PNG"


def test_lines_and_columns_must_fit_the_names():
    with pytest.raises(ValueError, match="2 names"):
        draw_heat_map(["a", "b"], [[None, 1.0]], "shares")
