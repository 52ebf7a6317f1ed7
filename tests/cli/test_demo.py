from __future__ import annotations

import shutil

import pytest


def test_it_imports_evaluates_and_says_where_to_look(made):
    _, outcome = made
    assert outcome.status == 0
    assert outcome.err == ""
    lines = outcome.out.splitlines()
    assert [line.split("  ")[0] for line in lines if line[:1].isdigit() and line[1:3] == ". "] == [
        "1. Import",
        "2. Evaluate",
        "3. Decide",
        "4. Simulate",
        "5. Look",
    ]
    assert any(line.startswith("2026-06-30 decided by policy default") for line in lines)
    assert any("rejected contacts.csv, row 602" in line for line in lines)
    looks = ("explain vip c-0007", "simulate quieter_policy", "report lifecycle_review", "docs --open")
    assert [look for look in looks if not any(look in line for line in lines)] == []


@pytest.mark.integration
def test_what_it_says_to_look_at_is_there(segmentation, copied):
    report = segmentation("report", "lifecycle_review", "--project", copied)
    assert report.status == 0
    assert "2026-06-01 to 2026-06-30" in report.out
    assert segmentation("docs", "--project", copied).status == 0
    assert (copied / "site" / "segments" / "vip.html").is_file()


@pytest.mark.integration
def test_earlier_days_are_computed_where_only_the_last_are_there(segmentation, copied):
    shutil.rmtree(copied / "data" / "lake" / "segment_analytics")
    assert segmentation("analytics", "--project", copied, "--json").json["recomputed"] == []
    assert segmentation("demo", "--project", copied).status == 0
    days = segmentation("status", "--project", copied, "--json").json["analytics"]
    assert days == {"first": "2026-06-01", "last": "2026-06-30"}


def test_every_shipped_segment_has_members(segmentation, sample):
    listed = segmentation("list", "--project", sample, "--json").json
    assert len(listed) >= 12
    assert {row["status"] for row in listed} == {"fresh"}
    assert all(row["size"] > 0 for row in listed)


@pytest.mark.integration
def test_run_again_it_changes_nothing(segmentation, copied):
    outcome = segmentation("demo", "--project", copied, "--json")
    assert outcome.status == 0
    assert all(job["landed"] == 0 for job in outcome.json["imports"])
    assert all(row["entered"] == row["exited"] == 0 for row in outcome.json["segments"])
    assert not outcome.json["assigned"]["fresh"]
    assert not outcome.json["assigned"]["outdated"]


@pytest.mark.integration
def test_without_a_sample_it_is_generated(segmentation, copied):
    before = {path.name: path.read_bytes() for path in (copied / "data" / "sample").iterdir()}
    shutil.rmtree(copied / "data" / "sample")
    assert segmentation("demo", "--project", copied).status == 0
    assert {path.name: path.read_bytes() for path in (copied / "data" / "sample").iterdir()} == before
