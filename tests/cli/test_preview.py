"""`segmentation preview`: a segment or a file, in words and as JSON."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("imported")


def test_a_segment_with_its_funnel_and_members(segmentation, project):
    outcome = segmentation("preview", "german", "--project", project)
    assert (outcome.status, outcome.err) == (0, "")
    assert "2 of 3 objects of `contact`" in outcome.out
    assert 'where: country equals "de"' in outcome.out
    assert "nothing is published" in outcome.out


def test_json(segmentation, project):
    found = segmentation("preview", "german", "--project", project, "--json").json
    assert found["size"] == {"value": 2, "low": 2, "high": 2}
    assert [(step["role"], step["remaining"]["value"]) for step in found["funnel"]] == [("where", 2)]
    assert sorted(row["contact_id"] for row in found["members"]) == ["a", "b"]


def test_a_bare_rule_in_a_file(segmentation, project, tmp_path):
    rule = tmp_path / "rule.yaml"
    rule.write_text("not: {segment: german}\n", encoding="utf-8")
    found = segmentation("preview", rule, "--project", project, "--json").json
    assert (found["segment"], found["size"]["value"]) == ("draft", 1)


def test_a_sample_says_that_it_is_one(segmentation, project):
    outcome = segmentation("preview", "german", "--project", project, "--sample", 2)
    assert "(95 %), estimated from 2; --exact counts all" in outcome.out
    assert (
        segmentation("preview", "german", "--project", project, "--sample", 2, "--exact").out.count("95 %")
        == 0
    )


def test_personal_data_are_masked_unless_asked_for(segmentation, project, tmp_path):
    rule = tmp_path / "rule.yaml"
    rule.write_text("{field: email, operator: is_not_empty}\n", encoding="utf-8")
    assert "@" not in segmentation("preview", rule, "--project", project).out
    assert "a@x.org" in segmentation("preview", rule, "--project", project, "--show-pii").out


def test_a_rule_that_cannot_be_read_is_status_1_where_it_stands(segmentation, project, tmp_path):
    rule = tmp_path / "rule.yaml"
    rule.write_text("{field: countri, operator: is_empty}\n", encoding="utf-8")
    outcome = segmentation("preview", rule, "--project", project)
    assert outcome.status == 1
    assert "rule.yaml:1:9" in outcome.err


def test_what_nobody_knows_is_status_2(segmentation, project):
    outcome = segmentation("preview", "germen", "--project", project)
    assert outcome.status == 2
    assert "did you mean `german`?" in outcome.err


def test_without_data_it_says_what_to_do(segmentation, tmp_path):
    assert segmentation("init", tmp_path / "bare").status == 0
    outcome = segmentation("preview", "customers", "--project", tmp_path / "bare")
    assert outcome.status == 3
    assert "segmentation import" in outcome.err
