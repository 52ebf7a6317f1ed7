"""Rules about saved reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.rules.checks.rule import Rule, several

if TYPE_CHECKING:
    from collections.abc import Mapping

_FANS = "segment: fans\nwhere: {field: age, operator: greater_than, value: 3}"


def _report(lines: str) -> Mapping[str, str]:
    return several({"segments/fans.yaml": _FANS, "reports/review.yaml": f"report: review\n{lines}"})


_GOOD = _report("title: Review\nsegments: [fans]")

REPORTS = (
    Rule(
        "report-shape",
        "syntactic",
        "A saved report lacks a key, has one that means nothing, or one with a value it cannot take.",
        "A report has its file's name, a `title` and one to four `segments`.",
        _GOOD,
        _report("title: Review\nsegments: [fans]\ncharts: [sizes]"),
    ),
    Rule(
        "report-segment",
        "semantic",
        "A saved report compares a segment that does not exist, or one with itself.",
        "Name each of the segments once.",
        _GOOD,
        _report("title: Review\nsegments: [fans, fan]"),
    ),
)
