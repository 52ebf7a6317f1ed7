"""The shipped catalog against the columns and lists of the seed documents."""

from __future__ import annotations

import pytest

from segmentation_pipeline.catalog.types import Decimal, Enum, ListOf, Text


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
    assert {it.satellite.table for it in fields.values() if it.satellite} <= shipped.tables.keys()
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
