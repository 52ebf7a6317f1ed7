"""Conflicts that a proposal makes and resolves: proved on both sides, and compared."""

from __future__ import annotations

import pytest

from segmentation_pipeline.simulation.what_if.answer import what_if

OLD = "where: {field: age, operator: greater_than_or_equal, value: 60}"
YOUNG = "where: {field: age, operator: less_than, value: 30}"
RIVALS = ["old", "young"]
MAIL = "delivery: {channel: email, priority: 10}"
GROUP = "delivery: {channel: email, priority: 10, exclusivity_group: lifecycle}"
FIRST = GROUP.replace("10", "90")


@pytest.fixture
def rivals(project):
    """`old` and `young` never meet; both send mail."""
    project.drop("others")
    project.drop("adults")
    project.segment("old", f"{OLD}\n{MAIL}")
    project.segment("young", f"{YOUNG}\n{MAIL}")
    return project


def conflicts(found):
    columns = ("change", "conflict", "segments", "before", "after", "shared_before", "shared_after")
    return found.frames["what_if_conflicts"].select(columns).rows()


def test_a_new_overlap_in_a_channel(rivals, sides):
    found = what_if(
        sides(lambda other: other.segment("young", f"{YOUNG.replace('30', '70')}\n{MAIL}"), RIVALS)
    )
    assert conflicts(found) == [("new", "relation", ["old", "young"], "disjoint", "overlap", 0, 1)]


def test_an_overlap_that_is_resolved(rivals, sides):
    rivals.segment("young", f"{YOUNG.replace('30', '70')}\n{MAIL}")
    found = what_if(sides(lambda other: other.segment("young", f"{YOUNG}\n{MAIL}"), RIVALS))
    assert conflicts(found) == [("resolved", "relation", ["old", "young"], "overlap", "disjoint", 1, 0)]


def test_an_overlap_that_becomes_an_equivalence(rivals, sides):
    rivals.segment("young", f"{YOUNG.replace('30', '70')}\n{MAIL}")
    found = what_if(sides(lambda other: other.segment("young", f"{OLD}\n{MAIL}"), RIVALS))
    assert conflicts(found) == [("changed", "relation", ["old", "young"], "overlap", "equivalent", 1, 1)]


def test_a_segment_that_is_newly_shadowed(rivals, sides):
    rivals.segment("old", f"{OLD}\n{GROUP}")
    rivals.segment("young", f"{YOUNG}\n{FIRST}")
    found = what_if(sides(lambda other: other.segment("young", f"where: {{everyone: true}}\n{FIRST}")))
    rows = found.frames["what_if_conflicts"].filter(conflict="shadowed").to_dicts()
    assert [(row["change"], row["segments"], row["severity"]) for row in rows] == [
        ("new", ["old", "young"], "error")
    ]
    assert "never wins in the group `lifecycle`" in rows[0]["message"]


def test_a_change_of_delivery_alone_can_make_a_conflict(rivals, sides):
    rivals.segment("old", f"{OLD}\n{MAIL.replace('email', 'sms')}")
    rivals.segment("young", f"where: {{everyone: true}}\n{MAIL}")
    found = what_if(sides(lambda other: other.segment("old", f"{OLD}\n{MAIL}")))
    assert found.frames["what_if_segments"].is_empty()
    assert [row[:3] for row in conflicts(found) if row[1] == "relation"] == [
        ("new", "relation", ["old", "young"])
    ]


def test_a_segment_that_goes_takes_its_conflicts_with_it(rivals, sides):
    rivals.segment("young", f"where: {{everyone: true}}\n{MAIL}")
    found = what_if(sides(lambda other: other.drop("young")))
    rows = [row for row in conflicts(found) if row[1] == "relation"]
    assert [(row[0], row[4]) for row in rows] == [("resolved", None)]


def test_nothing_is_proved_where_nothing_changed(rivals, sides, monkeypatch):
    monkeypatch.setattr("segmentation_pipeline.simulation.what_if.rule_conflicts.prove", None)
    assert conflicts(what_if(sides(lambda _other: None))) == []
