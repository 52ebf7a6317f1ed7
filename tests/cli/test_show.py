from __future__ import annotations

import re


def test_the_page_of_a_segment(segmentation, sample, golden):
    outcome = segmentation("show", "churn_risk", "--plan", "--project", sample)
    assert outcome.status == 0
    golden("show", re.sub(r"estimated [0-9,]+ rows, [0-9,]+ bytes", "estimated · rows, · bytes", outcome.out))


def test_its_values(segmentation, sample):
    found = segmentation("show", "vip", "--project", sample, "--json").json
    assert (found["segment"], found["object"], found["embeds"]) == ("vip", "contact", ["churned"])
    assert found["size"] == found["contactable"] + found["suppressed"]
    assert found["sizes"] == [["2026-06-30T00:00:00Z", found["size"]]]
    assert "plan" not in found


def test_before_the_first_run(segmentation, project):
    outcome = segmentation("show", "customers", "--project", project)
    assert outcome.status == 0
    assert "Everyone who has bought at least once." in outcome.out
    assert "not evaluated yet: segmentation run" in outcome.out
    assert "embedded by: customers_at_risk" in outcome.out


def test_a_broken_definition_is_its_finding(segmentation, project):
    file = project / "segment_definitions" / "segments" / "bad.yaml"
    file.write_text("segment: bad\nwhere: {field: planet, operator: is_null}\n", encoding="utf-8")
    outcome = segmentation("show", "bad", "--project", project)
    assert outcome.status == 1
    assert "segment_definitions/segments/bad.yaml:2:" in outcome.err
    assert "unknown field `planet`" in outcome.err


def test_the_size_over_time_is_drawn(segmentation, copied):
    file = copied / "segment_definitions" / "segments" / "partners.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "active: false\n", encoding="utf-8")
    segmentation("run", "--as-of", "2026-07-01", "--project", copied)
    outcome = segmentation("show", "partners", "--project", copied)
    assert "inactive (`active: false`), 0 members" in outcome.out
    assert "size over time: █▁" in outcome.out
