"""New objects are YAML alone: an invoice and a visit, with relations, fields and events."""

from __future__ import annotations

import pytest

from segmentation_pipeline.catalog.reading import overlay_catalog, read_catalog
from segmentation_pipeline.catalog.types import Decimal, Enum
from segmentation_pipeline.documents import read_documents

OVERLAY = """\
objects:
  contact:
    relations:
      invoices: {object: invoice, foreign_key: contact_id, time: created_at}
      visits: {object: visit, foreign_key: contact_id, time: started_at}
  invoice:
    table: invoices
    key: invoice_id
    born: created_at
    fields:
      contact_id: text
      company_id: text
      status: {type: enum, values: [open, paid, cancelled]}
      amount: decimal(2)
      created_at: datetime
    relations:
      contact: {object: contact, key: contact_id}
      company: {object: company, key: company_id}
    events: [status_changes]
  visit:
    table: visits
    key: visit_id
    born: started_at
    fields: {contact_id: text, started_at: datetime, pages: integer, device: text}
    relations: {contact: {object: contact, key: contact_id}}
events:
  status_changes:
    table: status_changes
    key: invoice_id
    type: status
    time: changed_at
    id: change_id
    types: {paid: {fields: {amount: decimal(2)}}, cancelled: {fields: {reason: text}}}
"""


@pytest.fixture(scope="module")
def extended(shipped_node):
    return read_catalog(overlay_catalog(shipped_node, read_documents(OVERLAY, "more.yaml")[0]))


def test_new_objects_stand_beside_the_shipped_ones(extended, shipped):
    assert extended.objects.keys() - shipped.objects.keys() == {"invoice", "visit"}
    assert extended.objects["company"] == shipped.objects["company"]


def test_new_objects_have_tables_fields_and_types(extended):
    invoice = extended.object_of_table("invoices")
    assert invoice.fields["status"].type == Enum(("open", "paid", "cancelled"))
    assert invoice.fields["amount"].type == Decimal(2)
    assert {"invoices", "visits", "status_changes"} <= set(extended.table_names())


def test_a_contact_is_related_to_its_new_objects(extended):
    relations = extended.objects["contact"].relations
    assert relations["invoices"].foreign_key == "contact_id"
    assert relations["visits"].time == "started_at"
    assert relations["company"].key == "company_id"


def test_a_new_object_may_have_events_of_its_own(extended):
    assert extended.owner_of_source("status_changes").name == "invoice"
    assert extended.event_source("invoice", "paid").table == "status_changes"
    assert extended.event_source("contact", "paid") is None
