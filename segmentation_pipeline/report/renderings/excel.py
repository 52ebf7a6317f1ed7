"""A report as an Excel workbook: a sheet of figures, charts beside them, and sheets of rows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import xlsxwriter

from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.report.model import Chart, Figures, Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from segmentation_pipeline.report.model import Cell, Report

ROWS = 1_048_575
"""The rows a sheet can hold below its heading."""
_FORMATS = {
    "share": "0.0%",
    "money": "#,##0.00",
    "count": "#,##0",
    "day": "yyyy-mm-dd",
    "instant": "yyyy-mm-dd hh:mm",
}
_KINDS: dict[type[pl.DataType], str] = {pl.Date: "day", pl.Datetime: "instant"}
_TITLE = 31


def write_workbook(report: Report, path: Path, sheets: Mapping[str, pl.DataFrame]) -> None:
    """Write the report, and a sheet each of ``sheets`` by their titles.

    Raises `UsageError` for a frame with more rows than a sheet can hold: nothing is cut in silence.
    """
    for title, frame in sheets.items():
        if frame.height > ROWS:
            raise UsageError(
                f"{title} has {frame.height:,} rows, a sheet of Excel holds {ROWS:,}",
                where=str(path),
                hint="write them as Parquet: segmentation members ID --output FILE.parquet",
            )
    options = {"remove_timezone": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        formats = {kind: book.add_format({"num_format": text}) for kind, text in _FORMATS.items()}
        bold = book.add_format({"bold": True})
        _write_report(book, report, formats, bold)
        for title, frame in sheets.items():
            _write_frame(book.add_worksheet(title[:_TITLE]), frame, formats, bold)


def _write_report(book: Workbook, report: Report, formats: Mapping[str, Format], bold: Format) -> None:
    sheet = book.add_worksheet("Report")
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 12, 22)
    sheet.write_string(0, 0, report.title, bold)
    sheet.write_string(1, 0, report.subtitle)
    line = 3
    for section in report.sections:
        sheet.write_string(line, 0, section.title, bold)
        line += 1
        for part in section.parts:
            match part:
                case Figures():
                    line = _write_figures(sheet, part, line, formats, bold)
                case Text():
                    for text in part.lines:
                        sheet.write_string(line, 0, text)
                        line += 1
                case Chart():
                    line = _write_chart(sheet, part, line, formats, bold)
        line += 1


def _write_figures(
    sheet: Worksheet, part: Figures, line: int, formats: Mapping[str, Format], bold: Format
) -> int:
    for at, column in enumerate(part.columns):
        sheet.write_string(line, at, column.name, bold)
    for number, row in enumerate(part.rows):
        for at, value in enumerate(row):
            _write_cell(sheet, line + 1 + number, at, value, formats.get(part.kind(number, at)))
    return line + 2 + len(part.rows)


def _write_chart(
    sheet: Worksheet, part: Chart, line: int, formats: Mapping[str, Format], bold: Format
) -> int:
    """Write the values of a chart as a table: Excel draws its own."""
    sheet.write_string(line, 0, part.caption, bold)
    for at, series in enumerate(part.series, start=1):
        sheet.write_string(line, at, series.name, bold)
        for number, value in enumerate(series.values, start=1):
            _write_cell(sheet, line + number, at, value, formats.get(part.unit))
    for number, text in enumerate(part.x, start=1):
        sheet.write_string(line + number, 0, text)
    return line + 2 + len(part.x)


def _write_frame(sheet: Worksheet, frame: pl.DataFrame, formats: Mapping[str, Format], bold: Format) -> None:
    sheet.freeze_panes(1, 0)
    for at, name in enumerate(frame.columns):
        sheet.write_string(0, at, name, bold)
    by_column = [formats.get(_KINDS.get(kind.base_type(), "")) for kind in frame.dtypes]
    for number, row in enumerate(frame.iter_rows(), start=1):
        for at, value in enumerate(row):
            _write_cell(sheet, number, at, value, by_column[at])


def _write_cell(sheet: Worksheet, line: int, at: int, value: Cell, form: Format | None) -> None:
    match value:
        case None:
            sheet.write_blank(line, at, None, form)
        case bool():
            sheet.write_boolean(line, at, value)
        case dt.datetime() | dt.date():
            sheet.write_datetime(line, at, value, form)
        case int() | float() | Decimal():
            sheet.write_number(line, at, float(value), form)
        case _:
            sheet.write_string(line, at, str(value))
