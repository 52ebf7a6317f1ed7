"""Rules about the catalog: objects, fields, relations, events and tables."""

from __future__ import annotations

from segmentation_pipeline.rules.checks.rule import Rule, fields, one

_GOOD = fields("email: text\nscore: {type: integer, minimum: 0, maximum: 100}\nseen_at: datetime")
_TWO = """\
objects:
  contact:
    table: contacts
    key: contact_id
    fields: {{contact_id: text, company_id: {column}}}
    relations:
      company: {{object: {object}, key: {key}}}
  company: {{table: {table}, key: company_id, fields: {{company_id: text}}}}
"""
_EVENTS = """\
objects:
  contact: {{table: contacts, key: contact_id, events: [{owned}]}}
events:
  activities:
    table: activities
    key: contact_id
    type: kind
    time: at
    id: id
    types:
      cart: {{fields: {{amount: number}}}}
      order: {{fields: {{amount: {amount}}}}}
meanings:
  conversion: {meaning}
"""


def _two(column: str = "text", to: str = "company", key: str = "company_id", table: str = "companies") -> str:
    return _TWO.format(column=column, object=to, key=key, table=table)


def _events(owned: str = "activities", amount: str = "number", meaning: str = "order") -> str:
    return _EVENTS.format(owned=owned, amount=amount, meaning=meaning)


_TWO_OBJECTS = one("catalog.yaml", _two())
_WITH_EVENTS = one("catalog.yaml", _events())

CATALOG = (
    Rule(
        "catalog-shape",
        "syntactic",
        "A declaration lacks a key, has one that means nothing, or one with a value it cannot take.",
        "Editors complete and check the catalog by its schema, `schemas/catalog.schema.json`.",
        _GOOD,
        fields("email: {type: text, uniqe: true}"),
    ),
    Rule(
        "bad-name",
        "syntactic",
        "A name has characters that names cannot have.",
        "Names are small letters, digits and underscores, such as `contact_tags`.",
        _TWO_OBJECTS,
        one("catalog.yaml", "objects:\n  Contact: {table: contacts, key: contact_id}"),
    ),
    Rule(
        "unknown-type",
        "syntactic",
        "A field is of a type that does not exist.",
        "Write text, enum, integer, number, decimal(2), boolean, date, datetime, list or struct.",
        _GOOD,
        fields("email: string"),
    ),
    Rule(
        "unknown-derivation",
        "syntactic",
        "`derived` names no way to compute a field.",
        "Take one of those that the message names.",
        fields("first_name: text\nlast_name: text\nfull_name: {type: text, derived: full_name}"),
        fields("first_name: text\nlast_name: text\nfull_name: {type: text, derived: fullname}"),
    ),
    Rule(
        "constraint-not-for-type",
        "syntactic",
        "A field has a constraint that its type cannot have.",
        "Bounds are for numbers, `normalise` and `form` for text.",
        _GOOD,
        fields("email: {type: text, minimum: 1}"),
    ),
    Rule(
        "reversed-bounds",
        "syntactic",
        "The `minimum` of a field is above its `maximum`.",
        "Swap them.",
        _GOOD,
        fields("score: {type: integer, minimum: 100, maximum: 0}"),
    ),
    Rule(
        "duplicate-name",
        "syntactic",
        "One name stands for two things, such as two columns that differ only in case.",
        "Give one of them another name.",
        _TWO_OBJECTS,
        one("catalog.yaml", _two(table="contacts")),
    ),
    Rule(
        "reserved-name",
        "syntactic",
        "A field has the name of a column that the lake adds itself.",
        "Give it another name.",
        _GOOD,
        fields("object_index: integer"),
    ),
    Rule(
        "key-type",
        "syntactic",
        "The key of an object is neither text nor an integer.",
        "Declare it as `text`; other types do not compare exactly everywhere.",
        one("catalog.yaml", "objects:\n  contact: {table: contacts, key: id, fields: {id: integer}}"),
        one("catalog.yaml", "objects:\n  contact: {table: contacts, key: id, fields: {id: number}}"),
    ),
    Rule(
        "unknown-column",
        "semantic",
        "A column is named that the table does not have.",
        "Take the name of a field that is declared for that table.",
        _TWO_OBJECTS,
        one("catalog.yaml", _two(key="firm_id")),
    ),
    Rule(
        "column-type",
        "syntactic",
        "A column has a type that its part does not allow, such as a relation to a key of another type.",
        "Declare it with the type that the message asks for.",
        _TWO_OBJECTS,
        one("catalog.yaml", _two(column="integer")),
    ),
    Rule(
        "unknown-event-source",
        "syntactic",
        "`events` of an object names no source of events.",
        "Take a name from the section `events:` of the catalog.",
        _WITH_EVENTS,
        one("catalog.yaml", _events(owned="activities, visits")),
    ),
    Rule(
        "unowned-events",
        "syntactic",
        "A source of events belongs to no object, or to several.",
        "Name it under `events:` of exactly one object.",
        _WITH_EVENTS,
        one("catalog.yaml", _events(owned="")),
    ),
    Rule(
        "field-conflict",
        "syntactic",
        "Two types of events have a field of one name and two types; they share a column.",
        "Give one of the fields another name.",
        _WITH_EVENTS,
        one("catalog.yaml", _events(amount="text")),
    ),
)
