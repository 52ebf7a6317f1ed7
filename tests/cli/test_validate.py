from __future__ import annotations

import pytest

KEYS = ["rule", "severity", "file", "line", "column", "message", "hint"]


@pytest.fixture
def write(project):
    def put(name: str, text: str) -> None:
        file = project / "segment_definitions" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")

    return put


@pytest.fixture
def findings(segmentation, project):
    """What `validate` finds: (file below the definitions, line, rule); status 1 if there is any."""

    def find() -> list[tuple[str, int, str]]:
        outcome = segmentation("validate", "--project", project, "--json")
        assert outcome.status == (1 if outcome.json else 0)
        assert all(list(row) == KEYS for row in outcome.json)
        return [
            (row["file"].removeprefix("segment_definitions/"), row["line"], row["rule"])
            for row in outcome.json
        ]

    return find


def test_a_good_project_has_no_findings(findings):
    assert findings() == []


def test_the_findings_for_people(segmentation, project, write, golden):
    write("segments/one.yaml", "segment: one\nwhere: {field: plna, operator: equals, value: pro}\n")
    write("segments/two.yaml", "segment: two\nwhere: {segment: custmers}\n")
    write("segments/three.yml", "segment: three\nwhere: {event: purchase}\n")
    write("sources.yaml", "sources: {crm: {table: contcts, files: inbox/*.csv}}\n")
    write("mappings/crm.yaml", "table: contacts\ncolumns: {contact_id: id, e_mail: Mail}\n")
    write(
        "tests/bad.yaml",
        "test: a typo\ngiven: {contacts: [{contact_id: a, plan: gold}]}\nexpect: {custmers: []}\n",
    )
    outcome = segmentation("validate", "--project", project)
    assert outcome.status == 1
    golden("validate", outcome.out)


def test_every_definition_at_once(findings, write):
    write("segments/one.yaml", "segment: one\nwhere: {field: planet, operator: equals, value: x}\n")
    write("segments/two.yaml", "segment: two\nwhere: {segment: three}\n")
    assert findings() == [
        ("segments/one.yaml", 2, "unknown-field"),
        ("segments/two.yaml", 2, "unknown-segment"),
    ]


def test_the_catalog(findings, write):
    write("catalog.yaml", "objects: {contact: {table: contacts, key: id, fields: {age: {type: intger}}}}\n")
    assert {file for file, _, _ in findings()} == {"catalog.yaml"}


def test_what_is_no_yaml(findings, write):
    write("catalog.yaml", "objects: {contact: [}\n")
    assert findings() == [("catalog.yaml", 1, "yaml")]


def test_the_sources(findings, write):
    write("sources.yaml", "sources:\n  crm: {table: contcts, files: inbox/*.csv}\n")
    assert findings() == [("sources.yaml", 2, "unknown-table")]


def test_a_mapping_that_is_not_there(findings, write):
    write("sources.yaml", "sources:\n  crm:\n    table: contacts\n    files: x.csv\n    mapping: crm.yaml\n")
    assert findings() == [("sources.yaml", 5, "mapping-not-found")]


def test_a_mapping_for_another_table(findings, write):
    write("sources.yaml", "sources:\n  crm: {table: activities, files: x.csv, mapping: mappings/crm.yaml}\n")
    write("mappings/crm.yaml", "table: contacts\ncolumns: {contact_id: id}\n")
    assert findings() == [("sources.yaml", 2, "mapping-of-another-table")]


def test_a_mapping_that_no_source_names_yet(findings, write):
    write("mappings/crm.yaml", "table: contacts\ncolumns:\n  contact_id: id\n  e_mail: Mail\n")
    assert findings() == [("mappings/crm.yaml", 4, "unknown-field")]


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        ("test: [}", 1, "yaml"),
        ("test: x\nexpects: {customers: []}\n", 2, "test-shape"),
        ("test: x\ngiven: {contacts: []}\n", 1, "expects-nothing"),
        ("test: x\nas_of: yesterday\nexpect: {customers: []}\n", 2, "test-as-of"),
        ("test: x\nexpect:\n  customers: []\n  custmers: []\n", 4, "unknown-segment"),
        (
            "test: x\nsegments:\n  s: {where: {field: planet, operator: is_null}}\nexpect: {s: []}\n",
            3,
            "unknown-field",
        ),
        ("test: x\ngiven:\n  planets: [{name: mars}]\nexpect: {customers: []}\n", 3, "unknown-table"),
    ],
)
def test_a_test_that_means_nothing(findings, write, text, line, rule):
    write("tests/bad.yaml", text)
    assert findings() == [("tests/bad.yaml", line, rule)]


def test_an_error_that_a_test_expects_is_none(findings, write):
    write(
        "tests/good.yaml",
        "test: x\nsegments: {s: {where: {field: planet, operator: is_null}}}\n"
        "expect_error: {segment: s, contains: planet}\n---\n",
    )
    assert findings() == []


def test_a_test_that_would_fail_is_no_finding(findings, write):
    write("tests/red.yaml", "test: x\ngiven: {contacts: [{contact_id: a}]}\nexpect: {customers: [a]}\n")
    assert findings() == []


def test_a_file_that_nothing_reads(findings, write):
    write("segments/lost.yml", "segment: lost\nwhere: {event: purchase}\n")
    assert findings() == [("segments/lost.yml", 1, "file-name")]
