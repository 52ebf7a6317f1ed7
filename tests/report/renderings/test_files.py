"""CSV and Excel."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import openpyxl
import polars as pl
import pytest

from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.report.renderings.csv_text import csv_text
from segmentation_pipeline.report.renderings.excel import ROWS, write_workbook


def test_csv_has_the_values_as_they_are(shown):
    assert csv_text(shown).splitlines() == [
        "<b>all</b> [red]figures[/red]",
        ",S1: a|b,everybody",
        "members,1234,98765",
        "open rate,0.125,",
        "revenue,10.5,1000",
        "",
    ]


def test_a_workbook_reads_back(shown, tmp_path):
    frame = pl.DataFrame(
        {
            "contact_id": ["=1+1", None],
            "paid": [Decimal("1.25"), None],
            "at": [dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC), None],
            "on": [True, False],
        }
    )
    write_workbook(shown, tmp_path / "r.xlsx", {"S1 a": frame})
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    assert book.sheetnames == ["Report", "S1 a"]
    cells = [cell.value for row in book["Report"].iter_rows() for cell in row if cell.value is not None]
    assert {"S1: a|b", 1234, 0.125, "Blocked by"} <= set(cells)
    first = [cell.value for cell in book["S1 a"][2]]
    assert first == ["=1+1", 1.25, dt.datetime(2026, 6, 1, 12), True]
    assert book["S1 a"]["A2"].data_type == "s"  # text, whatever it looks like


def test_more_rows_than_a_sheet_holds_are_refused(shown, tmp_path):
    frame = pl.DataFrame({"n": pl.int_range(ROWS + 1, eager=True)})
    with pytest.raises(UsageError, match="1,048,576 rows"):
        write_workbook(shown, tmp_path / "r.xlsx", {"S1 a": frame})
    assert not (tmp_path / "r.xlsx").exists()
