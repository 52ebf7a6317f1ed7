from __future__ import annotations

import pytest

from segmentation_pipeline.catalog.reading import overlay_catalog, read_catalog
from segmentation_pipeline.catalog.types import Date, Enum, Integer, Text
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import DefinitionError

BASE = """\
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities]
    fields:
      plan: {type: enum, values: [free, pro], required: true}
      custom: {type: struct, from: {table: customs}, fields: {age: integer}}
events:
  activities:
    table: activities
    key: contact_id
    type: kind
    time: at
    id: activity_id
    types: {buy: {fields: {amount: integer, x: text}}, refund: {fields: {amount: integer}}}
meanings: {sale: buy}
"""


@pytest.fixture
def laid_over():
    def read(overlay):
        base, over = read_documents(BASE, "base.yaml")[0], read_documents(overlay, "test.yaml")[0]
        return read_catalog(overlay_catalog(base, over))

    return read


def test_new_fields_and_event_types_join_the_old(laid_over):
    catalog = laid_over(
        "objects: {contact: {fields: {born: date}}}\n"
        "events: {activities: {types: {view: {fields: {path: text}}}}}"
    )
    assert catalog.objects["contact"].fields["born"].type == Date()
    assert catalog.objects["contact"].fields["plan"].required
    assert list(catalog.events["activities"].types) == ["buy", "refund", "view"]


def test_a_declaration_is_replaced_whole(laid_over):
    plan = laid_over("objects: {contact: {fields: {plan: text}}}").objects["contact"].fields["plan"]
    assert (plan.type, plan.required) == (Text(), False)


def test_a_struct_is_one_declaration(laid_over):
    fields = (
        laid_over("objects: {contact: {fields: {custom: {type: struct, fields: {x: text}}}}}")
        .objects["contact"]
        .fields
    )
    assert [name for name in fields if name.startswith("custom")] == ["custom.x"]
    assert fields["custom.x"].stored


def test_a_column_of_events_changes_at_every_type(laid_over):
    types = (
        laid_over("events: {activities: {types: {buy: {fields: {amount: decimal(2)}}}}}")
        .events["activities"]
        .types
    )
    assert types["refund"].fields["amount"] == types["buy"].fields["amount"]
    assert types["buy"].fields["x"].type == Text()


def test_objects_relations_tables_and_sources_may_be_new(laid_over):
    catalog = laid_over(
        "objects:\n"
        "  contact:\n"
        "    events: [visits]\n"
        "    relations: {orders: {object: order, foreign_key: contact_id, time: at}}\n"
        "  order: {table: orders, key: order_id, fields: {contact_id: text, at: datetime}}\n"
        "events: {visits: {table: visits, key: contact_id, type: t, time: at, id: i, types: {view: {}}}}\n"
        "tables: {notes: {key: [id], columns: {id: text}}}\n"
    )
    assert catalog.objects["contact"].relations["orders"].object == "order"
    assert catalog.objects["contact"].events == ("activities", "visits")
    assert "notes" in catalog.table_names()


def test_a_type_may_be_given_again_without_fields(laid_over):
    types = laid_over("events: {activities: {types: {view: {}, look: , buy: {}}}}").events["activities"].types
    assert list(types) == ["buy", "refund", "view", "look"]
    assert types["buy"].fields["amount"].type == Integer()


def test_an_empty_overlay_changes_nothing(laid_over):
    assert laid_over("~") == laid_over("{}")
    assert isinstance(laid_over("~").objects["contact"].fields["plan"].type, Enum)


def test_a_fault_stands_in_the_file_it_was_written_in(laid_over):
    with pytest.raises(DefinitionError) as caught:
        laid_over("objects: {contact: {fields: {plan: strng}}}")
    assert str(caught.value.diagnostics[0].at) == "test.yaml:1:36"


def test_an_overlay_must_be_a_mapping(laid_over):
    with pytest.raises(DefinitionError, match="must be a mapping"):
        laid_over("[1]")
