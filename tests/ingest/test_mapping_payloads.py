"""What a mapping says of payloads: nested rows, JSON in texts, several origins of a field, refused rows."""

from __future__ import annotations

import json

import pytest

from segmentation_pipeline.errors import DefinitionError
from segmentation_pipeline.ingest.reading.unfolding import Unfolding, unfold

BASE = """
table: activities
format: {type: jsonl%s}
columns:
  contact_id: {column: %s, lookup: email}
  activity_type: {column: %s, values: {open: email_opened, buy: purchase}, others: reject}
  occurred_at: {column: %s, format: unix}
%s
"""
PLAIN = BASE % ("", "mail", "what", "at", "equal_rows: one")


@pytest.fixture
def load(lake):
    def of(mapping, *lines, name="payloads.jsonl"):
        text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
        return lake.load("activities", lake.file(name, text), mapping=mapping)

    return of


def event(mail="a@x.org", what="open", at=1_700_000_000, **more):
    return {"mail": mail, "what": what, "at": at, **more}


def contact(lake, key, email):
    lake.load("contacts", f"contact_id,email\n{key},{email}\n")


def test_a_line_may_be_a_list_of_rows(lake, load):
    job = load(PLAIN, [event(), event("b@x.org")], event("c@x.org"))
    assert (job.read, job.orphaned) == (3, 3)


def test_each_element_of_a_list_is_a_row_with_what_it_stands_in(lake, load):
    mapping = BASE % (", rows: batch.events", "batch.events.mail", "batch.kind", "batch.events.at", "")
    found = {
        "batch": {"kind": "open", "events": [{"mail": "a@x.org", "at": 1}, {"mail": "b@x.org", "at": 2}]}
    }
    assert load(mapping, found).orphaned == 2


def test_json_in_a_text_is_read_before_its_lists_are_taken_apart(lake, load):
    mapping = BASE % (", json: body, rows: [body.none, body.to]", "body.to", "body.what", "body.at", "")
    assert (
        load(mapping, {"body": json.dumps({"to": ["a@x.org", "b@x.org"], "what": "open", "at": 1})}).orphaned
        == 2
    )
    good = json.dumps({"to": ["c@x.org"], "what": "open", "at": 1})
    job = load(mapping, {"body": "{"}, {"body": good})
    assert (job.rejected, job.orphaned) == (1, 1)
    assert job.rejects[0].reason.startswith("`body` is not readable as JSON")


@pytest.mark.parametrize("line", ["[1]", '["a"]', "[[]]"])
def test_a_list_of_something_else_is_no_row(load, line):
    (reject,) = load(PLAIN, line, event()).rejects
    assert (reject.row, reject.reason) == (1, "the line is not a JSON object")


def test_rows_are_bounded():
    with pytest.raises(ValueError, match="more than 100,000 rows"):
        unfold({"e": [{}] * 100_001}, Unfolding(rows=("e",)))


def test_a_value_that_is_not_listed_is_refused_with_those_that_are(load):
    (reject,) = load(PLAIN, event(what="nod"), event()).rejects
    assert (reject.column, reject.reason) == ("what", "`nod` is none of buy, open")


def test_other_values_may_be_left_empty(lake, load):
    mapping = PLAIN.replace(
        "columns:", "columns:\n  product: {column: what, values: {buy: book}, others: empty}"
    )
    load(mapping, event(what="buy"), event())
    assert set(lake.rows("activities_orphaned", "product")) == {(None,), ("book",)}


def test_rows_that_are_none_are_rejected_for_that_alone(load):
    rule = "reject: [{when: {column: way, equals: in}, reason: it came in}]"
    (reject,) = load(
        BASE % ("", "mail", "what", "at", rule), event(way="in", what="nod", at="never"), event()
    ).rejects
    assert (reject.row, reject.column, reject.value, reject.reason) == (1, "way", "in", "it came in")


