"""The verdict on one object as text: every leaf with its value, and the nearest change."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.catalog import types
from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import Position
from segmentation_pipeline.rules.interpret import examine_segment
from segmentation_pipeline.rules.segment import Pin, Segment
from segmentation_pipeline.rules.tree import (
    All,
    Any,
    AtLeast,
    Compare,
    Events,
    Everyone,
    Field,
    InSegment,
    Measure,
    Not,
)
from segmentation_pipeline.rules.world import World
from segmentation_pipeline.segments.explain import explanation, nearest_change, shown

NOWHERE = Position("", 0, 0)
CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities]
    fields: {contact_id: text, country: text, city: text, age: integer}
events:
  activities:
    {table: activities, key: contact_id, type: kind, time: at, id: id,
     types: {login: {fields: {device: text}}}}
"""
FRENCH = Compare(Field(("country",), types.Text()), "equals", "FR")
LYON = Compare(Field(("city",), types.Text()), "equals", "Lyon")
GROWN = Compare(Field(("age",), types.Integer()), "greater_than", 17)
LOGINS = Compare(Measure(Events("activities", ("login",)), "count", types.Integer()), "greater_than", 1)
NAMESAKES = Compare(Field(("city",), types.Text()), "equals", Field(("country",), types.Text()))


@pytest.fixture(scope="session")
def catalog():
    return read_catalog(read_documents(CATALOG, "c.yaml")[0])


@pytest.fixture
def judge(catalog):
    """The verdict on contact `a`, who is from Paris in France, 20 years old, with some logins."""

    def examined(where=None, logins=2, **more):
        row = {"country": "FR", "city": "Paris", "age": 20}
        at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        events = [
            {"id": f"e{n}", "kind": "login", "at": at - dt.timedelta(days=logins - n), "device": None}
            for n in range(logins)
        ]
        world = World(catalog, {"contact": {"a": row}}, at, {"activities": {"a": events}}, {"vip": {"a"}})
        segment = Segment(
            "s", "s", more.pop("type", "dynamic"), "contact", "UTC", "", NOWHERE, where=where, **more
        )
        return examine_segment(segment, more.get("key", "a"), world)

    return examined


def test_a_member_with_every_leaf_and_its_value(judge):
    assert explanation(judge(All((FRENCH, Any((LYON, GROWN)))))) == [
        "a is a member of s, decided by where",
        "where:",
        "  ✓ all of:",
        "    ✓ country equals \"FR\" — is 'FR'",
        "    ✓ any of:",
        "      ✗ city equals \"Lyon\" — is 'Paris'",
        "      ✓ age is greater than 17 — is 20",
        'it would stay out if “country equals "FR"” did not hold',
    ]


def test_the_rows_behind_a_measure_the_latest_five(judge):
    lines = explanation(judge(LOGINS, logins=7))
    assert "    … 2 earlier rows" in "\n".join(lines)
    assert sum("kind='login'" in line for line in lines) == 5
    assert not any("device" in line for line in lines)


def test_a_field_against_a_field_shows_both(judge):
    assert any("is 'Paris', against 'FR'" in line for line in explanation(judge(NAMESAKES)))


def test_a_pin_decides_and_says_why(judge):
    pin = Pin("a", "out", "asked us to", dt.date(2026, 12, 31), NOWHERE)
    lines = explanation(judge(Everyone(), pins=(pin,)))
    assert lines[:2] == ["a is not a member of s, decided by pin", "pinned out until 2026-12-31: asked us to"]
    assert nearest_change(judge(Everyone(), pins=(pin,))) == []


def test_a_list_decides(judge):
    assert "listed in `members`" in explanation(judge(type="static", members=("a",)))
    assert "not listed in `members`" in explanation(judge(type="static", members=("b",)))


def test_an_exclusion_decides(judge):
    lines = explanation(judge(FRENCH, exclude=InSegment("vip")))
    assert lines[0] == "a is not a member of s, decided by exclude"
    assert lines[-1] == "it would get in if “is a member of segment vip” did not hold"


NO, YES = LYON, FRENCH


@pytest.mark.parametrize(
    ("where", "exclude", "turned"),
    [
        (NO, None, [NO]),
        (YES, None, [YES]),
        (Not(YES), None, [YES]),
        (All((NO, NAMESAKES)), None, [NO, NAMESAKES]),
        (All((YES, GROWN)), None, [YES]),
        (Any((YES, GROWN)), None, [YES, GROWN]),
        (Any((All((NO, NAMESAKES)), NO)), None, [NO]),
        (AtLeast(2, (NO, NAMESAKES, YES)), None, [NO]),
        (AtLeast(1, (GROWN, NO, YES)), None, [GROWN, YES]),
        (NO, YES, [NO, YES]),
        (YES, All((NO, YES)), [YES]),
        (All((Any((YES, GROWN)), Any((YES, GROWN)))), NO, [NO]),
        (Everyone(), NO, [NO]),
        (Everyone(), None, []),
        (Not(Everyone()), None, []),
        (All((Everyone(), YES)), None, [YES]),
        (Any((Everyone(), YES)), None, []),
        (Any((Not(Everyone()), NO)), None, [NO]),
    ],
)
def test_the_nearest_change_is_the_fewest_leaves(judge, where, exclude, turned):
    assert [leaf.condition for leaf in nearest_change(judge(where, exclude=exclude))] == turned


@pytest.mark.parametrize(
    ("value", "text"), [(None, "null"), ("a", "'a'"), (("a", 1), "['a', 1]"), (2.5, "2.5")]
)
def test_values_as_people_write_them(value, text):
    assert shown(value) == text
