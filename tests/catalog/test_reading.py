from __future__ import annotations

import pytest

from segmentation_pipeline.catalog.model import Satellite
from segmentation_pipeline.catalog.reading import load_catalog, read_catalog
from segmentation_pipeline.catalog.types import Boolean, Datetime, Decimal, Enum, Integer, ListOf, Text
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import DefinitionError, DocumentError, UsageError

SMALL = """\
objects:
  contact:
    table: contacts
    key: contact_id
    born: created_at
    events: [activities]
    fields:
      email: {type: text, pii: true, unique: true, normalise: lower, form: email, aliases: [E-mail]}
      created_at: datetime
      score: {type: decimal(2), minimum: 0, maximum: 10.5}
      size: {type: enum, values: [1, true, no, "10+"]}
      tags: {type: list, of: text, from: {table: assignments, value: tag}}
      codes: {type: list, of: integer}
      custom: {type: struct, from: {table: customs}, fields: {age: integer, first pet: text}}
      details: {type: struct, fields: {a.b: text, deep: {type: struct, fields: {x: boolean}}}}
events:
  activities:
    table: activities
    key: contact_id
    type: kind
    time: at
    id: activity_id
    fields: {note: text}
    types:
      opened: {fields: {message_id: text}}
      clicked: {fields: {message_id: {type: text}, link: text}}
      bare: {}
      null_fields: {fields: }
      nothing:
meanings: {open: opened, conversion: [clicked, bare], link: clicked.link, note: opened.note}
"""


def test_a_field_keeps_its_type_and_every_constraint(read):
    email = read(SMALL).objects["contact"].fields["email"]
    assert email.type == Text()
    assert (email.pii, email.unique, email.required) == (True, True, False)
    assert (email.normalise, email.form, email.aliases) == ("lower", "email", ("E-mail",))


def test_short_and_long_forms_of_a_type_are_one(read):
    types = read(SMALL).events["activities"].types
    assert types["opened"].fields["message_id"] == types["clicked"].fields["message_id"]


def test_numbers_have_bounds_and_decimals_a_scale(read):
    score = read(SMALL).objects["contact"].fields["score"]
    assert (score.type, score.minimum, score.maximum) == (Decimal(2), 0, 10.5)


def test_values_of_an_enum_are_the_texts_as_written(read):
    assert read(SMALL).objects["contact"].fields["size"].type == Enum(("1", "true", "no", "10+"))


def test_a_list_lives_in_its_own_table_or_in_the_row(read):
    fields = read(SMALL).objects["contact"].fields
    assert (fields["tags"].type, fields["tags"].satellite) == (
        ListOf(Text()),
        Satellite("assignments", "tag"),
    )
    assert (fields["codes"].type, fields["codes"].stored) == (ListOf(Integer()), True)


def test_a_struct_is_flattened_to_paths(read):
    fields = read(SMALL).objects["contact"].fields
    assert fields["custom.first pet"].satellite == Satellite("customs")
    assert fields["details.a.b"].stored
    assert fields["details.deep.x"].type == Boolean()
    assert "custom" not in fields


def test_tables_of_lists_and_structs_need_no_declaration(read):
    tables = read(SMALL).tables
    assert tables["assignments"].key == ("contact_id", "tag")
    assert tables["customs"].columns["value_number"].type == Decimal(6)


def test_keys_and_the_columns_of_events_are_implied(read):
    catalog = read(SMALL)
    assert catalog.objects["contact"].fields["contact_id"].unique
    columns = catalog.events["activities"].columns
    assert list(columns) == ["activity_id", "contact_id", "kind", "at", "note", "message_id", "link"]
    assert columns["at"].type == Datetime()
    assert not columns["contact_id"].required, "a row without a contact is an orphan, not a reject"


def test_a_type_of_event_may_have_no_fields(read):
    types = read(SMALL).events["activities"].types
    assert all(not types[name].fields for name in ("bare", "null_fields", "nothing"))


def test_meanings_name_types_or_their_fields(read):
    assert read(SMALL).meanings == {
        "open": ("opened",),
        "conversion": ("clicked", "bare"),
        "link": ("clicked.link",),
        "note": ("opened.note",),
    }


def test_invariants_are_kept_as_read(read):
    catalog = read(SMALL + "invariants: [{name: n, when: {field: email}, then: {field: score}}]\n")
    assert [(it.name, it.when.plain) for it in catalog.invariants] == [("n", {"field": "email"})]


