"""Charts as SVG whose colours are the page's: the same picture in light and in dark."""

from __future__ import annotations

import re
import sys
from functools import cache
from math import ceil
from typing import TYPE_CHECKING

import pygal
from pygal.style import Style

from segmentation_pipeline.report.writing import written

if TYPE_CHECKING:
    from segmentation_pipeline.report.model import Chart

# pygal leaves a finder of third-party charts behind that Python warns of at every later import.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

WIDTH, HEIGHT = 720, 260
COLOURS = 8
"""The page names as many colours, ``--series-1`` and so on."""
_LABELS = 12
_FEW = 10
_LEFT_OUT = re.compile(r"<!--.*?-->|<script.*?</script>", re.DOTALL)


def svg(chart: Chart) -> str:
    """Return a chart as an ``svg`` element without scripts or anything from elsewhere."""
    kind = pygal.Line if chart.kind == "line" else pygal.HorizontalBar
    rows = 1 if chart.kind == "line" else max(1, len(chart.x) * len(chart.series))
    drawn = kind(
        style=_style(),
        js=[],
        disable_xml_declaration=True,
        pretty_print=False,
        width=WIDTH,
        height=HEIGHT if chart.kind == "line" else 90 + 18 * rows,
        show_dots=len(chart.x) == 1,
        stroke_style={"width": 2},
        legend_at_bottom=True,
        show_legend=len(chart.series) > 1,
        truncate_legend=-1,
        truncate_label=-1,
        margin=4,
        margin_right=24,
        range=_range(chart),
        value_formatter=lambda value: written(value, chart.unit),
    )
    # Bars are drawn from below; the first stands on top.
    order = 1 if chart.kind == "line" else -1
    drawn.x_labels = list(chart.x[::order])
    if chart.kind == "line" and len(chart.x) > _LABELS:
        drawn.x_labels_major = list(chart.x[:: -(-len(chart.x) // _LABELS)])
        drawn.show_minor_x_labels = False
    span = _range(chart)
    if chart.unit == "count" and span is not None and span[1] <= _FEW:
        # Labels between whole numbers would be written as the same ones again.
        drawn.y_labels = list(range(ceil(span[1]) + 1))
    for series in chart.series:
        drawn.add(series.name, list(series.values[::order]))
    found: str = drawn.render(is_unicode=True)
    # Its identity is random and its comments hold the day: the same report must be the same text. Its
    # script holds settings for one that is not there.
    return _LEFT_OUT.sub("", found.replace(drawn.uuid, _identity(chart)))


def _range(chart: Chart) -> tuple[float, float] | None:
    """Return 0 to the greatest value where pygal would find no span by itself."""
    known = [value for series in chart.series for value in series.values if value is not None]
    if not known or min(known) < 0:
        return None
    return (0, max(known) or 1)


def _identity(chart: Chart) -> str:
    return "chart-" + re.sub(r"[^a-z0-9]+", "-", chart.caption.lower()).strip("-")


@cache
def _style() -> Style:
    return Style(
        background="transparent",
        plot_background="transparent",
        foreground="var(--ink)",
        foreground_strong="var(--ink)",
        foreground_subtle="var(--rule)",
        guide_stroke_color="var(--rule)",
        major_guide_stroke_color="var(--rule)",
        colors=tuple(f"var(--series-{number})" for number in range(1, COLOURS + 1)),
        font_family="inherit",
        label_font_size=11,
        major_label_font_size=11,
        legend_font_size=12,
        value_font_size=11,
        tooltip_font_size=12,
        opacity=".9",
        opacity_hover="1",
        transition="0s",
    )
