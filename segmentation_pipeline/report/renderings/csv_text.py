"""The figures of a report as CSV: one table after the other, each below its caption."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from segmentation_pipeline.report.model import Figures

if TYPE_CHECKING:
    from segmentation_pipeline.report.model import Report


def csv_text(report: Report) -> str:
    """Return every table of the report, values as they are; texts and charts are left out."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for section in report.sections:
        for part in section.parts:
            if isinstance(part, Figures):
                writer.writerow([part.caption or section.title])
                writer.writerow(column.name for column in part.columns)
                writer.writerows(part.rows)
                writer.writerow([])
    return out.getvalue()
