from __future__ import annotations

import pytest

from segmentation_pipeline.cli.init import template

CONTACTS = "contact_id,email,plan\nann,ann@x.org,pro\nbob,bob@x.org,free\ncat,cat@x.org,pro\n"
PURCHASES = """\
{"activity_id": "1", "contact_id": "ann", "activity_type": "purchase", "occurred_at": "2026-01-01T00:00:00Z", "revenue": 20}
{"activity_id": "2", "contact_id": "bob", "activity_type": "purchase", "occurred_at": "2026-06-29T00:00:00Z", "revenue": 5}
"""  # noqa: E501 — one line of JSON is one row


def test_a_new_project_validates(segmentation, project):
    outcome = segmentation("validate", "--project", project)
    assert (outcome.status, outcome.out) == (0, "no findings\n")


def test_the_tests_of_a_new_project_pass(segmentation, project):
    outcome = segmentation("test", "--project", project, "--json")
    assert outcome.status == 0
    assert [result["passed"] for result in outcome.json] == [True]


def test_a_new_project_imports_runs_and_explains_at_once(segmentation, project, tmp_path):
    (tmp_path / "people.csv").write_text(CONTACTS, encoding="utf-8")
    (tmp_path / "events.jsonl").write_text(PURCHASES, encoding="utf-8")
    assert segmentation("import", "contacts", tmp_path / "people.csv", "--project", project).status == 0
    assert segmentation("import", "activities", tmp_path / "events.jsonl", "--project", project).status == 0
    outcome = segmentation("run", "--as-of", "2026-06-30", "--project", project, "--json")
    assert outcome.status == 0
    assert {row["segment"]: row["size"] for row in outcome.json} == {"customers": 2, "customers_at_risk": 1}
    rows = segmentation("members", "customers_at_risk", "--project", project, "--json").json
    assert [row["contact_id"] for row in rows] == ["ann"]
    said = segmentation(
        "explain", "customers_at_risk", "bob", "--as-of", "2026-06-30", "--project", project
    ).out
    assert "bob is not a member of customers_at_risk" in said
    assert "'free'" in said


def test_a_new_project_keeps_its_lake_out_of_git(project):
    assert "/data/lake/" in (project / ".gitignore").read_text().splitlines()


def test_nothing_is_overwritten(segmentation, tmp_path):
    (tmp_path / "segmentation.toml").write_text("mine", encoding="utf-8")
    outcome = segmentation("init", tmp_path)
    assert outcome.status == 2
    assert "`segmentation.toml` is there already" in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["segmentation.toml"]


def test_a_file_is_no_folder(segmentation, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    outcome = segmentation("init", tmp_path / "file")
    assert outcome.status == 2
    assert "this is a file" in outcome.err


@pytest.mark.parametrize(
    "file",
    [
        ".gitignore",
        "segmentation.toml",
        "workspace.yaml",
        "segment_definitions/catalog.yaml",
        "segment_definitions/segments/customers.yaml",
        "segment_definitions/tests/customers.yaml",
    ],
)
def test_the_template_is_package_data(file):
    assert file in {path.as_posix() for path, _ in template()}
