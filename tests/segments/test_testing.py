# ruff: noqa: E501 — tables of cases, one a line, the rule as its author writes it
"""The runner of segment tests: what it accepts, what it refuses, and what a failing test says."""

from __future__ import annotations

from pathlib import Path

import pytest

from segmentation_pipeline.catalog.reading import load_catalog_node
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.segments.testing import run_files, run_test
from segmentation_pipeline.segments.trial import Bench

SHIPPED = Path(__file__).parents[2] / "segment_definitions" / "catalog.yaml"


@pytest.fixture(scope="session")
def shipped():
    return load_catalog_node(SHIPPED, "catalog.yaml")


@pytest.fixture
def run(shipped):
    """Run one test, against the shipped catalog alone unless a folder is given."""

    def tried(text: str, folder: Path | None = None, time_zone: str = "UTC"):
        return run_test(read_documents(text, "t.yaml")[0], "t.yaml", Bench(shipped, folder, time_zone))

    return tried


@pytest.fixture
def said(run):
    """The message of a test that must fail."""

    def failing(text: str) -> str:
        result = run(text)
        assert not result.passed
        return result.message

    return failing


def test_the_test_of_the_page_passes(run):
    result = run(
        """
test: three opens in thirty days
as_of: 2026-06-30T00:00:00Z
time_zone: UTC
catalog:
  objects: {contact: {fields: {age: {type: integer}}}}
  events: {activities: {types: {view: {fields: {path: text}}}}}
given:
  contacts:
    - {contact_id: a, age: 20}
    - {contact_id: b}
  activities:
    - {contact_id: a, activity_type: view, occurred_at: 2026-06-28T00:00:00Z, path: /x}
    - {contact_id: a, activity_type: view, occurred_at: as_of - 2 days}
segments:
  viewers: {where: {event: view, within: last 7 days}}
  grown: {segment: grown, name: Grown ups, where: {field: age, operator: greater_than, value: 18}}
expect:
  viewers: [a]
  grown: [a]
"""
    )
    assert (result.passed, result.message, result.test, result.file) == (
        True,
        "",
        "three opens in thirty days",
        "t.yaml",
    )


FAILING = """
test: wrong
given: {contacts: [{contact_id: a, country: FR}, {contact_id: b, country: DE}, {contact_id: c, country: FR}]}
segments: {french: {where: {field: country, operator: equals, value: FR}}}
expect: {french: [b, c]}
"""


def test_a_failing_test_says_expected_got_missing_extra_and_why(said):
    lines = said(FAILING).splitlines()
    assert lines[:3] == ["french: expected ['b', 'c'], got ['a', 'c']", "  missing: ['b']", "  extra: ['a']"]
    assert lines[3] == "  b is not a member of french, decided by where"
    assert any(line.strip().startswith("✗ country") and "'DE'" in line for line in lines)


def test_an_expected_key_that_no_row_has(said):
    message = said("{test: t, segments: {s: {where: {everyone: true}}}, expect: {s: [ghost]}}")
    assert "missing: ['ghost']" in message
    assert "ghost is not a member of s, decided by unknown" in message


def test_an_error_that_does_not_come(said):
    text = (
        "{test: t, segments: {s: {where: {everyone: true}}}, expect_error: {segment: s, contains: between}}"
    )
    assert said(text) == "s: expected an error that contains `between`, but it validates"


def test_an_error_that_says_something_else(said):
    text = "{test: t, segments: {s: {where: {field: x, operator: is_empty}}}, expect_error: {segment: s, contains: between}}"
    assert said(text).startswith("s: expected an error that contains `between`, got: unknown field `x`")


def test_errors_and_members_stand_together(run):
    text = """
test: t
given: {contacts: [{contact_id: a}]}
segments:
  good: {where: {everyone: true}}
  bad: {where: {field: age, operator: between, value: [9, 3]}}
  worse: {where: {all: []}}
expect: {good: [a]}
expect_error: [{segment: bad, contains: unknown field}, {segment: worse, contains: empty}]
"""
    assert run(text).passed


def test_a_segment_cannot_be_expected_both_ways(said):
    text = "{test: t, segments: {s: {where: {all: []}}}, expect: {s: []}, expect_error: {segment: s, contains: empty}}"
    assert "s: does not validate" in said(text)


