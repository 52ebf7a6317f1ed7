from __future__ import annotations

import pytest

from segmentation_pipeline.errors import DefinitionError


def faults(lake, text):
    with pytest.raises(DefinitionError) as caught:
        lake.mapping(text)
    return [(item.at.line, item.at.column, item.message, item.hint) for item in caught.value.diagnostics]


def test_a_bare_word_is_a_column(lake):
    mapping = lake.mapping("table: contacts\ncolumns: {contact_id: Id, age: 2015}")
    assert mapping.columns["contact_id"].column == "Id"
    assert mapping.columns["age"].column == "2015"


def test_an_unknown_key_is_refused_where_it_stands(lake):
    found = faults(lake, "table: contacts\ncolumns: {contact_id: Id}\nignroe: [a]\n")
    assert found == [(3, 1, "unknown key `ignroe`", "did you mean `ignore`?")]


def test_an_unknown_table_lists_the_tables(lake):
    ((line, column, message, hint),) = faults(lake, "table: people\ncolumns: {contact_id: Id}")
    assert (line, column, message) == (1, 1, "unknown table `people`")
    assert "contacts" in hint


def test_an_unknown_field_is_refused_with_the_nearest(lake):
    found = faults(lake, "table: contacts\ncolumns:\n  contact_id: Id\n  emial: Mail\n")
    assert found == [(4, 3, "`contacts` has no field `emial`", "did you mean `email`?")]


def test_every_finding_is_shown_at_once(lake):
    found = faults(lake, "table: contacts\ntime_zone: Mars\ncolumns:\n  first: A\n  last: B\n")
    assert [line for line, *_ in found] == [2, 3, 4, 5]


def test_a_field_comes_from_one_place(lake):
    ((line, _, message, _),) = faults(
        lake, "table: contacts\ncolumns:\n  contact_id: {column: a, constant: b}\n"
    )
    assert line == 3
    assert "exactly one of `column`, `constant`, `multiply`, `case`" in message


def test_a_table_of_events_needs_who_what_and_when(lake):
    found = faults(lake, "table: activities\ncolumns: {contact_id: a, activity_type: b}")
    assert found[0][2] == "`occurred_at` is missing: every row of `activities` needs it"


def test_the_key_may_be_made_from_the_email(lake):
    assert lake.mapping("table: contacts\ncolumns: {email: Mail}").columns.keys() == {"email"}


def test_only_events_create(lake):
    found = faults(lake, "table: contacts\ncolumns: {contact_id: a}\ncreates: {contacts: {country: b}}")
    assert found[0][:3] == (3, 11, "`creates` belongs to a table of events, and `contacts` is none")


def test_a_created_row_has_the_key_of_its_event(lake, events):
    found = faults(lake, events + "creates: {contacts: {contact_id: other}}\n")
    assert found[0][2] == "`contact_id` of a created row is the `contact_id` of the event that creates it"


def test_split_makes_lists_only(lake):
    found = faults(lake, 'table: contacts\ncolumns: {contact_id: {column: a, split: ";"}}')
    assert found[0][2] == "`split` makes a list, and `contact_id` is of type text"
