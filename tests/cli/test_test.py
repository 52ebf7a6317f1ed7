from __future__ import annotations

import pytest

FAILING = """\
test: customers are those who bought
as_of: 2026-06-30T00:00:00Z
given:
  contacts: [{contact_id: a, plan: pro}, {contact_id: b}]
  activities: [{contact_id: b, activity_type: purchase, occurred_at: as_of - 1 days, revenue: 5}]
expect: {customers: [a]}
---
test: pro is a plan
given: {contacts: [{contact_id: a, plan: pro}, {contact_id: b}]}
segments: {pros: {where: {field: plan, operator: equals, value: pro}}}
expect: {pros: [a]}
"""


@pytest.fixture
def failing(project):
    file = project / "segment_definitions" / "tests" / "failing.yaml"
    file.write_text(FAILING, encoding="utf-8")
    return file


def test_a_failing_test_says_expected_got_and_why(segmentation, project, failing, golden):
    outcome = segmentation("test", failing, "--project", project)
    assert outcome.status == 1
    golden("test", outcome.out)


def test_its_keys(segmentation, project, failing):
    outcome = segmentation("test", "--project", project, "--json")
    assert outcome.status == 1
    assert all(list(row) == ["test", "file", "passed", "message"] for row in outcome.json)
    assert [(row["file"].rpartition("/")[2], row["passed"]) for row in outcome.json] == [
        ("customers.yaml", True),
        ("failing.yaml", False),
        ("failing.yaml", True),
    ]


def test_a_folder_means_every_file_below(segmentation, project, failing):
    folder = project / "segment_definitions"
    assert len(segmentation("test", folder / "tests", "--project", project, "--json").json) == 3


def test_a_file_outside_the_project(segmentation, project, tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(FAILING.partition("---\n")[2], encoding="utf-8")
    outcome = segmentation("test", file, "--project", project, "--json")
    assert outcome.status == 0
    assert [row["file"] for row in outcome.json] == [str(file)]


def test_what_cannot_be_read_fails(segmentation, project, failing):
    failing.write_text("test: [", encoding="utf-8")
    outcome = segmentation("test", failing, "--project", project, "--json")
    assert outcome.status == 1
    assert "not readable as YAML" in outcome.json[0]["message"]


@pytest.mark.parametrize("name", ["nowhere.yaml", "empty"])
def test_nothing_to_run_is_wrong_use(segmentation, project, tmp_path, name):
    (tmp_path / "empty").mkdir()
    assert segmentation("test", tmp_path / name, "--project", project).status == 2


def test_the_shipped_tests_pass(segmentation, sample):
    outcome = segmentation("test", "--project", sample)
    assert outcome.status == 0
    assert outcome.out.splitlines()[-1].endswith(" passed, 0 failed")