def test_an_expected_segment_that_does_not_validate_says_where(said):
    message = said("test: t\nsegments:\n  s: {where: {field: contry, operator: is_empty}}\nexpect: {s: []}\n")
    assert "t.yaml:3:22" in message
    assert "did you mean `country`" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{test: t}", "expects nothing"),
        ("{segments: {}, expect: {s: []}}", "`test` is missing"),
        ("{test: t, expects: {s: []}}", "unknown key `expects`"),
        ("{test: t, expect: {s: a}}", "expect"),
        ("{test: t, expect: {s: []}}", "there is no active segment `s`"),
        ("{test: t, expect: {s: []}, as_of: soon}", "`as_of`"),
        ("{test: t, expect: {s: []}, as_of: 3 days ago}", "depends on the day"),
        ("{test: t, expect: {s: []}, as_of: today}", "depends on the day"),
        ("{test: t, expect: {s: []}, time_zone: Mars}", "not a time zone"),
        ("{test: t, expect: {s: []}, workspace: {week_starts: someday}}", "week_starts"),
        ("{test: t, expect: {s: []}, workspace: {colour: red}}", "unknown key `colour`"),
        ("{test: t, expect: {all_contacts: []}, given: [a]}", "`given` is a mapping"),
        ("{test: t, expect: {all_contacts: []}, given: {contact: []}}", "did you mean `contacts`"),
        ("{test: t, expect: {all_contacts: []}, given: {contacts: {contact_id: a}}}", "takes a list of rows"),
        ("{test: t, expect: {all_contacts: []}, given: {contacts: [a]}}", "a row is a mapping"),
        ("{test: t, expect: {all_contacts: []}, given: {contacts: [{contry: FR}]}}", "did you mean `country`"),
        ("{test: t, expect: {all_contacts: []}, given: {contacts: [{custom: {size: 3}}]}}", "unknown column `custom.size`"),
        ("{test: t, expect: {all_contacts: []}, given: {contacts: [{custom: {age: old}}]}}", "`old` is not a number"),
        ("{test: t, expect: {all_contacts: []}, given: {contacts: [{tags: vip}]}}", "a list is expected"),
        ("{test: t, expect: {all_contacts: []}, given: {contacts: [{country: [FR]}]}}", "a text is expected"),
        ("{test: t, expect: {all_contacts: []}, given: {contacts: [{created_at: as_of - 1 month}]}}", "is not a moment"),
        ("{test: t, expect: {all_contacts: []}, given: {contacts: [{created_at: as_of - 999999999 weeks}]}}", "outside the years"),
        ("{test: t, expect: {all_contacts: []}, catalog: {objects: {contact: {fields: {x: colour}}}}}", "colour"),
        ("[]", "dictionary"),
    ],
)  # fmt: skip
def test_a_test_with_a_mistake_fails_and_says_which(said, text, message):
    assert message in said(text)


def test_a_mistake_in_a_row_stands_at_its_place(said):
    message = said(
        "test: t\ngiven:\n  contacts:\n    - {contact_id: a, custom: {age: old}}\nexpect: {all_contacts: [a]}\n"
    )
    assert message.startswith("t.yaml:4:37")


def test_rows_are_read_even_where_only_an_error_is_expected(said):
    text = "{test: t, given: {contacts: [{x: 1}]}, segments: {s: {where: {all: []}}}, expect_error: {segment: s, contains: empty}}"
    assert "unknown column `x`" in said(text)


# the project's own definitions


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "segments").mkdir()
    (tmp_path / "segments" / "french.yaml").write_text(
        "segment: french\nwhere: {field: country, operator: equals, value: FR}\n", encoding="utf-8"
    )
    (tmp_path / "segments" / "broken.yaml").write_text(
        "segment: broken\nwhere: {all: []}\n", encoding="utf-8"
    )
    (tmp_path / "segments" / "today.yaml").write_text(
        "segment: today\nwhere: {field: created_at, operator: within, value: today}\n", encoding="utf-8"
    )
    (tmp_path / "keys.csv").write_text("id\na\n", encoding="utf-8")
    return tmp_path


def test_the_segments_of_the_project_are_tested_by_their_names(run, folder):
    text = (
        "{test: t, given: {contacts: [{contact_id: a, country: FR}, {contact_id: b}]}, expect: {french: [a]}}"
    )
    assert run(text, folder).passed


def test_a_local_segment_may_embed_one_of_the_project(run, folder):
    text = "{test: t, given: {contacts: [{contact_id: a, country: FR}, {contact_id: b}]}, segments: {s: {where: {not: {segment: french}}}}, expect: {s: [b]}}"
    assert run(text, folder).passed


def test_a_local_segment_stands_in_for_one_of_the_project(run, folder):
    text = "{test: t, given: {contacts: [{contact_id: a, country: FR}, {contact_id: b}]}, segments: {french: {where: {field: country, operator: is_empty}}}, expect: {french: [b]}}"
    assert run(text, folder).passed


def test_members_of_a_file_come_from_the_folder(run, folder):
    text = "{test: t, given: {contacts: [{contact_id: a}]}, segments: {s: {type: static, members: {file: keys.csv, column: id}}}, expect: {s: [a]}}"
    assert run(text, folder).passed


def test_the_zone_of_a_test_is_the_projects_where_it_names_none(run, folder):
    given = (
        "given: {contacts: [{contact_id: a, created_at: 2025-12-31T23:30:00Z}]}, as_of: 2026-01-01T12:00:00Z"
    )
    assert run(f"{{test: t, {given}, expect: {{today: [a]}}}}", folder, "Europe/Paris").passed
    assert run(f"{{test: t, {given}, time_zone: UTC, expect: {{today: []}}}}", folder, "Europe/Paris").passed
    assert run(
        f"{{test: t, {given}, workspace: {{time_zone: UTC}}, expect: {{today: []}}}}", folder, "Europe/Paris"
    ).passed


# files


def test_every_document_of_every_file_is_a_test(shipped, tmp_path):
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text(
        "test: a\nexpect: {all_contacts: []}\n---\ntest: b\nexpect: {all_contacts: [x]}\n---\n",
        encoding="utf-8",
    )
    two.write_text("test: [\n", encoding="utf-8")
    results = run_files([one, two], Bench(shipped), tmp_path)
    assert [(result.test, result.file, result.passed) for result in results] == [
        ("a", "one.yaml", True), ("b", "one.yaml", False), ("two", "two.yaml", False),
    ]  # fmt: skip
    assert results[2].message.startswith("two.yaml:2:1: not readable as YAML")


def test_no_test_depends_on_the_day_it_runs(run):
    text = "{test: t, given: {contacts: [{contact_id: a, created_at: 2026-01-01T00:00:00Z}]}, segments: {s: {where: {field: created_at, operator: equals, value: now}}}, expect: {s: [a]}}"
    assert run(text).passed
