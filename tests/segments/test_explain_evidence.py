"""What an explanation shows of sequences, ratios, responses, ranks, the past and parents."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from segmentation_pipeline.catalog import types
from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import Position
from segmentation_pipeline.rules.interpret import examine_segment
from segmentation_pipeline.rules.segment import Segment
from segmentation_pipeline.rules.tree import (
    Compare,
    Entered,
    Events,
    Field,
    InSegment,
    Measure,
    On,
    Rank,
    Ratio,
    Response,
    Sequence,
    Step,
)
from segmentation_pipeline.rules.windows import Ever
from segmentation_pipeline.rules.world import World
from segmentation_pipeline.segments.explain import explanation, nearest_change

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [acts]
    relations: {company: {object: company, key: company_id}}
    fields: {contact_id: text, country: text, age: integer, company_id: text}
  company: {table: companies, key: company_id, fields: {company_id: text, city: text}}
events:
  acts:
    {table: acts, key: contact_id, type: kind, time: at, id: id, types: {login: {fields: {device: text}}}}
"""
AS_OF = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def catalog():
    return read_catalog(read_documents(CATALOG, "c.yaml")[0])


@pytest.fixture
def judge(catalog):
    """The verdict on contact `a`, 20 years old, with a login a day, once a member of `vip`."""

    def examined(where, logins=2, company=None):
        events = [
            {"id": f"e{n}", "kind": "login", "at": AS_OF - dt.timedelta(days=logins - n)}
            for n in range(logins)
        ]
        contacts = {"a": {"country": "FR", "age": 20, "company_id": company}, "b": {"age": 90}}
        rows = {"contact": contacts, "company": {"k": {"city": "Nice"}}}
        past = {"vip": {"a": [(0, "entered")]}}
        world = World(catalog, rows, AS_OF, {"acts": {"a": events}}, transitions=past)
        at = Position("", 0, 0)
        return examine_segment(
            Segment("s", "s", "dynamic", "contact", "UTC", "", at, where=where), "a", world
        )

    return examined


COUNTED = Measure(Events("acts", ("login",)), "count", types.Integer())
FRENCH = Compare(Field(("country",), types.Text()), "equals", "FR")
AGE = Field(("age",), types.Integer())
NICE = On("company", "company", Compare(Field(("city",), types.Text()), "equals", "Nice"))
TWICE = Sequence("acts", (Step(("login",)), Step(("login",))))


def found(verdict):
    """The first line under `where:`, without the rule's own words."""
    return explanation(verdict)[2].rpartition(" — ")[2]


@pytest.mark.parametrize(
    ("where", "evidence"),
    [
        (
            Compare(Ratio(COUNTED, COUNTED, Decimal(5), types.Decimal(18)), "equals", 1),
            "is null, numerator 2, denominator 2",
        ),
        (
            Compare(Rank(AGE, "position", "descending", types.Integer()), "equals", 1),
            "is 2, ranked by 20, position 2, population 2",
        ),
        (
            Compare(Response(COUNTED.source, 1, ("login",), "device", types.Integer()), "equals", 1),
            "is 0, latest 1, answered []",
        ),
        (Sequence("acts", (Step(("login",)),) * 3), "steps met 2, of 3"),
        (InSegment("vip", Entered(Ever())), "entered 1970-01-01 00:00:00+00:00"),
        (InSegment("lost", Entered(Ever())), "no such change was published"),
        (NICE, "company null"),
    ],
)
def test_the_evidence_of_every_kind_of_leaf(judge, where, evidence):
    assert found(judge(where)) == evidence


def test_a_chain_shows_its_events(judge):
    lines = explanation(judge(TWICE, logins=4))
    assert [line.strip() for line in lines if "id=" in line] == [
        "id='e0', kind='login', at=2025-12-28 00:00:00+00:00",
        "id='e1', kind='login', at=2025-12-29 00:00:00+00:00",
    ]


def test_a_condition_on_the_parent_shows_the_parent_and_its_leaves(judge):
    assert explanation(judge(NICE, company="k"))[2:4] == [
        "  ✓ has a company (a row of company) with: — company 'k'",
        "    ✓ city equals \"Nice\" — is 'Nice'",
    ]
    assert nearest_change(judge(NICE, company="k"))[0].condition == NICE.condition
    assert nearest_change(judge(NICE))[0].condition == NICE


@pytest.mark.parametrize("where", [TWICE, InSegment("vip", Entered(Ever()))])
def test_a_chain_and_a_past_turn_as_one(judge, where):
    assert [leaf.condition for leaf in nearest_change(judge(where))] == [where]


def test_a_rule_of_several_lines_stands_above_the_values_it_was_judged_on(judge):
    where = Compare(Measure(COUNTED.source, "count", types.Integer(), where=FRENCH), "equals", 5)
    head, selection = explanation(judge(where))[2:4]
    assert head.endswith("counting only rows with: — is 0")
    assert selection.strip() == '- country equals "FR"'
