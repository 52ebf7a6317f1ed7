"""New objects are YAML alone: an opportunity and a session, with relations, fields and events."""

from __future__ import annotations

import pytest

from segmentation_pipeline.catalog.reading import overlay_catalog, read_catalog
from segmentation_pipeline.catalog.types import Decimal, Enum
from segmentation_pipeline.documents import read_documents

OVERLAY = """\
objects:
  contact:
    relations:
      opportunities: {object: opportunity, foreign_key: contact_id, time: created_at}
      sessions: {object: session, foreign_key: contact_id, time: started_at}
  opportunity:
    table: opportunities
    key: opportunity_id
    born: created_at
    fields:
      contact_id: text
      company_id: text
      stage: {type: enum, values: [open, won, lost]}
      amount: decimal(2)
      created_at: datetime
    relations:
      contact: {object: contact, key: contact_id}
      company: {object: company, key: company_id}
    events: [stage_changes]
  session:
    table: sessions
    key: session_id
    born: started_at
    fields: {contact_id: text, started_at: datetime, pages: integer, device: text}
    relations: {contact: {object: contact, key: contact_id}}
events:
  stage_changes:
    table: stage_changes
    key: opportunity_id
    type: stage
    time: changed_at
    id: change_id
    types: {won: {fields: {amount: decimal(2)}}, lost: {fields: {reason: text}}}
"""


@pytest.fixture(scope="module")
def extended(shipped_node):
    return read_catalog(overlay_catalog(shipped_node, read_documents(OVERLAY, "more.yaml")[0]))


def test_new_objects_stand_beside_the_shipped_ones(extended, shipped):
    assert extended.objects.keys() - shipped.objects.keys() == {"opportunity", "session"}
    assert extended.objects["company"] == shipped.objects["company"]


def test_new_objects_have_tables_fields_and_types(extended):
    opportunity = extended.object_of_table("opportunities")
    assert opportunity.fields["stage"].type == Enum(("open", "won", "lost"))
    assert opportunity.fields["amount"].type == Decimal(2)
    assert {"opportunities", "sessions", "stage_changes"} <= set(extended.table_names())


def test_a_contact_is_related_to_its_new_objects(extended):
    relations = extended.objects["contact"].relations
    assert relations["opportunities"].foreign_key == "contact_id"
    assert relations["sessions"].time == "started_at"
    assert relations["company"].key == "company_id"


def test_a_new_object_may_have_events_of_its_own(extended):
    assert extended.owner_of_source("stage_changes").name == "opportunity"
    assert extended.event_source("opportunity", "won").table == "stage_changes"
    assert extended.event_source("contact", "won") is None
