"""`segmentation analytics`."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture(scope="module")
def june(sample, segmentation, tmp_path_factory):
    """The sample with the last ten days of June computed again: the folder, and what was printed."""
    folder = tmp_path_factory.mktemp("june") / "project"
    shutil.copytree(sample, folder)
    return folder, segmentation("analytics", "--from", "2026-06-21", "--json", "--project", folder)


def test_days_before_the_first_run_are_recomputed(june):
    outcome = june[1]
    assert outcome.status == 0
    assert outcome.json["published"] == ["2026-06-30"]
    assert outcome.json["recomputed"] == [f"2026-06-{day}" for day in range(21, 31)]
    vip = next(row for row in outcome.json["segments"] if row["segment"] == "vip")
    assert vip["contact_count"] == 35
    assert vip["conversions"] > 0


def test_again_there_is_nothing_to_do(june, segmentation):
    again = segmentation("analytics", "--project", june[0])
    assert again.out == "every day is up to date\n"


def test_a_report_compares_what_they_did(june, segmentation, golden):
    shown = segmentation("report", "vip", "newsletter", "--days", "10", "--project", june[0])
    assert shown.status == 0
    golden("report", shown.out)


@pytest.mark.parametrize("suffix", ["md", "csv", "html", "xlsx", "json"])
def test_a_report_is_written_in_the_form_of_the_files_name(june, segmentation, tmp_path, suffix):
    file = tmp_path / f"report.{suffix}"
    assert segmentation("report", "vip", "--output", file, "--project", june[0]).status == 0
    assert b"vip" in file.read_bytes() or suffix == "xlsx"
    assert file.stat().st_size > 300


def test_a_saved_report_is_found_by_its_name(june, segmentation, tmp_path):
    folder = shutil.copytree(june[0], tmp_path / "copy")
    saved = folder / "segment_definitions" / "reports" / "review.yaml"
    saved.parent.mkdir(exist_ok=True)
    saved.write_text(
        "report: review\ntitle: Spring review\nsegments: [vip, churned]\ndays: 5\n"
        "charts: [size]\nfigures: [members, revenue]\n"
    )
    shown = segmentation("report", "review", "--format", "markdown", "--project", folder)
    assert shown.out.startswith("# Spring review\n\nvip, churned: 2026-06-26 to 2026-06-30")
    assert "| open rate" not in shown.out
    assert segmentation("validate", "--project", folder).status == 0


def test_segments_that_do_not_fit_together_are_refused(june, segmentation):
    mixed = segmentation("report", "vip", "key_accounts", "--project", june[0])
    assert mixed.status == 2
    assert "different objects" in mixed.err
    unknown = segmentation("report", "vop", "--project", june[0])
    assert unknown.status == 2
    assert "did you mean `vip`" in unknown.err


def test_without_analytics_a_report_says_what_to_do(copied, segmentation):
    shutil.rmtree(copied / "data" / "lake" / "segment_analytics")
    refused = segmentation("report", "vip", "--project", copied)
    assert refused.status == 3
    assert "segmentation analytics" in refused.err


@pytest.mark.parametrize("days", [("--to", "2026-06-01"), ("--from", "June"), ("--from", "2026-07-09")])
def test_days_that_make_no_sense_are_refused(june, segmentation, days):
    assert segmentation("analytics", *days, "--project", june[0]).status == 2
