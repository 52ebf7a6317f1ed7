"""What was published before, and conditions on the parent object."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.catalog import types
from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.rules.interpret import examine
from segmentation_pipeline.rules.moments import Day, LocalInstant, RelativeInstant
from segmentation_pipeline.rules.tree import (
    All,
    Compare,
    Entered,
    Events,
    Everyone,
    Field,
    InSegment,
    Left,
    Measure,
    MemberFor,
    Not,
    On,
    PublishedAt,
    Rank,
    Related,
)
from segmentation_pipeline.rules.windows import Ever, Rolling
from segmentation_pipeline.rules.world import World

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    relations: {company: {object: company, key: company_id}}
    fields: {contact_id: text, company_id: text}
  company:
    table: companies
    key: company_id
    events: [visits]
    relations:
      parent: {object: company, key: parent_id}
      contacts: {object: contact, foreign_key: company_id}
    fields: {company_id: text, parent_id: text, size: integer}
events:
  visits: {table: visits, key: company_id, type: kind, time: at, id: id, types: {seen: {}}}
"""
AS_OF = dt.datetime(2026, 4, 1, 10, tzinfo=dt.UTC)
NOW = (AS_OF - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
DAY = 86_400_000_000
INTEGER = types.Integer()


@pytest.fixture(scope="module")
def catalog():
    return read_catalog(read_documents(CATALOG, "c.yaml")[0])


# history


@pytest.fixture
def recall(catalog):
    """Whether a history of segment `vip` holds after transitions (µs before as_of, change)."""

    def examined(history, *transitions, zone="Europe/Paris"):
        past = {"vip": {"c": [(NOW - ago, change) for ago, change in transitions]}}
        where = World(catalog, {"contact": {"c": {}}}, AS_OF, transitions=past)
        return examine(InSegment("vip", history), "contact", "c", where, zone)

    return examined


WEEK = Rolling("last", 7, "day")


@pytest.mark.parametrize(
    ("transitions", "entered", "left"),
    [
        ([], False, False),
        ([(0, "entered")], True, False),
        ([(-1, "entered")], False, False),
        ([(7 * DAY, "entered")], False, False),
        ([(7 * DAY - 1, "entered")], True, False),
        ([(3 * DAY, "entered"), (2 * DAY, "exited")], True, True),
        ([(9 * DAY, "entered"), (2 * DAY, "exited"), (DAY, "entered")], True, True),
        ([(9 * DAY, "entered"), (7 * DAY, "exited")], False, False),
        ([(9 * DAY, "entered"), (7 * DAY - 1, "exited")], False, True),
        ([(9 * DAY, "entered"), (-1, "exited")], False, False),
    ],
    ids=str,
)
def test_entered_and_left_inside_the_window(recall, transitions, entered, left):
    assert recall(Entered(WEEK), *transitions).holds is entered
    assert recall(Left(WEEK), *transitions).holds is left


def test_ever_ends_at_as_of(recall):
    assert recall(Entered(Ever()), (999 * DAY, "entered")).holds
    assert not recall(Entered(Ever()), (-1, "entered")).holds


@pytest.mark.parametrize(
    ("transitions", "at_least", "at_most"),
    [
        ([], False, False),
        ([(14 * DAY, "entered")], True, True),
        ([(14 * DAY - 1, "entered")], False, True),
        ([(14 * DAY + 1, "entered")], True, False),
        ([(20 * DAY, "entered"), (9 * DAY, "exited")], False, False),
        ([(20 * DAY, "entered"), (9 * DAY, "exited"), (3 * DAY, "entered")], False, True),
        ([(20 * DAY, "entered"), (-1, "exited")], True, False),
        ([(20 * DAY, "entered"), (3 * DAY, "entered"), (3 * DAY, "exited")], False, True),
    ],
    ids=str,
)
def test_a_member_for_so_long_without_a_break(recall, transitions, at_least, at_most):
    two_weeks = RelativeInstant(-2, "week")
    assert recall(MemberFor(at_least=two_weeks), *transitions).holds is at_least
    assert recall(MemberFor(at_most=two_weeks), *transitions).holds is at_most


def test_both_bounds_of_a_stay(recall):
    between = MemberFor(RelativeInstant(-1, "week"), RelativeInstant(-2, "week"))
    assert [recall(between, (ago * DAY, "entered")).holds for ago in (6, 7, 14, 15)] == [
        False,
        True,
        True,
        False,
    ]


def test_months_of_a_stay_are_those_of_the_calendar(recall):
    month = MemberFor(at_least=RelativeInstant(-1, "month"))
    hour = 3_600_000_000
    # 1 March 12:00 in Paris is 11:00Z, for summer time began on the 29th: 31 days less an hour ago
    assert recall(month, (31 * DAY - hour, "entered")).holds
    assert not recall(month, (31 * DAY - hour - 1, "entered")).holds
    assert recall(month, (31 * DAY, "entered"), zone="UTC").holds
    assert not recall(month, (31 * DAY - 1, "entered"), zone="UTC").holds


@pytest.mark.parametrize(
    ("moment", "ago", "inside"),
    [
        (RelativeInstant(-1, "day"), DAY, True),
        (RelativeInstant(-1, "day"), DAY - 1, False),
        (LocalInstant(dt.datetime(2026, 3, 31, 12)), DAY, True),
        (LocalInstant(dt.datetime(2026, 3, 31, 11, 59, 59)), DAY, False),
        (Day(dt.date(2026, 3, 31)), DAY // 2 + 1, True),
        (Day(dt.date(2026, 3, 31)), DAY // 2, False),
        (Day(), -1, False),
        (Day(), 0, True),
    ],
    ids=str,
)
def test_published_at_an_instant_or_at_the_end_of_a_day(recall, moment, ago, inside):
    # the 31st ends in Paris at 22:00Z, twelve hours before as_of
    assert recall(PublishedAt(moment), (ago, "entered")).holds is inside


def test_who_left_before_or_at_the_instant_is_no_member_then(recall):
    yesterday = PublishedAt(RelativeInstant(-1, "day"))
    assert not recall(yesterday, (9 * DAY, "entered"), (DAY, "exited")).holds
    assert recall(yesterday, (9 * DAY, "entered"), (DAY - 1, "exited")).holds


def test_an_exit_at_the_same_instant_came_before_the_entry(recall):
    both = [(DAY, "entered"), (DAY, "exited")]
    assert recall(PublishedAt(RelativeInstant(0, "minute")), (9 * DAY, "entered"), *both).holds


def test_a_segment_never_published_has_no_past(catalog):
    where = World(catalog, {"contact": {"c": {}}}, AS_OF)
    for history in (Entered(Ever()), Left(Ever()), MemberFor(at_most=RelativeInstant(-1, "year"))):
        assert not examine(InSegment("unheard", history), "contact", "c", where, "UTC").holds


def test_a_verdict_names_the_transition_that_decides(recall):
    verdict = recall(Entered(WEEK), (5 * DAY, "entered"), (3 * DAY, "exited"), (2 * DAY, "entered"))
    assert verdict.details == {"entered": AS_OF - dt.timedelta(days=2)}
    gone = recall(MemberFor(at_least=RelativeInstant(-1, "day")), (5 * DAY, "entered"), (DAY, "exited"))
    assert gone.details == {"exited": AS_OF - dt.timedelta(days=1)}
    assert recall(Left(WEEK), (5 * DAY, "entered")).details == {}


# parents


@pytest.fixture
def world(catalog):
    rows = {
        "contact": {
            "c": {"company_id": "k"},
            "d": {"company_id": "k"},
            "lost": {"company_id": "gone"},
            "alone": {"company_id": None},
        },
        "company": {"k": {"size": 5, "parent_id": "p"}, "p": {"size": 900}, "q": {"size": 1}},
    }
    seen = [{"id": "1", "kind": "seen", "at": AS_OF}, {"id": "2", "kind": "seen", "at": AS_OF}]
    past = {"targets": {"k": [(NOW - DAY, "entered")], "c": []}}
    return World(
        catalog, rows, AS_OF, {"visits": {"k": seen}}, {"targets": {"k"}, "big": {"p"}}, transitions=past
    )


def on(condition, relation="company"):
    return On(relation, "company", condition)


SIZE = Field(("size",), INTEGER)
SEEN = Measure(Events("visits", ("seen",)), "count", INTEGER)
STAFF = Measure(Related("contacts", "contact"), "count", INTEGER)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Compare(SIZE, "equals", 5), True),
        (Compare(SIZE, "equals", 6), False),
        (Compare(SEEN, "equals", 2), True),
        (Compare(STAFF, "equals", 2), True),
        (Compare(STAFF, "equals", 3), False),
        (InSegment("targets"), True),
        (InSegment("big"), False),
        (InSegment("targets", Entered(WEEK)), True),
        (InSegment("targets", Left(WEEK)), False),
        (Compare(Field(("parent", "size"), INTEGER), "equals", 900), True),
        (on(InSegment("big"), "parent"), True),
        (on(Compare(SIZE, "equals", 5), "parent"), False),
        (All((Compare(SIZE, "equals", 5), Not(InSegment("big")))), True),
        (Compare(Rank(SIZE, "position", "descending", INTEGER), "equals", 2), True),
    ],
)
def test_a_condition_on_the_parent_sees_all_of_it(world, condition, holds):
    assert examine(on(condition), "contact", "c", world, "UTC").holds is holds


@pytest.mark.parametrize("key", ["lost", "alone", "unknown"])
def test_where_the_relation_leads_nowhere_nothing_holds_but_the_complement(world, key):
    for condition in (Everyone(), Compare(SIZE, "is_empty"), Not(InSegment("targets"))):
        assert not examine(on(condition), "contact", key, world, "UTC").holds
        assert examine(Not(on(condition)), "contact", key, world, "UTC").holds


def test_a_verdict_names_the_parent(world):
    verdict = examine(on(Compare(SIZE, "equals", 6)), "contact", "c", world, "UTC")
    assert verdict.details == {"company": "k"}
    assert [part.value for part in verdict.parts] == [5]
    nowhere = examine(on(Everyone()), "contact", "alone", world, "UTC")
    assert (nowhere.details, nowhere.parts) == ({"company": None}, ())


def test_on_follows_relations_to_one_only(world):
    with pytest.raises(UsageError, match="many rows"):
        examine(On("contacts", "contact", Everyone()), "company", "k", world, "UTC")
