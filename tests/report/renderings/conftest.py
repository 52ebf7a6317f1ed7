from __future__ import annotations

import pytest

from segmentation_pipeline.report.model import Chart, Column, Figures, Report, Section, Series, Text


@pytest.fixture
def shown():
    """A report with one part of every kind, and text that markup would trip over."""
    figures = Figures(
        (Column(""), Column("S1: a|b"), Column("everybody")),
        (("members", 1234, 98765), ("open rate", 0.125, None), ("revenue", 10.5, 1000)),
        caption="<b>all</b> [red]figures[/red]",
        row_kinds=("count", "share", "money"),
    )
    line = Chart("Members", "line", ("06-01", "06-02"), (Series("a", (1, 3)), Series("b", (None, 2.5))))
    bars = Chart("Blocked by", "bar", ("gap", "cap"), (Series("a", (7, 0)),))
    parts = (Text(("a < b",)), figures, line, bars, Text(("key: value",), code=True))
    return Report("Review & more", "1 to 2 June", (Section("Figures", parts),))
