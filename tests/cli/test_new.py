"""`segmentation new`: the file it writes validates; what would break is refused."""

from __future__ import annotations


def test_what_it_writes_validates(segmentation, project):
    outcome = segmentation("new", "germans", "--name", "From Germany", "--project", project)
    assert outcome.status == 0
    assert outcome.out.startswith("wrote segment_definitions/segments/germans.yaml\n")
    assert segmentation("validate", "--project", project).status == 0


def test_a_rule_that_would_break_is_status_1_and_nothing_is_written(segmentation, project):
    outcome = segmentation(
        "new", "germans", "--where", "{field: countri, operator: is_empty}", "--project", project
    )
    assert outcome.status == 1
    assert outcome.err.startswith("nothing was written")
    assert "unknown field `countri`" in outcome.err
    assert not (project / "segment_definitions" / "segments" / "germans.yaml").exists()


def test_an_id_that_is_taken_is_status_2(segmentation, project):
    assert segmentation("new", "customers", "--project", project).status == 2
