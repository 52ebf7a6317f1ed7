"""The night decides who is contacted, once a day; what it shows of it."""

from __future__ import annotations

import pytest

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

DELIVERING = """
where: {field: country, operator: equals, value: de}
delivery: {channel: email, priority: 1}
"""


@pytest.fixture
def delivering(team):
    team.segment("germans", DELIVERING)
    return team


def test_the_night_decides_once(delivering):
    delivering.segment("blocked", "type: suppression\nwhere: {field: country, operator: equals, value: no}")
    night = delivering.run(job="nightly")
    assert night.success
    assert night.rows("contact_assignments") == 20
    assert night.rows("contact_assignment_runs") == 1
    assert night.said("contact_assignments", "contacts") == 20
    assert night.said("contact_assignments", "decided_before") is False
    assert "| germans | 20 |" in night.said("contact_assignments", "decisions")
    check = night.checks["contact_assignments", "members_are_of_the_last_run"]
    assert (check.passed, check.blocking) == (True, False)
    delivering.segment("blocked", "type: suppression\nwhere: {field: cuontry, operator: is_empty}")
    again = delivering.run(job="nightly")
    assert again.said("contact_assignments", "decided_before") is True
    assert again.rows("contact_assignment_runs") == 1
    check = again.checks["contact_assignments", "members_are_of_the_last_run"]
    assert (check.passed, check.blocking) == (False, False)


def test_a_segment_that_suppresses_and_never_ran_stops_the_decision_alone(delivering):
    delivering.segment("blocked", "type: suppression\nwhere: {field: cuontry, operator: is_empty}")
    night = delivering.run(job="nightly")
    assert "contact_assignments" not in night.materialized
    assert {"segment_memberships", "segment_analytics", "segment_findings"} <= set(night.materialized)
    assert "nobody can tell whom" in night.failures["assign_contacts"]
