"""The shipped catalog against the columns and lists of the seed documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from segmentation_pipeline.catalog.reference import reference_page
from segmentation_pipeline.catalog.types import Decimal, Enum, ListOf, Text
from segmentation_pipeline.rules.paths import ObjectScope

SHIPPED = Path(__file__).parents[2] / "segment_definitions" / "catalog.yaml"


def words(text):
    return text.split()


CONTACT = words(
    """
    contact_id customer_id workspace_id email first_name last_name full_name job_title company_name
    company_domain company_secondary_domain company_size industry phone phone_type linkedin_profile
    twitter_profile facebook_profile website country state city postal_code timezone seniority
    department status unsubscribed_at bounced_at bounce_reason do_not_contact first_seen_at
    last_seen_at last_contacted_at last_opened_at last_clicked_at last_replied_at
    total_emails_received total_emails_opened total_links_clicked total_replies open_rate click_rate
    reply_rate created_at updated_at created_by updated_by source source_details email_verified
    email_verification_date enrichment_score last_enriched_at engagement_score is_active
    is_subscribed tags
    """
)
ACTIVITY = words(
    """
    activity_id contact_id customer_id activity_type activity_subtype sequence_id sequence_step_id
    email_account_id email_message_id occurred_at metadata ip_address user_agent geo_country
    geo_city processed processed_at created_at created_by source_id
    """
)
TYPES = words(
    """
    email_sent email_delivered email_opened email_clicked email_replied email_bounced
    email_unsubscribed contact_created contact_updated contact_enriched sequence_enrolled
    sequence_completed task_created linkedin_connected linkedin_viewed call_completed purchase
    page_visited form_submitted
    """
)
ENUMS = {
    "status": "active bounced unsubscribed do_not_contact",
    "company_size": "1-10 11-50 51-200 201-500 501-1000 1001-5000 5001-10000 10000+",
    "industry": "technology healthcare finance education retail manufacturing consulting real_estate other",
    "phone_type": "work mobile home other",
    "seniority": "individual_contributor senior manager director vp c_suite founder other",
    "department": "sales marketing engineering product design hr finance operations executive other",
    "source": "manual csv_import api crm_integration enrichment web_form",
}


@pytest.mark.parametrize("column", CONTACT)
def test_a_contact_has_every_column_of_the_seeds(shipped, column):
    assert column in shipped.objects["contact"].fields


@pytest.mark.parametrize("column", ACTIVITY)
def test_an_activity_has_every_column_of_the_seeds(shipped, column):
    assert column in shipped.events["activities"].fields


@pytest.mark.parametrize("name", TYPES)
def test_activities_have_every_type_of_the_seeds(shipped, name):
    assert shipped.event_source("contact", name) is shipped.events["activities"]


@pytest.mark.parametrize("field", ENUMS)
def test_an_enum_has_the_values_of_the_seeds(shipped, field):
    assert shipped.objects["contact"].fields[field].type == Enum(tuple(ENUMS[field].split()))


def test_an_e_mail_is_unique_without_regard_to_case_and_may_be_missing(shipped):
    email = shipped.objects["contact"].fields["email"]
    assert (email.unique, email.normalise, email.required, email.form) == (True, "lower", False, "email")


def test_tags_and_custom_fields_live_in_tables_of_their_own(shipped):
    fields = shipped.objects["contact"].fields
    assert fields["tags"].type == ListOf(Text())
    assert {it.satellite.table for it in fields.values() if it.satellite} <= set(shipped.table_names())
    assert fields["custom.lifetime_value"].type == Decimal(2)


def test_money_is_decimal(shipped):
    assert shipped.events["activities"].columns["revenue"].type == Decimal(4)


def test_a_company_has_a_parent_company(shipped):
    company = shipped.objects["company"]
    assert company.relations["parent"].object == "company"
    assert company.fields["size"].type == shipped.objects["contact"].fields["company_size"].type


def test_meanings_cover_what_analytics_count(shipped):
    assert {"sent", "delivered", "open", "click", "conversion", "revenue"} <= shipped.meanings.keys()


def test_every_invariant_has_a_name(shipped):
    assert [it.name for it in shipped.invariants]


OBJECTS = words(
    """
    contact company session user people revealed_company web_conversion
    crm_lead crm_contact crm_account crm_parent_account opportunity crm_quote crm_order crm_contract
    crm_campaign crm_event
    tag tag_assignment email_preference suppression relationship automation_state campaign_interaction note
    """
)
DERIVED = words("engagement suppression_match")
BORN_WITH_THEIR_CONTACT = {"email_preference"}
UNLINKED = {"crm_campaign", "tag"}


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_of_the_seeds_has_a_table_a_key_and_a_birth(shipped, name):
    kind = shipped.objects[name]
    assert (kind.table in shipped.table_names(), kind.key in kind.fields) == (True, True)
    assert kind.born in kind.fields or name in BORN_WITH_THEIR_CONTACT
    assert kind.description


def test_there_are_no_other_objects(shipped):
    assert set(shipped.objects) == {*OBJECTS, *DERIVED}


def test_derived_objects_are_read_and_not_imported(shipped):
    tables = {shipped.objects[name].table for name in DERIVED}
    assert tables <= set(shipped.table_names())
    assert not tables & set(shipped.imported_tables())


def test_every_table_of_contacts_tells_its_rows_apart_without_a_key(shipped):
    for name in words("tag_assignment email_preference suppression relationship automation_state note"):
        assert set(shipped.objects[name].made_from) <= shipped.objects[name].fields.keys()


def test_what_the_source_counts_has_no_history(shipped):
    fields = shipped.objects["contact"].fields
    silent = {name for name, field in fields.items() if not field.history}
    assert {"total_emails_opened", "last_seen_at", "updated_at", "open_rate"} <= silent
    assert not {"status", "email", "custom.lifecycle_stage", "tags"} & silent


def test_a_session_leads_to_its_user_people_and_company(shipped):
    scope = ObjectScope(shipped, shipped.objects["session"])
    found = scope.field("user.people.company.size")
    assert found.type == shipped.objects["company"].fields["size"].type


def test_a_session_has_events_of_its_own(shipped):
    assert shipped.event_source("session", "page_view").table == "session_events"


@pytest.mark.parametrize(
    ("name", "relation", "other"),
    [
        ("contact", "opportunities", "opportunity"),
        ("contact", "sessions", "session"),
        ("contact", "web_conversions", "web_conversion"),
        ("company", "opportunities", "opportunity"),
        ("revealed_company", "sessions", "session"),
        ("crm_account", "opportunities", "opportunity"),
        ("crm_account", "contracts", "crm_contract"),
        ("crm_parent_account", "accounts", "crm_account"),
        ("crm_campaign", "leads", "crm_lead"),
        ("opportunity", "quotes", "crm_quote"),
    ],
)
def test_related_rows_can_be_counted_in_a_window(shipped, name, relation, other):
    found = shipped.objects[name].relations[relation]
    assert (found.object, found.time is not None) == (other, True)


def test_every_relation_to_many_has_a_way_back(shipped):
    for kind in shipped.objects.values():
        for relation in kind.relations.values():
            if relation.foreign_key is not None:
                back = shipped.objects[relation.object].relations.values()
                assert any((it.object, it.key) == (kind.name, relation.foreign_key) for it in back), relation


def test_every_object_but_a_company_leads_to_a_contact_or_a_company(shipped):
    """Whom a rule means in the end: the tables of the customer system and the site are about them."""
    for kind in shipped.objects.values():
        reached = {it.object for it in kind.relations.values()}
        assert reached & {"contact", "company", "crm_account"} or kind.name in UNLINKED, kind.name


def test_amounts_are_decimal_and_statuses_closed(shipped):
    for kind in shipped.objects.values():
        for name, field in kind.fields.items():
            if name in ("amount", "revenue", "annual_revenue", "budget", "value", "discount"):
                assert isinstance(field.type, Decimal), (kind.name, name)
            if name in ("status", "stage", "tier", "rating"):
                assert isinstance(field.type, Enum), (kind.name, name)


def test_the_reference_page_is_that_of_the_catalog(shipped):
    page = SHIPPED.parents[1] / "docs" / "catalog.md"
    how = "out of date: run `python -m segmentation_pipeline.schemas --reference docs/catalog.md`"
    assert page.read_text(encoding="utf-8") == reference_page(shipped), how


def test_the_reference_page_names_everything(shipped):
    page = reference_page(shipped)
    for kind in shipped.objects.values():
        for name in (*kind.fields, *kind.relations):
            assert f"| `{name}` |" in page
    for source in shipped.events.values():
        for name in (*source.fields, *source.types):
            assert f"| `{name}` |" in page
