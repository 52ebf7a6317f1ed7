"""The code location as it loads: asset keys, groups, lineage, and what broken files leave of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from segmentation_pipeline.components.lake import LakeResource
from segmentation_pipeline.components.segment_folder import build_segment_assets
from segmentation_pipeline.workspace import find_workspace

PROJECT = Path(__file__).parents[2]

SHIPPED = """\
activities companies contact_claims contact_custom_field_values contact_enrichment_queue
contact_automation_states contact_campaign_interactions contact_email_preferences contact_engagement
contact_history contact_merges contact_notes contact_relationships contact_suppression_matches
contact_suppressions contact_tag_assignments contact_tags contacts crm_campaigns
event_index_activities event_index_contact_history profile_index_company profile_index_contact
profile_index_automation_state profile_index_campaign_interaction profile_index_crm_campaign
profile_index_email_preference profile_index_engagement profile_index_note profile_index_relationship
profile_index_suppression profile_index_suppression_match profile_index_tag profile_index_tag_assignment
campaign_attribution cohort_overlaps cohort_retention engagement_summary flapping_members
run_verdict segment_analytics segment_sizes
segment/abandoned_carts segment/api_explorers segment/became_customers segment/beta_testers
segment/birthday_week segment/churn_risk segment/churned segment/engaged_enterprise segment/first_order
segment/key_accounts segment/most_engaged segment/new_contacts segment/newsletter segment/newsletter_off
segment/order_trouble segment/part_of_a_group segment/partners segment/repeat_buyers
segment/summit_guests segment/trial_ending segment/unsubscribed segment/vip
segment_definitions segment_findings segment_members segment_memberships segment_overlaps segment_relations
segment_transitions segments
contact_assignments contact_assignment_runs
simulation/next_two_weeks simulation/quieter_policy simulation/quieter_today
"""


def keys(defs: dg.Definitions) -> set[str]:
    return {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}


def parents(defs: dg.Definitions, key: str) -> set[str]:
    node = defs.resolve_asset_graph().get(dg.AssetKey.from_user_string(key))
    return {parent.to_user_string() for parent in node.parent_keys}


def spec(defs: dg.Definitions, key: str) -> dg.AssetSpec:
    return next(s for s in defs.resolve_all_asset_specs() if s.key == dg.AssetKey.from_user_string(key))


def test_the_keys_of_the_shipped_project_are_pinned(monkeypatch, tmp_path):
    """A renamed key is a lost history: only change this list on purpose."""
    from segmentation_pipeline.definitions import defs

    monkeypatch.setenv("SEGMENTATION_PROJECT", str(PROJECT))
    monkeypatch.setenv("SEGMENTATION_LAKE", str(tmp_path))
    assert keys(defs()) == set(SHIPPED.split())


def test_groups_follow_the_data(team):
    by_group: dict[str, set[str]] = {}
    for one in team.definitions().resolve_all_asset_specs():
        by_group.setdefault(one.group_name, set()).add(one.key.to_user_string())
    assert by_group["ingestion"] == {"contacts", "activities", "contact_custom_field_values"}
    assert by_group["features"] == {"profile_index_contact", "event_index_activities"}
    assert {"segment/germans", "segment_memberships", "segments", "run_verdict"} <= by_group["segments"]
    assert by_group["conflicts"] == {
        "segment_relations",
        "segment_findings",
        "segment_overlaps",
        "contact_claims",
    }
    assert by_group["simulation"] == {"contact_assignments", "contact_assignment_runs"}
    assert set(by_group) == {"ingestion", "features", "segments", "analytics", "conflicts", "simulation"}


def test_a_segment_hangs_on_what_it_embeds_and_reads(team):
    defs = team.definitions()
    assert parents(defs, "segment/buyers") == {"event_index_activities", "profile_index_contact"}
    assert parents(defs, "segment/germans") == {"profile_index_contact"}
    assert parents(defs, "segment/german_buyers") == {
        "segment/germans",
        "segment/buyers",
        "profile_index_contact",
    }


def test_followers_hang_on_the_memberships_alone(team):
    defs = team.definitions()
    for follower in ("segment_members", "segment_transitions", "segments"):
        assert parents(defs, follower) == {"segment_memberships"}
    assert parents(defs, "run_verdict") == {"segment_members", "segment_transitions", "segments"}


def test_a_segment_says_in_plain_english_what_it_is(team):
    buyers = spec(team.definitions(), "segment/buyers")
    assert "Bought at least once." in buyers.description
    assert "purchase events of activities" in buyers.description
    assert buyers.owners == ["ann@example.com"]
    assert buyers.skippable


def test_labels_become_tags_and_a_team_an_owner(team):
    germans = spec(team.definitions(), "segment/germans")
    assert germans.tags["geo"] == ""
    assert germans.owners == ["team:growth"]


def test_a_segment_links_to_its_line(team):
    found = spec(team.definitions(), "segment/buyers").metadata["dagster/code_references"]
    (reference,) = found.code_references
    assert reference.file_path == str(team.project / "segment_definitions/segments/buyers.yaml")
    assert reference.line_number == 2


def test_the_code_version_is_the_rule_with_what_it_embeds(team):
    before = {s.key: s.code_version for s in team.definitions().resolve_all_asset_specs()}
    team.segment("germans", "description: reworded\nwhere: {field: country, operator: equals, value: at}")
    after = {s.key: s.code_version for s in team.definitions().resolve_all_asset_specs()}
    changed = {key.to_user_string() for key, version in after.items() if before[key] != version}
    assert changed == {"segment/germans", "segment/german_buyers"}


def test_a_new_description_is_no_new_code(team):
    before = spec(team.definitions(), "segment/germans").code_version
    team.segment("germans", "description: reworded\nwhere: {field: country, operator: equals, value: de}")
    assert spec(team.definitions(), "segment/germans").code_version == before


def test_what_is_published_must_be_a_day_old_at_most(team):
    policy = spec(team.definitions(), "segment_memberships").freshness_policy
    assert policy.fail_window.to_timedelta() == dt.timedelta(hours=26)


def test_a_broken_segment_keeps_its_page_and_takes_nothing_down(team):
    before = keys(team.definitions())
    team.segment("germans", "where: {field: cuontry, operator: equals, value: de}")
    defs = team.definitions()
    assert keys(defs) == before
    assert "germans.yaml:2:" in spec(defs, "segment/germans").description
    assert "cuontry" in spec(defs, "segment_definitions").description


@pytest.mark.parametrize("text", ["segment: [", "\t- :", "%&!", "\x00"])
def test_a_file_that_is_no_yaml_takes_nothing_down(team, text):
    before = keys(team.definitions())
    team.write("segment_definitions/segments/germans.yaml", text)
    assert keys(team.definitions()) == before


def test_a_broken_catalog_leaves_the_segments_and_what_was_published(team):
    team.write("segment_definitions/catalog.yaml", "objects:\n  contact: {tabel: contacts}\n")
    defs = team.definitions()
    assert {"segment/buyers", "segment_memberships", "segment_definitions"} <= keys(defs)
    assert "catalog.yaml:2:" in spec(defs, "segment_definitions").description
    for job in ("nightly", "recalculate_segments"):
        assert defs.resolve_job_def(job).nodes


def test_broken_sources_leave_tables_without_a_source(team):
    team.write("segment_definitions/sources.yaml", "sources: {people: {table: nobody, files: x.csv}}\n")
    defs = team.definitions()
    assert not defs.resolve_asset_graph().get(dg.AssetKey("contacts")).is_materializable
    assert "sources.yaml:1:" in spec(defs, "segment_definitions").description


def test_the_assets_fit_into_other_definitions(team):
    """As docs/dagster.md shows it."""
    workspace = find_workspace(team.project, env={})
    lake = LakeResource(project=str(team.project))
    defs = dg.Definitions.merge(build_segment_assets(workspace), dg.Definitions(resources={"lake": lake}))
    assert keys(defs) == keys(team.definitions())
    ran = defs.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=team.instance, asset_selection=[dg.AssetKey("segment_definitions")]
    )
    assert ran.success


def test_jobs_run_in_one_process(monkeypatch, tmp_path):
    from segmentation_pipeline.definitions import defs

    monkeypatch.setenv("SEGMENTATION_PROJECT", str(PROJECT))
    monkeypatch.setenv("SEGMENTATION_LAKE", str(tmp_path))
    assert defs().resolve_job_def("nightly").executor_def == dg.in_process_executor
