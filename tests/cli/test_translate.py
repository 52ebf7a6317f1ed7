"""`segmentation translate`: what it prints is a definition that validates."""

from __future__ import annotations

import json

import pytest

RULE = {
    "match": "all",
    "groups": [
        {"match": "all", "conditions": [{"field": "email", "operator": "not_equals", "value": "a@b.c"}]}
    ],
    "exclusions": [{"field": "kind", "operator": "contains", "value": "x"}],
}


@pytest.fixture
def rule(tmp_path):
    def write(content, name: str = "rule.json"):
        path = tmp_path / name
        path.write_text(
            content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8"
        )
        return path

    return write


def test_what_it_prints_validates(segmentation, project, rule):
    file = rule({**RULE, "exclusions": []})
    outcome = segmentation(
        "translate", file, "--from", "contact_rules", "--as", "others", "--project", project
    )
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == (
        "segment: others\nwhere: {field: email, operator: not_equals, value: a@b.c, nulls: exclude}\n"
    )
    (project / "segment_definitions" / "segments" / "others.yaml").write_text(outcome.out, encoding="utf-8")
    assert segmentation("validate", "--project", project).status == 0


def test_without_an_id_it_prints_the_rule_alone(segmentation, project, rule):
    file = rule("operator: OR\nconditions: [{field: email, operator: ends_with, value: .org}]\n", "rule.yaml")
    outcome = segmentation("translate", file, "--from", "filter_rules", "--project", project)
    assert outcome.out == "where: {field: email, operator: ends_with, value: .org}\n"


def test_the_names_file_maps_fields(segmentation, project, rule):
    names = rule("fields: {kind: email}\n", "names.yaml")
    outcome = segmentation(
        "translate", rule(RULE), "--from", "contact_rules", "--names", names, "--project", project
    )
    assert "exclude: {field: email, operator: contains, value: x}\n" in outcome.out


def test_what_cannot_be_said_is_status_1_where_it_stands(segmentation, project, rule):
    file = rule(RULE)
    outcome = segmentation("translate", file, "--from", "contact_rules", "--project", project)
    assert (outcome.status, outcome.out) == (1, "")
    assert f"{file}:17:" in outcome.err
    assert "unknown field `kind`" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.json", "--from", "contact_rules"], "not readable: No such file"),
        (["missing.json", "--from", "contact_rule"], "there is no dialect `contact_rule`"),
    ],
)
def test_wrong_use_is_status_2(segmentation, project, arguments, message):
    outcome = segmentation("translate", *arguments, "--project", project)
    assert outcome.status == 2
    assert message in outcome.err


def test_an_id_that_is_none_is_refused(segmentation, project, rule):
    file = rule({**RULE, "exclusions": []})
    outcome = segmentation(
        "translate", file, "--from", "contact_rules", "--as", "Bad Id", "--project", project
    )
    assert outcome.status == 1
    assert "segment" in outcome.err
