from __future__ import annotations

import io

from rich.console import Console

from segmentation_pipeline.report.renderings.terminal import print_report
from segmentation_pipeline.report.writing import sparkline


def test_every_part_is_printed_as_it_is(shown):
    out = io.StringIO()
    print_report(shown, Console(file=out, width=120))
    text = out.getvalue()
    for piece in ("Review & more", "a < b", "[red]figures[/red]", "12.5 %", "▁█", "1 to 3", "key: value"):
        assert piece in text


def test_bars_are_the_table_of_their_values(shown):
    out = io.StringIO()
    print_report(shown, Console(file=out, width=120))
    lines = [line.split() for line in out.getvalue().splitlines()]
    at = lines.index(["gap", "7"])
    assert lines[at - 1 : at + 2] == [["a"], ["gap", "7"], ["cap", "0"]]


def test_long_lines_are_thinned_and_keep_the_last_value():
    drawn = sparkline([0.0] * 200 + [9.0])
    assert len(drawn) <= 60
    assert drawn[-1] == "█"


def test_a_line_without_values_is_empty():
    assert sparkline([None, None]) == "  "
