"""The night from files to published members, and what stops it and what does not."""

from __future__ import annotations

import pytest

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration


def test_the_night_imports_indexes_evaluates_and_publishes(team):
    night = team.run(job="nightly")
    assert night.success
    assert {name: night.rows(name) for name in ("contacts", "activities", "contact_custom_field_values")} == {
        "contacts": 40,
        "activities": 30,
        "contact_custom_field_values": 40,
    }
    assert night.rows("segment/germans") == 20
    assert night.rows("segment/german_buyers") == 15
    assert night.rows("segment_memberships") == night.rows("segment_members") == 20 + 30 + 15
    assert night.rows("segments") == 3
    assert all(check.passed for check in night.checks.values())
    assert night.said("segment/germans", "entered") == 20


def test_personal_data_is_masked(team):
    night = team.run(job="nightly")
    for asset in ("contacts", "profile_index_contact"):
        shown = str(night.materialized[asset].metadata)
        assert "•••" in shown
        assert "@example.com" not in shown
    assert "c1" in night.said("segment/germans", "members")


def test_a_bad_segment_does_not_stop_the_night(published):
    published.segment("germans", "where: {field: cuontry, operator: equals, value: de}")
    night = published.run(job="nightly")
    assert "segment/buyers" in night.materialized
    assert {"segment_memberships", "segment_members", "segment_transitions", "segments"} <= set(
        night.materialized
    )
    assert not {"segment/germans", "segment/german_buyers"} & set(night.materialized)
    for name in ("germans", "german_buyers"):
        check = night.checks[f"segment/{name}", "fresh"]
        assert not check.passed
        assert not check.blocking
        assert "cuontry" in check.metadata["cause"].value
        assert (f"segment/{name}", "size_within_bounds") not in night.checks
    assert list(night.failures) == ["run_verdict"]
    assert "german_buyers:" in night.failures["run_verdict"]
    assert "buyers:" not in night.failures["run_verdict"].replace("german_buyers:", "")


def test_the_members_of_a_bad_segment_stay(published):
    published.segment("germans", "where: {field: cuontry, operator: equals, value: de}")
    assert published.run(job="nightly").rows("segment_members") == 65


def test_broken_files_are_all_listed_by_one_check(team):
    team.segment("germans", "where: {field: cuontry, operator: equals, value: de}")
    team.write("segment_definitions/segments/buyers.yaml", "segment: [\n")
    check = team.run("segment_definitions").checks["segment_definitions", "definitions_are_valid"]
    assert not check.passed
    listed = check.metadata["findings"].value
    assert "germans.yaml:2:" in listed
    assert "buyers.yaml:" in listed


def test_a_broken_catalog_is_named_by_the_check(team):
    team.write("segment_definitions/catalog.yaml", "objects:\n  contact: {tabel: contacts}\n")
    run = team.run("segment_definitions")
    assert run.success
    check = run.checks["segment_definitions", "definitions_are_valid"]
    assert not check.passed
    assert "catalog.yaml:2:" in check.description


def test_a_broken_catalog_publishes_nothing_and_says_why(published):
    before = published.store.version("segment_memberships")
    published.write("segment_definitions/catalog.yaml", "objects:\n  contact: {tabel: contacts}\n")
    run = published.run(job="recalculate_segments")
    assert "catalog.yaml:2:" in run.failures["evaluate_segments"]
    assert published.store.version("segment_memberships") == before


def test_a_breach_of_contract_stops_what_reads_the_table(published):
    """Rows that ingestion lets through and the catalog, tightened since, does not allow."""
    catalog = published.project / "segment_definitions/catalog.yaml"
    catalog.write_text(catalog.read_text().replace("minimum: 0, pii: true", "minimum: 30, pii: true"))
    (published.project / "data/people.csv").write_text("id,mail,land,age,nps\nc0,c0@example.com,fr,40,1\n")
    night = published.run(job="nightly")
    check = night.checks["contacts", "contract"]
    assert not check.passed
    assert check.blocking
    assert check.metadata["breaches"].value == 9
    table = check.metadata["failures"].value
    assert "| age | ••• |" in table
    assert "`•••`" in table
    assert not {"profile_index_contact", "segment_memberships"} & set(night.materialized)
    assert list(night.failures) == ["contacts_contract"]


def test_a_source_without_files_fails_its_table(team):
    (team.project / "data/shop.csv").unlink()
    night = team.run(job="nightly")
    assert list(night.failures) == ["activities"]
    assert "no file matches" in night.failures["activities"]
    assert "contacts" in night.materialized


def test_rejected_rows_are_counted_and_the_rest_lands(team):
    with (team.project / "data/people.csv").open("a") as people:
        people.write("c90,no mail,de,33,1\n")
    run = team.run("contacts")
    assert run.rows("contacts") == 40
    assert "| people | import-000001 | partially_completed | 41 | 40 |" in run.said("contacts", "imports")


def test_nothing_imported_is_said_plainly(team):
    run = team.run(job="recalculate_segments")
    assert "no table has been imported" in run.failures["index_tables"]


@pytest.mark.parametrize("status", ["blocked", "dormant"])
def test_nothing_runs_in_a_workspace_that_is_not_active(team, status):
    settings = team.project / "segmentation.toml"
    settings.write_text(settings.read_text() + f'status = "{status}"\n')
    run = team.run(job="nightly")
    assert f"workspace `default` is {status}" in run.failures["contacts"]
    assert run.materialized == {}
