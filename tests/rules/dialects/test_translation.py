"""What holds for every dialect: rows of tables, positions, files, names."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from pathlib import Path

import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import DefinitionError, DocumentError, UsageError
from segmentation_pipeline.rules.dialects.context import Context
from segmentation_pipeline.rules.dialects.names import Names, read_names
from segmentation_pipeline.rules.dialects.seed_objects import OBJECTS, catalog_object
from segmentation_pipeline.rules.dialects.translation import translate

SCORE = {"field": "score", "operator": "equals", "value": 1}
CONTACT_RULES = {"match": "all", "groups": [{"match": "all", "conditions": [SCORE]}]}
FILTER_RULES = {"operator": "AND", "conditions": [SCORE]}
GROUPS = [{"mainOperator": "include", "conjunction": "and", "embeddedSegmentId": "vip"}]


def _plain(text: str):
    return read_documents(text, "x")[0].plain


def _refusal(translated, *arguments, **options) -> DefinitionError:
    with pytest.raises(DefinitionError) as refused:
        translated(*arguments, **options)
    return refused.value


def test_the_row_of_contact_rules_gives_the_header(translated):
    row = {
        "id": 7, "tenant_id": 1, "workspace_id": 2, "name": "Scored", "description": "Those with one",
        "segment_type": "dynamic", "rules": CONTACT_RULES, "contact_count": 3, "last_recalculated_at": None,
        "is_active": False, "created_by": "ada", "created_at": "2026-01-01", "updated_at": "2026-01-01",
    }  # fmt: skip
    assert _plain(translated(json.dumps(row), "contact_rules", segment="scored")) == {
        "segment": "scored",
        "name": "Scored",
        "description": "Those with one",
        "active": False,
        "where": SCORE,
    }


def test_the_row_of_filter_rules_gives_the_header(translated):
    row = {"name": "Never again", "type": "suppression", "color": "red", "filter_rules": FILTER_RULES}
    assert _plain(translated(json.dumps(row), "filter_rules")) == {
        "name": "Never again",
        "type": "suppression",
        "where": SCORE,
    }


def test_the_document_of_rule_groups_gives_the_header(translated):
    row = {"accountId": "a", "name": "Best", "isBlocked": True, "queryStatus": "done", "ruleGroups": GROUPS}
    assert _plain(translated(json.dumps(row), "rule_groups")) == {
        "name": "Best",
        "active": False,
        "where": {"segment": "vip"},
    }


@pytest.mark.parametrize(
    ("dialect", "row"),
    [
        ("contact_rules", {"segment_type": "static", "rules": None}),
        ("filter_rules", {"type": "static", "filter_rules": FILTER_RULES}),
    ],
)
def test_a_static_list_has_no_rule(translated, dialect, row):
    assert "static" in _refusal(translated, json.dumps(row), dialect).what


def test_an_unknown_column_is_refused_with_the_nearest(translated):
    error = _refusal(translated, json.dumps({"nmae": "x", "rules": CONTACT_RULES}), "contact_rules")
    assert "unknown key `nmae`" in error.what
    assert error.hint == "did you mean `name`?"


def test_every_refusal_at_once_each_where_it_stands(translated):
    text = """{
  "match": "all",
  "groups": [
    {"match": "any", "conditions": [
      {"field": "score", "operator": "resembles", "value": 1},
      {"field": "planet", "operator": "equals", "value": 1}
    ]},
    {"match": "none", "conditions": []}
  ],
  "exclusions": [
    {"field": "score", "operator": "equals", "value": 1, "dataType": "date"}
  ]
}"""
    error = _refusal(translated, text, "contact_rules", file="rule.json")
    assert [(str(finding.at), finding.rule) for finding in error.diagnostics] == [
        ("rule.json:5:38", "dialect-word"),
        ("rule.json:6:17", "dialect-field"),
        ("rule.json:8:15", "dialect-word"),
        ("rule.json:11:70", "dialect-type"),
    ]


def test_what_the_language_refuses_stands_in_the_seeds_file(translated):
    text = '{"operator": "AND", "conditions": [\n  {"field": "score", "operator": "equals", "value": "5x"}]}'
    error = _refusal(translated, text, "filter_rules", file="rule.json")
    assert [(str(finding.at), finding.rule) for finding in error.diagnostics] == [
        ("rule.json:2:53", "value-type")
    ]


def test_json_without_blanks_and_with_escapes(translated):
    condition = {"field": "first_name", "operator": "equals", "value": 'Ada\t"/\\ud83d😀'}
    text = json.dumps({"operator": "AND", "conditions": [condition]}, separators=(",", ":"))
    assert "\\ud83d\\ude00" in text
    assert _plain(translated(text, "filter_rules", file="rule.json"))["where"] == condition


def test_a_file_holds_one_rule(translated):
    with pytest.raises(DocumentError, match="found 2 documents"):
        translated("a: 1\n---\nb: 2\n", "filter_rules")


def test_an_unknown_object_is_wrong_use(translated):
    with pytest.raises(UsageError, match="no object `contcat`"):
        translated(json.dumps(FILTER_RULES), "filter_rules", object_name="contcat")


@pytest.mark.parametrize(
    ("objects", "document_object", "expected"),
    [
        (["crm-account", "crm-account"], None, "company"),
        (["people", "crm-account"], None, "contact"),
        (["event"], None, "contact"),
        (["crm-account"], "people", "contact"),
    ],
)
def test_the_object_of_a_segment_of_groups(translated, objects, document_object, expected):
    rows = {
        "people": {"key": "score", "condition": "equals", "value": 1},
        "crm-account": {"key": "size", "condition": "equals", "value": "small"},
        "event": {"key": "event", "condition": "equals", "value": "purchase"},
    }
    groups = [
        {
            "mainOperator": "include",
            "conjunction": "and",
            "segmentObject": name,
            "conditionFocus": "property",
            "g0": rows[name],
        }
        for name in objects
    ]
    document = {"ruleGroups": groups} | ({"segmentObject": document_object} if document_object else {})
    assert _plain(translated(json.dumps(document), "rule_groups")).get("object", "contact") == expected


def test_an_object_the_catalog_lacks_is_refused_by_name(translated, catalog):
    smaller = dataclasses.replace(catalog, objects={"contact": catalog.objects["contact"]})
    group = GROUPS[0] | {"segmentObject": "crm-quote"}
    with pytest.raises(
        DefinitionError, match="no object for `crm-quote` \\(looked for `crm_quote`, `quote`\\)"
    ):
        translate(read_documents(json.dumps([group]), "x")[0], "rule_groups", smaller)


def test_the_shipped_catalog_has_every_object_of_the_seed():
    shipped = load_catalog(Path(__file__).parents[3] / "segment_definitions" / "catalog.yaml")
    context = Context(shipped, Names())
    assert {seed for seed in OBJECTS if catalog_object(context, seed) is None} <= {"event"}


def _places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield from _places(part, (*path, key))


def _replaced(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copy


RICH = {
    "contact_rules": """
      match: all
      conditions: [{field: score, operator: equals, value: 1}]
      exclusions: [{match: any, conditions: [{field: score, operator: in, value: [1], dataType: number}]}]
    """,
    "filter_rules": """
      operator: OR
      conditions:
        - {operator: AND, conditions: [{field: created_at, operator: date_relative, value: last 30 days}]}
        - {field: score, operator: equals, value: 1}
    """,
    "rule_groups": """
      - mainOperator: include
        conjunction: and
        segmentObject: event
        conditionFocus: property
        dateRangeFilter: {type: specific-date-range, startDate: 2026-01-01, endDate: null}
        g0: {key: event, condition: in, value: [purchase]}
        g1: {conjunction: and, type: number, key: revenue, condition: ">", value: 5}
      - mainOperator: exclude
        conjunction: and
        segmentObject: crm-account
        embeddedSegmentId: vip
        conditionFocus: relationship
        dateRangeFilter: {type: previous-period, numberOfDaysPrevious: 3}
        g0: {key: contacts, subKey: score, property: sum, condition: less_than, value: 5}
    """,
}


@pytest.mark.parametrize("dialect", RICH)
def test_whatever_stands_anywhere_is_translated_or_refused(translated, dialect):
    document = _plain(RICH[dialect])
    translated(json.dumps(document), dialect)
    for path in _places(document):
        for new in (None, True, 0, -1.5, "", "x", [], {}, ["x"], {"x": 1}, [None], {"field": "score"}):
            with contextlib.suppress(DefinitionError):
                translated(json.dumps(_replaced(document, path, new)), dialect)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("felds: {a: b}", "unknown key `felds`"),
        ("conditions: {known: is_knwon}", "unknown operator `is_knwon`"),
        ("metrics: {visits: page_visited}", "metrics.visits"),
    ],
)
def test_a_names_file_is_checked(text, message):
    with pytest.raises(DefinitionError) as refused:
        read_names(read_documents(text, "names.yaml")[0])
    assert message in str(refused.value)
    assert str(refused.value).startswith("names.yaml:1:")
