"""`segmentation delete`: refused while others embed it."""

from __future__ import annotations


def test_refused_with_the_names_of_who_embeds_it(segmentation, project):
    outcome = segmentation("delete", "customers", "--project", project)
    assert outcome.status == 2
    assert "`customers` is still used by `customers_at_risk`" in outcome.err
    assert segmentation("validate", "--project", project).status == 0


def test_a_segment_that_nobody_embeds_goes(segmentation, project):
    outcome = segmentation("delete", "customers_at_risk", "--project", project)
    assert outcome.status == 0
    assert "removed segment_definitions/segments/customers_at_risk.yaml" in outcome.out
    assert "segment_definitions/tests/customers.yaml still tests it" in outcome.out
    assert segmentation("delete", "customers", "--project", project).status == 0
