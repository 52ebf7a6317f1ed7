from __future__ import annotations

import pytest

KEYS = ["rule", "severity", "file", "line", "column", "message", "hint"]


@pytest.fixture
def write(project):
    def put(name: str, text: str) -> None:
        (project / "segment_definitions" / name).write_text(text, encoding="utf-8")

    return put


def test_a_good_project_has_no_findings(segmentation, project):
    assert segmentation("validate", "--project", project, "--json").json == []


def test_every_finding_of_every_file_at_once(segmentation, project, write):
    write("segments/one.yaml", "segment: one\nwhere: {field: planet, operator: equals, value: x}\n")
    write("segments/two.yaml", "segment: two\nwhere: {segment: three}\n")
    outcome = segmentation("validate", "--project", project, "--json")
    assert outcome.status == 1
    assert [(row["file"], row["line"]) for row in outcome.json] == [
        ("segment_definitions/segments/one.yaml", 2),
        ("segment_definitions/segments/two.yaml", 2),
    ]
    assert all(list(row) == KEYS for row in outcome.json)


def test_a_finding_is_a_line_people_and_editors_can_follow(segmentation, project, write):
    write("segments/one.yaml", "segment: one\nwhere: {field: plna, operator: equals, value: pro}\n")
    outcome = segmentation("validate", "--project", project)
    first, hint, summary = outcome.out.splitlines()
    assert first.startswith("segment_definitions/segments/one.yaml:2:")
    assert "error[unknown-field]" in first
    assert "did you mean `plan`?" in hint
    assert summary == "1 error, 0 warnings"


def test_the_catalog_is_checked(segmentation, project, write):
    write("catalog.yaml", "objects: {contact: {table: contacts, key: id, fields: {age: {type: intger}}}}\n")
    outcome = segmentation("validate", "--project", project, "--json")
    assert outcome.status == 1
    assert {row["file"] for row in outcome.json} == {"segment_definitions/catalog.yaml"}


def test_what_is_no_yaml_is_a_finding(segmentation, project, write):
    write("catalog.yaml", "objects: {contact: [}\n")
    outcome = segmentation("validate", "--project", project, "--json")
    assert outcome.status == 1
    assert [(row["file"], row["line"]) for row in outcome.json] == [("segment_definitions/catalog.yaml", 1)]