FAULTS = {
    "unknown key, with the nearest": (
        "      email: {type: text, uniqe: true}",
        ("catalog-shape", 6, 27, "unknown key `uniqe`"),
    ),
    "unknown type": ("      email: string", ("unknown-type", 6, 14, "`string` is not a type")),
    "no type": ("      email: {pii: true}", ("catalog-shape", 6, 14, "`type` is missing")),
    "a flag that is none": ("      email: {type: text, pii: maybe}", ("catalog-shape", 6, 27, "`pii`")),
    "enum without values": ("      plan: enum", ("catalog-shape", 6, 13, "an enum needs `values`")),
    "value twice": (
        "      plan: {type: enum, values: [a, b, a]}",
        ("catalog-shape", 6, 13, "value `a` is listed twice"),
    ),
    "values of a text": (
        "      plan: {type: text, values: [a]}",
        ("catalog-shape", 6, 13, "only an enum takes `values`"),
    ),
    "list without of": ("      tags: list", ("catalog-shape", 6, 13, "a list needs `of`")),
    "minimum of a text": (
        "      plan: {type: text, minimum: 3}",
        ("constraint-not-for-type", 6, 13, "are for numbers"),
    ),
    "bounds reversed": (
        "      age: {type: integer, minimum: 9, maximum: 3}",
        ("reversed-bounds", 6, 12, "`minimum` 9 is above `maximum` 3"),
    ),
    "form of a number": (
        "      age: {type: integer, form: email}",
        ("constraint-not-for-type", 6, 12, "`form` is for text"),
    ),
    "derived by an unknown formula": (
        "      open: {type: number, derived: open_rat}",
        ("unknown-derivation", 6, 13, "`open_rat` is not a derived field"),
    ),
    "derived from columns that are not there": (
        "      open_rate: {type: decimal(2), derived: open_rate}",
        ("unknown-column", 6, 7, "there is no column `total_emails_opened`"),
    ),
    "the lake's own column": ("      object_index: integer", ("reserved-name", 6, 7, "`object_index`")),
    "two columns but for case": ("      b: text\n      B: text", ("duplicate-name", 7, 7, "only in case")),
    "quotes in a name": ("      'a\"b': text", ("bad-name", 6, 7, "is no name for a field")),
    "unknown object of a relation": (
        "      x: text\n    relations: {up: {object: contct, key: x}}",
        ("unknown-object", 7, 22, "the unknown object `contct`"),
    ),
    "relation without a column": (
        "      x: text\n    relations: {up: {object: contact, key: y}}",
        ("unknown-column", 7, 39, "there is no column `y`"),
    ),
    "relation through a column of another type": (
        "      x: integer\n    relations: {up: {object: contact, key: x}}",
        ("column-type", 7, 39, "column `x` is integer; it must be text"),
    ),
    "relation both ways": (
        "      x: text\n    relations: {up: {object: contact, key: x, foreign_key: x}}",
        ("catalog-shape", 7, 17, "needs one of `key` and `foreign_key`"),
    ),
    "time of a relation that is no time": (
        "      x: text\n    relations: {down: {object: contact, foreign_key: x, time: x}}",
        ("column-type", 7, 57, "it must be date or datetime"),
    ),
    "a relation called like a field": (
        "      x: text\n    relations: {x: {object: contact, key: x}}",
        ("duplicate-name", 7, 17, "both a field and a relation"),
    ),
    "unknown birth": ("      x: text\n    born: created", ("unknown-column", 7, 5, "no column `created`")),
    "birth that is no time": ("      x: text\n    born: x", ("column-type", 7, 5, "date or datetime")),
    "unknown source of events": (
        "      x: text\n    events: [visits]",
        ("unknown-event-source", 7, 5, "`visits` is no source of events"),
    ),
    "name of an object": (
        "      x: text\n  Lead: {table: leads, key: lead_id}",
        ("bad-name", 7, 3, "`Lead` is no name for an object"),
    ),
    "one table, two objects": (
        "      x: text\n  lead: {table: contacts, key: lead_id}",
        ("duplicate-name", 7, 10, "already that of `objects.contact`"),
    ),
    "events of nobody": (
        "      x: text\nevents: {visits: {table: v, key: k, type: t, time: at, id: i}}",
        ("unowned-events", 7, 10, "exactly one object, not 0"),
    ),
    "unknown meaning": ("      x: text\nmeanings: {open: opend}", ("unknown-event", 7, 12, "`opend`")),
    "table without a key column": (
        "      x: text\ntables: {t: {key: [a], columns: {b: text}}}",
        ("unknown-column", 7, 14, "there is no column `a`"),
    ),
    "table of a list without its column": (
        (
            "      tags: {type: list, of: text, from: {table: t, value: tag}}\n"
            "tables: {t: {key: [contact_id], columns: {contact_id: text, tag: integer}}}"
        ),
        ("column-type", 6, 7, "column `tag` is integer; it must be text"),
    ),
    "a key made of what is not there": (
        "      x: text\ntables: {t: {key: [a], made_from: [b], columns: {a: text}}}",
        ("unknown-column", 7, 24, "there is no column `b`"),
    ),
    "a key made of itself": (
        "      x: text\ntables: {t: {key: [a], made_from: [a], columns: {a: text}}}",
        ("key-type", 7, 24, "a key is made of other columns"),
    ),
    "a made key that is no text": (
        "      x: text\ntables: {t: {key: [a], made_from: [b], columns: {a: integer, b: text}}}",
        ("column-type", 7, 14, "it must be text"),
    ),
    "a history that is no source of the object": (
        "      x: text\n    history: changes",
        ("unknown-event-source", 7, 5, "`changes` is not among the `events` of `contact`"),
    ),
    "values in an object's table without a made key": (
        (
            "      tags: {type: list, of: text, from: {table: tagged, value: tag}}\n"
            "  it: {table: tagged, key: k, fields: {contact_id: text, tag: text}}"
        ),
        ("key-type", 6, 7, "`it` needs `made_from`"),
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_found_where_it_stands(findings, case):
    lines, (rule, line, column, message) = FAULTS[case]
    text = f"objects:\n  contact:\n    table: contacts\n    key: contact_id\n    fields:\n{lines}\n"
    found = findings(text)
    assert next(item[:3] for item in found) == (rule, line, column)
    assert message in found[0][3]


EVENTS = """\
objects: {contact: {table: contacts, key: contact_id, events: [activities]}}
events:
  activities:
    table: activities
    key: contact_id
    type: kind
    time: at
    id: activity_id
"""
EVENT_FAULTS = {
    "one column, two types": (
        "    types:\n      a: {fields: {x: text}}\n      b: {fields: {x: integer}}",
        ("field-conflict", 11, 20, "field `x` is integer here and text in `a`"),
    ),
    "one column, other values": (
        (
            "    types:\n      a: {fields: {x: {type: enum, values: [a]}}}\n"
            "      b: {fields: {x: {type: enum, values: [b]}}}"
        ),
        ("field-conflict", 11, 20, "other values"),
    ),
    "against a common column": (
        "    types:\n      a: {fields: {at: text}}",
        ("field-conflict", 10, 20, "datetime in every type"),
    ),
    "the partition's column": (
        "    types:\n      a: {fields: {month: text}}",
        ("reserved-name", 3, 3, "`month`"),
    ),
    "time that is no instant": ("    fields: {at: date}", ("column-type", 7, 5, "it must be datetime")),
    "key of another type than the object's": (
        "    fields: {contact_id: integer}",
        ("column-type", 5, 5, "it must be text"),
    ),
}


@pytest.mark.parametrize("case", EVENT_FAULTS)
def test_a_fault_of_events_is_found_where_it_stands(findings, case):
    lines, (rule, line, column, message) = EVENT_FAULTS[case]
    found = findings(f"{EVENTS}{lines}\n")
    assert found[0][:3] == (rule, line, column)
    assert message in found[0][3]


def test_a_history_needs_columns_for_what_changed(findings):
    text = EVENTS.replace("events: [activities]}}", "events: [activities], history: activities}}")
    columns = (
        "    fields: {field_name: text, old_value: text, new_value: integer, changed_by: text, job: text}"
    )
    assert [item[:3] for item in findings(text + columns)] == [("column-type", 1, 77)]
    assert [item[3] for item in findings(text)] == [
        f"there is no column `{name}`"
        for name in ("field_name", "old_value", "new_value", "changed_by", "job")
    ]


def test_every_fault_is_reported_not_the_first(findings):
    found = findings(
        "objects: {contact: {table: t, key: k, fields: {a: strng, b: {type: text, x: 1}, c: list}}}\n"
    )
    assert [item[0] for item in found] == ["unknown-type", "catalog-shape", "catalog-shape"]


def test_a_near_key_is_suggested(read):
    with pytest.raises(DefinitionError) as caught:
        read("objects: {contact: {table: t, key: k, feilds: {}}}\n")
    assert caught.value.diagnostics[0].hint == "did you mean `fields`?"


@pytest.mark.parametrize("text", ["[]", "objects: 3", "objects: {contact: }", "{}"])
def test_what_is_no_catalog_is_refused(findings, text):
    assert findings(text)


def test_a_catalog_is_one_document(tmp_path):
    path = tmp_path / "catalog.yaml"
    path.write_text("objects: {}\n---\nobjects: {}\n")
    with pytest.raises(DocumentError, match="one document") as caught:
        load_catalog(path, "catalog.yaml")
    assert str(caught.value.where) == "catalog.yaml:3:1"


def test_a_missing_catalog_says_how_to_get_one(tmp_path):
    with pytest.raises(UsageError, match="no catalog"):
        load_catalog(tmp_path / "catalog.yaml")


def test_one_event_type_belongs_to_one_source_of_an_object():
    text = EVENTS.replace("[activities]", "[activities, visits]") + (
        "    types: {view: {}}\n"
        "  visits: {table: visits, key: contact_id, type: kind, time: at, id: visit_id, types: {view: {}}}\n"
    )
    with pytest.raises(DefinitionError, match="`view` is already declared by `activities`"):
        read_catalog(read_documents(text, "c.yaml")[0])
