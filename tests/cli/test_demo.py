from __future__ import annotations

import shutil


def test_it_imports_evaluates_and_says_where_to_look(made):
    _, outcome = made
    assert outcome.status == 0
    assert outcome.err == ""
    lines = outcome.out.splitlines()
    assert [line.split("  ")[0] for line in lines if line[:2] in ("1.", "2.", "3.")] == [
        "1. Import",
        "2. Evaluate",
        "3. Look",
    ]
    assert any("rejected contacts.csv, row 602" in line for line in lines)
    assert any("explain vip c-0007" in line for line in lines)


def test_every_shipped_segment_has_members(segmentation, sample):
    listed = segmentation("list", "--project", sample, "--json").json
    assert len(listed) >= 12
    assert {row["status"] for row in listed} == {"fresh"}
    assert all(row["size"] > 0 for row in listed)


def test_run_again_it_changes_nothing(segmentation, copied):
    outcome = segmentation("demo", "--project", copied, "--json")
    assert outcome.status == 0
    assert all(job["landed"] == 0 for job in outcome.json["imports"])
    assert all(row["entered"] == row["exited"] == 0 for row in outcome.json["segments"])


def test_without_a_sample_it_is_generated(segmentation, copied):
    before = {path.name: path.read_bytes() for path in (copied / "data" / "sample").iterdir()}
    shutil.rmtree(copied / "data" / "sample")
    assert segmentation("demo", "--project", copied).status == 0
    assert {path.name: path.read_bytes() for path in (copied / "data" / "sample").iterdir()} == before
