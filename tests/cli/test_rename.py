"""`segmentation rename`: rules and tests follow."""

from __future__ import annotations


def test_rules_and_tests_follow(segmentation, project):
    outcome = segmentation("rename", "customers", "buyers", "--project", project)
    assert outcome.status == 0
    assert "segment_definitions/segments/customers.yaml → buyers.yaml" in outcome.out
    assert "segment_definitions/tests/customers.yaml: 1 place" in outcome.out
    assert "note: the next run publishes `buyers` as a new segment" in outcome.out
    assert segmentation("validate", "--project", project).status == 0
    assert segmentation("test", "--project", project).status == 0


def test_a_name_that_is_taken_is_status_2(segmentation, project):
    outcome = segmentation("rename", "customers", "customers_at_risk", "--project", project)
    assert outcome.status == 2
    assert "there is a segment `customers_at_risk` already" in outcome.err
