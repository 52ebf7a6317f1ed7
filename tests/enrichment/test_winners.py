"""Of the stored value and the provider's: which one stays."""

from __future__ import annotations

import pytest

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

NEW = {"person": {"name": {"first": "Zoe", "last": "Z"}, "title": "CTO", "plan": "pro", "tags": ["x", "y"]}}


@pytest.mark.parametrize(
    ("policy", "first", "title"),
    [("when_empty", "Ann", "CTO"), ("always", "Zoe", "CTO"), ("never", "Ann", None)],
)
def test_of_a_column(desk, says, policy, first, title):
    desk.provider(more=f"overwrite: {policy}\n")
    says(NEW)
    assert desk.enrich("a").enriched == 1
    assert (desk.contact("a")["first_name"], desk.contact("a")["job_title"]) == (first, title)


def test_of_single_fields(desk, says):
    desk.provider(more="overwrite_fields: {first_name: always}\n")
    says(NEW)
    desk.enrich("a", "b")
    assert (desk.contact("a")["first_name"], desk.contact("b")["job_title"]) == ("Zoe", "Clerk")


@pytest.mark.parametrize(
    ("policy", "plan", "tags"),
    [
        ("when_empty", "free", ["old"]),
        ("always", "pro", ["x", "y"]),
        ("never", "free", ["old"]),
    ],
)
def test_of_fields_in_tables_of_their_own(desk, says, policy, plan, tags):
    desk.load("contacts", "contact_id,custom.plan_tier,tags\na,free,old\n")
    desk.provider(more=f"overwrite: {policy}\n")
    says(NEW)
    desk.enrich("a")
    assert desk.rows("contact_custom_field_values", "contact_id", "value_text") == [("a", plan)]
    assert [row[1] for row in desk.rows("contact_tag_assignments", "contact_id", "tag")] == tags


def test_an_empty_field_elsewhere_is_filled(desk, says):
    says(NEW)
    desk.enrich("b")
    assert desk.rows("contact_custom_field_values", "contact_id", "value_text") == [("b", "pro")]
    assert [row[1] for row in desk.rows("contact_tag_assignments", "contact_id", "tag")] == ["x", "y"]


@pytest.mark.parametrize("policy", ["when_empty", "always"])
def test_what_a_provider_does_not_know_stays(desk, says, policy):
    desk.load("contacts", "contact_id,custom.plan_tier,tags,phone\na,free,old,123\n")
    desk.provider(more=f"overwrite: {policy}\n")
    says(lambda email: {"person": {"title": "CTO", "tags": []} if email[0] == "a" else NEW["person"]})
    desk.enrich("a", "b")
    assert desk.rows("contact_custom_field_values", "contact_id", "value_text") == [
        ("a", "free"),
        ("b", "pro"),
    ]
    tags = desk.rows("contact_tag_assignments", "contact_id", "tag")
    assert tags == [("a", "old"), ("b", "x"), ("b", "y")]
    assert (desk.contact("a")["first_name"], desk.contact("a")["phone"]) == ("Ann", "123")