MILLISECONDS = "{column: ms, format: unix_ms, when: {column: ms, greater_than: 100000000000}}"
SECONDS = "{column: at, format: unix}"
FIRST = PLAIN.replace(SECONDS, f"{{first: [{MILLISECONDS}, {SECONDS}]}}")


def test_the_first_part_with_a_value_whose_condition_holds_decides(lake, load):
    load(FIRST, event("a@x.org", ms=1_600_000_000_000), event("b@x.org", ms=5), event("c@x.org", ms=None))
    years = [moment.year for (moment,) in lake.rows("activities_orphaned", "occurred_at")]
    assert years == [2020, 2023, 2023]


def test_a_part_that_decides_and_cannot_be_read_is_a_finding(load):
    (reject,) = load(FIRST, event(at="soon"), event()).rejects
    assert reject.reason == "`soon` is not a time written as unix"


def test_equal_rows_are_one_where_the_mapping_says_so(lake, load):
    assert (job := load(PLAIN, event(), event())).orphaned == job.unchanged == 1
    assert load(PLAIN, event()).unchanged == 1
    each = PLAIN.replace("equal_rows: one", "")
    assert load(each, event(), event()).orphaned == 1


def test_an_event_finds_its_contact_by_e_mail(lake, load):
    contact(lake, "42", "a@x.org")
    assert load(PLAIN, event("A@X.org")).landed == 1
    assert lake.rows("activities", "contact_id") == [("42",)]


def test_an_event_waits_for_its_contact_and_stays_the_same_event(lake, load):
    assert load(PLAIN, event(), event("b@x.org")).orphaned == 2
    contact(lake, "42", "a@x.org")
    assert lake.rows("activities", "contact_id") == [("42",)]
    assert lake.count("activities_orphaned") == 1
    again = load(PLAIN, event(), event("b@x.org"))
    assert (again.unchanged, lake.count("activities")) == (2, 1)


def test_a_contact_with_a_made_key_is_found_too(lake, load):
    load(PLAIN, event())
    lake.load("contacts", "email\na@x.org\n")
    assert lake.count("activities") == 1


def test_creating_contacts_by_their_e_mail(lake, load):
    job = load(PLAIN + "creates: {contacts: {email: mail}}", event(), event("no mail"))
    assert (job.created, job.landed, job.orphaned) == (1, 1, 1)
    assert load(PLAIN + "creates: {contacts: {email: mail}}", event()).unchanged == 1


@pytest.mark.parametrize(
    ("change", "rule", "message"),
    [
        (
            ("lookup: email", "lookup: mail"),
            "lookup",
            "`mail` is not the unique e-mail by which `contact` is known",
        ),
        (("format: unix}", "format: unix, lookup: email}"), "lookup", "this is not its key"),
        (("others: reject", "others: drop"), "mapping-shape", "others"),
        (("{column: at, format: unix}", "{first: [at]}"), "mapping-shape", "first"),
        (
            ("{column: at, format: unix}", "{first: [at, ms], format: unix}"),
            "mapping-shape",
            "stands in the parts",
        ),
        (("equal_rows: one", "equal_rows: some"), "mapping-shape", "equal_rows"),
        (
            ("equal_rows: one", "reject: [{when: {column: a}, reason: b}]"),
            "mapping-shape",
            "a condition needs a test",
        ),
    ],
)
def test_faults_are_found_where_they_stand(lake, change, rule, message):
    with pytest.raises(DefinitionError) as caught:
        lake.mapping(PLAIN.replace(*change))
    (found,) = caught.value.diagnostics
    assert found.rule == rule
    assert message in found.message
    assert found.at.line > 3


def test_equal_rows_of_a_keyed_table_are_told_apart_by_their_key(lake):
    with pytest.raises(DefinitionError, match="`contacts` has a key"):
        lake.mapping("table: contacts\nequal_rows: one\ncolumns: {contact_id: id}")
