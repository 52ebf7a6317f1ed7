"""What is gathered of the index is enough to examine a rule, and no more than that."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import polars as pl
import pytest

from segmentation_pipeline.catalog import types
from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import Position
from segmentation_pipeline.evaluation.evaluate import Evaluation
from segmentation_pipeline.index.build import build_index
from segmentation_pipeline.rules.interpret import examine_segment
from segmentation_pipeline.rules.segment import Definitions, Segment
from segmentation_pipeline.rules.tree import (
    All,
    Compare,
    Entered,
    Events,
    Everyone,
    Field,
    InSegment,
    Measure,
    On,
    Rank,
    Related,
)
from segmentation_pipeline.rules.windows import Ever
from segmentation_pipeline.segments.tables import TRANSITIONS
from segmentation_pipeline.segments.worlds import gather_world

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [acts]
    relations:
      company: {object: company, key: company_id}
      deals: {object: deal, foreign_key: contact_id}
    fields: {contact_id: text, company_id: text, age: integer}
  company:
    table: companies
    key: company_id
    events: [visits]
    relations:
      parent: {object: company, key: parent_id}
      contacts: {object: contact, foreign_key: company_id}
    fields: {company_id: text, parent_id: text}
  deal:
    table: deals
    key: deal_id
    relations: {sold_to: {object: company, key: company_id}}
    fields: {deal_id: text, contact_id: text, company_id: text}
events:
  acts: {table: acts, key: contact_id, type: kind, time: at, id: id, types: {login: {}}}
  visits: {table: visits, key: company_id, type: kind, time: at, id: id, types: {seen: {}}}
"""
AS_OF = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
NOW = (AS_OF - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
INTEGER = types.Integer()
LOGINS = Measure(Events("acts", ("login",)), "count", INTEGER)
SEEN = Measure(Events("visits", ("seen",)), "count", INTEGER)
STAFF = Measure(Related("contacts", "contact"), "count", INTEGER)


def segment(name, where, kind="contact"):
    return Segment(name, name, "dynamic", kind, "UTC", "", Position("", 0, 0), where=where)


@pytest.fixture(scope="module")
def index():
    catalog = read_catalog(read_documents(CATALOG, "c.yaml")[0])
    keys = [("a", "k", 1), ("b", "k", 2), ("c", "other", 3), ("d", None, 4)]
    frames = {
        "contacts": pl.DataFrame(keys, schema=["contact_id", "company_id", "age"], orient="row"),
        "companies": pl.DataFrame(
            {"company_id": ["k", "p", "other"], "parent_id": ["p", None, None]},
            schema={"company_id": pl.String, "parent_id": pl.String},
        ),
        "deals": pl.DataFrame({"deal_id": ["1"], "contact_id": ["a"], "company_id": ["other"]}),
        "acts": events("contact_id", "a", "b", "b", "c"),
        "visits": events("company_id", "k", "p", "other"),
    }
    return catalog, build_index(catalog, {name: frame.lazy() for name, frame in frames.items()})


def events(key, *owners):
    kind = "login" if key == "contact_id" else "seen"
    rows = [{"id": f"{n}", key: owner, "kind": kind, "at": AS_OF} for n, owner in enumerate(owners)]
    schema = {"id": pl.String, key: pl.String, "kind": pl.String, "at": pl.Datetime("us", "UTC")}
    return pl.DataFrame(rows, schema=schema)


@pytest.fixture
def gather(index):
    """A world of some contacts for segment `s`, with `vip` of contacts and `big` of companies evaluated."""
    catalog, built = index

    def gathered(where, keys=("a",), others=(), transitions=None, **more):
        everyone = [segment("vip", Everyone()), segment("big", Everyone(), "company")]
        made = {one.id: one for one in (*everyone, *others, segment("s", where))}
        masks = {"vip": pl.Series([True, False, True]), "big": pl.Series([False, False, True])}
        past = built if transitions is None else replace(built, transitions=transitions.lazy())
        evaluation = Evaluation(past, Definitions(catalog, made, (), {}), masks, {}, {}, {}, {})
        return gather_world(evaluation, AS_OF, "contact", keys, **more), made["s"]

    return gathered


def test_an_object_comes_with_its_parents_related_rows_and_events_alone(gather):
    world, _ = gather(Everyone())
    assert {name: sorted(rows) for name, rows in world.rows.items()} == {
        "contact": ["a"],
        "company": ["k", "other", "p"],
        "deal": ["1"],
    }
    assert {name: sorted(held) for name, held in world.events.items()} == {"acts": ["a"]}


def test_a_condition_on_the_parent_brings_its_events_and_related_rows(gather):
    where = On("company", "company", All((Compare(SEEN, "equals", 1), Compare(STAFF, "equals", 2))))
    world, rule = gather(where)
    assert examine_segment(rule, "a", world).member
    assert sorted(world.rows["contact"]) == ["a", "b"]
    assert sorted(world.events["visits"]) == ["k"]


def test_parents_of_parents_and_of_related_rows_are_reached(gather):
    grand = On("company", "company", On("parent", "company", Compare(SEEN, "equals", 1)))
    sold = Measure(
        Related("deals", "deal"), "count", INTEGER, where=On("sold_to", "company", Compare(SEEN, "equals", 1))
    )
    world, rule = gather(All((grand, Compare(sold, "equals", 1))))
    assert examine_segment(rule, "a", world).member
    assert sorted(world.events["visits"]) == ["other", "p"]


def test_members_of_every_object_gathered(gather):
    world, rule = gather(On("company", "company", On("parent", "company", InSegment("big"))))
    assert (world.memberships["vip"], world.memberships["big"]) == ({"a"}, {"p"})
    assert examine_segment(rule, "a", world).member


def test_a_rank_brings_its_whole_population_with_what_it_is_ranked_by(gather):
    rank = Compare(Rank(LOGINS, "position", "descending", INTEGER), "equals", 2)
    world, rule = gather(rank)
    assert sorted(world.rows["contact"]) == ["a", "b", "c", "d"]
    assert examine_segment(rule, "a", world).member
    among = Compare(Rank(LOGINS, "position", "descending", INTEGER, "vip"), "equals", 1)
    world, rule = gather(among)
    assert world.memberships["vip"] == {"a", "c"}
    assert examine_segment(rule, "a", world).member


def test_a_rank_of_another_segment_is_left_aside_where_one_is_asked_for(gather):
    ranked = segment("ranked", Compare(Rank(LOGINS, "position", "descending", INTEGER), "equals", 2))
    assert sorted(gather(Everyone(), others=(ranked,))[0].rows["contact"]) == ["a", "b", "c", "d"]
    assert sorted(gather(Everyone(), others=(ranked,), segments=["s"])[0].rows["contact"]) == ["a"]


def test_everything_on_request(gather):
    world, _ = gather(Everyone(), keys=None)
    assert sorted(world.rows["contact"]) == ["a", "b", "c", "d"]
    assert sorted(world.events["acts"]) == ["a", "b", "c"]
    assert world.memberships["vip"] == {"a", "c"}


def test_an_unknown_key_is_gathered_as_nothing(gather):
    world, rule = gather(Compare(Field(("age",), INTEGER), "is_empty"), keys=["nobody"])
    assert examine_segment(rule, "nobody", world).decided_by == "unknown"


def test_the_past_of_what_is_asked_in_order(gather):
    rows = [
        ("lost", 0, "entered", 5),
        ("lost", 0, "exited", 5),
        ("lost", 0, "entered", 9),
        ("lost", 1, "entered", 3),
    ]
    rows += [("unasked", 0, "entered", 1)]
    frame = pl.DataFrame(
        [
            {"segment_id": name, "object_index": one, "change": change, "at": AS_OF - dt.timedelta(days=ago)}
            for name, one, change, ago in rows
        ],
        schema_overrides={"at": pl.Datetime("us", "UTC")},
    )
    frame = frame.select(
        pl.col(name).cast(kind) for name, kind in TRANSITIONS.schema.items() if name in frame.columns
    )
    past = On("company", "company", InSegment("sold", Entered(Ever())))
    world, rule = gather(All((InSegment("lost", Entered(Ever())), past)), transitions=frame)
    day = 86_400_000_000
    assert world.transitions == {
        "lost": {"a": [(NOW - 9 * day, "entered"), (NOW - 5 * day, "exited"), (NOW - 5 * day, "entered")]},
        "sold": {},
    }
    assert not examine_segment(rule, "a", world).member
