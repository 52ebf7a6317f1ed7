"""Saved reports as files: what they say, and what is found wrong with them."""

from __future__ import annotations

import pytest

from segmentation_pipeline.errors import DefinitionError, UsageError
from segmentation_pipeline.segments.saved_reports import faults, find_report, read_report

KNOWN = {"vip", "churned", "review"}


@pytest.fixture
def write(tmp_path):
    """Write a saved report: its file's stem, and its text."""

    def written(name: str, text: str):
        path = tmp_path / "reports" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return written


def findings(path):
    with pytest.raises(DefinitionError) as refused:
        read_report(path, KNOWN, "r.yaml")
    return [(found.rule, found.at.line, found.message, found.hint) for found in refused.value.diagnostics]


def named(path):
    return path.name


def test_what_is_not_said_is_shown(write):
    saved = read_report(write("r", "report: r\ntitle: R\nsegments: [vip]\n"), KNOWN)
    assert saved.days == 30
    assert saved.charts == ["size", "revenue", "unique_opens", "conversions"]
    assert saved.figures[0] == "members"
    assert saved.columns == []


def test_every_finding_is_reported_with_its_line(write):
    text = "report: other\ntitle: R\nsegments:\n  - vip\n  - chruned\n  - vip\n"
    found = findings(write("r", text))
    assert [(rule, line) for rule, line, *_ in found] == [
        ("report-shape", 1),
        ("report-segment", 5),
        ("report-segment", 6),
    ]
    assert "churned" in found[1][3]


@pytest.mark.parametrize(
    "text",
    [
        "report: r\nsegments: [vip]\n",
        "report: r\ntitle: R\nsegments: []\n",
        "report: r\ntitle: R\nsegments: [a, b, c, d, e]\n",
        "report: r\ntitle: R\nsegments: [vip]\ndays: 0\n",
        "report: r\ntitle: R\nsegments: [vip]\ndays: 7 days\n",
        "report: r\ntitle: R\nsegments: [vip]\ncharts: [sizes]\n",
        "report: r\ntitle: R\nsegments: [vip]\nfigure: [members]\n",
        "report: r\ntitle: R\nsegments: [vip]\n---\nreport: r\ntitle: R\nsegments: [vip]\n",
        "",
        "- vip\n",
    ],
)
def test_a_shape_that_means_nothing_is_refused(write, text):
    assert {rule for rule, *_ in findings(write("r", text))} == {"report-shape"}


def test_a_saved_report_is_found_by_its_name(write, tmp_path):
    write("weekly", "report: weekly\ntitle: Every week\nsegments: [vip]\n")
    assert find_report(tmp_path, ["weekly"], KNOWN, named).title == "Every week"


def test_a_segment_of_the_same_name_wins(write, tmp_path):
    write("review", "report: review\ntitle: Every week\nsegments: [vip]\n")
    assert find_report(tmp_path, ["review"], KNOWN, named).segments == ["review"]


def test_several_names_are_segments(write, tmp_path):
    write("weekly", "report: weekly\ntitle: Every week\nsegments: [vip]\n")
    assert find_report(tmp_path, ["vip", "churned"], KNOWN, named).segments == ["vip", "churned"]
    with pytest.raises(UsageError, match="weekyl") as refused:
        find_report(tmp_path, ["weekyl"], KNOWN, named)
    assert "weekly" in refused.value.hint


def test_findings_of_all_files_are_gathered(write, tmp_path):
    write("a", "report: a\ntitle: A\nsegments: [nobody]\n")
    write("b", "report: b\ntitle: B\nsegments: [vip]\n")
    write("c", "report: c\nsegments: [vip]\n")
    write("d", "report: [\n")
    assert [(found.rule, found.at.file) for found in faults(tmp_path, KNOWN, named)] == [
        ("report-segment", "a.yaml"),
        ("report-shape", "c.yaml"),
        ("yaml", "d.yaml"),
    ]
