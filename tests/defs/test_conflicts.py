"""Group `conflicts`: what its pages show, and its three checks."""

from __future__ import annotations

import base64
import re

import pytest

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

CONFLICTS = ("segment_relations", "segment_findings", "segment_overlaps", "contact_claims")
LOSER = """
where: {all: [{field: country, operator: equals, value: de}, {field: age, operator: less_than, value: 40}]}
delivery: {channel: email, priority: 1, exclusivity_group: life}
"""
WINNER = """
where: {field: country, operator: equals, value: de}
delivery: {channel: email, priority: 2, exclusivity_group: life}
"""


@pytest.fixture
def rivals(published):
    """Two segments of one exclusivity group, of which one takes all of the other's."""
    published.segment("loser", LOSER)
    published.segment("winner", WINNER)
    return published


def test_the_night_looks_for_conflicts(rivals):
    night = rivals.run(job="nightly")
    assert night.success
    assert set(CONFLICTS) <= set(night.materialized)
    assert night.rows("segment_relations") == night.rows("segment_overlaps") == 10
    assert "disjoint" not in night.said("segment_relations", "relations")
    assert night.said("segment_findings", "errors") == 1
    assert "| error | shadowed | loser |" in night.said("segment_findings", "findings")
    assert "| loser | winner | a_implies_b | 10 |" in night.said("segment_overlaps", "largest")
    assert night.rows("contact_claims") == 10
    assert "| group:life | 10 | winner, loser |" in night.said("contact_claims", "contests")


def test_a_rule_that_is_wrong_fails_a_check_and_stops_nothing(rivals):
    night = rivals.run(job="nightly")
    check = night.checks["segment_findings", "no_errors"]
    assert not check.passed
    assert not check.blocking
    assert "never wins in the group `life`" in check.description


def test_overlaps_are_a_picture(rivals):
    shown = rivals.run(job="nightly").said("segment_overlaps", "heat_map")
    found = re.fullmatch(r"!\[overlaps\]\(data:image/png;base64,(.+)\)", shown)
    assert base64.b64decode(found[1]).startswith(b"\x89PNG")


def test_members_agree_with_proofs(rivals):
    check = rivals.run(job="nightly").checks["segment_overlaps", "members_agree_with_proofs"]
    assert check.passed
    assert check.metadata["checked"].value == 6


def test_an_invariant_that_rows_break_is_named(published):
    catalog = published.project / "segment_definitions" / "catalog.yaml"
    over_29 = "{field: age, operator: greater_than, value: 29}"
    catalog.write_text(
        catalog.read_text()
        + f"invariants: [{{name: everybody is 30, when: {{everyone: true}}, then: {over_29}}}]\n"
    )
    night = published.run(job="nightly")
    check = night.checks["segment_relations", "invariants_hold"]
    assert not check.passed
    assert "| everybody is 30 | 10 |" in check.metadata["broken_by"].value
    assert night.checks["segment_overlaps", "members_agree_with_proofs"].passed


def test_one_table_alone_is_written_alone(rivals):
    rivals.run(job="nightly")
    before = rivals.store.version("segment_relations")
    run = rivals.run("contact_claims")
    assert set(run.materialized) == {"contact_claims"}
    assert rivals.store.version("segment_relations") == before


def test_without_a_run_it_says_so(team):
    run = team.run("segment_relations")
    assert "conflicts follow the members of a run" in run.failures["find_conflicts"]
