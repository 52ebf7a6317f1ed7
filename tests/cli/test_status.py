from __future__ import annotations


def test_every_table_and_segment(segmentation, sample):
    found = segmentation("status", "--project", sample, "--json").json
    tables = {row["table"]: row for row in found["tables"]}
    assert list(tables["contacts"]) == ["table", "rows", "version", "last_import", "import_status"]
    assert tables["contacts"]["rows"] == 600
    assert tables["contacts"]["import_status"] == "completed"
    assert tables["activities"]["import_status"] == "partially_completed"
    assert {row["status"] for row in found["segments"]} == {"fresh"}
    assert found["analytics"] == {"first": "2026-06-01", "last": "2026-06-30"}
    assert list(found["segments"][0]) == ["segment", "status", "size", "last_evaluated_at", "cause"]


def test_the_tables_for_people(segmentation, sample):
    lines = segmentation("status", "--project", sample).out.splitlines()
    assert lines[0] == "tables"
    assert any(line.startswith("activities ") and "partially_completed" in line for line in lines)
    assert any(line.startswith("vip ") and "fresh" in line for line in lines)
    assert lines[-1] == "analytics of 2026-06-01 to 2026-06-30"


def test_an_empty_project_says_what_to_do(segmentation, project):
    outcome = segmentation("status", "--project", project)
    assert outcome.status == 0
    assert "nothing has been imported yet: segmentation import TABLE FILE" in outcome.out
    assert "no run yet: segmentation run" in outcome.out
