"""Who wins, who is pending, and what a segment that cannot be evaluated takes down with it."""

from __future__ import annotations

import datetime as dt
import decimal

import polars as pl
import pytest

from segmentation_pipeline.catalog.types import Date, Decimal, Integer, ListOf, Number, Text
from segmentation_pipeline.errors import Position
from segmentation_pipeline.evaluation.evaluate import Failure, evaluate
from segmentation_pipeline.evaluation.plan import distinct_leaves
from segmentation_pipeline.rules.moments import Day
from segmentation_pipeline.rules.segment import Pin
from segmentation_pipeline.rules.tree import (
    All,
    Compare,
    Events,
    Everyone,
    Field,
    InSegment,
    Measure,
    Not,
    Related,
)

AS_OF = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
NOWHERE = Position("", 0, 0)
NAMED = Compare(Field(("name",), Text()), "is_not_empty")
OLD = Compare(Field(("age",), Integer()), "greater_than", 40)
LARGE = Compare(Field(("company", "staff"), Integer()), "greater_than", 10)
BOUGHT = Compare(Measure(Events("activities", ("purchase",)), "count", Integer()), "greater_than", 0)
LINKED = Compare(
    Measure(
        Events("activities", ("click",)),
        "count",
        Integer(),
        None,
        Compare(Field(("link",), Text()), "is_empty"),
    ),
    "greater_than",
    0,
)
DEALT = Compare(Measure(Related("deals", "deal"), "count", Integer()), "greater_than", 0)
TAGGED = Compare(Field(("tags",), ListOf(Text())), "has_any", ("vip",))
PLANNED = Compare(Field(("custom.plan",), Text()), "equals", "pro")


def pin(key: str, put: str, until: dt.date | None = None) -> Pin:
    return Pin(key, put, "because", until, NOWHERE)


@pytest.fixture
def frames(kit):
    """Three contacts; every table of the catalog is there."""
    contacts = {
        "object_index": [0, 1, 2],
        "contact_id": ["a", "b", "c"],
        "email": ["a@x.org", "B@X.org", None],
        "name": ["Ann", None, "Cy"],
        "age": [50, 60, 20],
    }
    empty = kit.empty_frames()
    return {**empty, "contacts": pl.DataFrame(contacts).match_to_schema(
        empty["contacts"].schema, missing_columns="insert"
    )}  # fmt: skip


@pytest.fixture
def run(kit, frames):
    def evaluated(*segments, without=(), **changed):
        given = {name: frame for name, frame in {**frames, **changed}.items() if name not in without}
        return evaluate(kit.of(*segments), given, AS_OF)

    return evaluated


def test_exclude_wins_over_where_and_pins_over_both(kit, run):
    found = run(
        kit.one("excluded", Everyone(), exclude=OLD),
        kit.one("pinned", Everyone(), exclude=OLD, pins=(pin("a", "in"), pin("c", "out"))),
    )
    assert found.keys("excluded") == ["c"]
    assert found.keys("pinned") == ["a"]


def test_a_key_pinned_out_by_key_and_in_by_email_stays_out(kit, run):
    found = run(kit.one("s", Everyone(), pins=(pin("a@x.org", "in"), pin("a", "out"))))
    assert found.keys("s") == ["b", "c"]


@pytest.mark.parametrize(("until", "there"), [(dt.date(2026, 3, 31), True), (dt.date(2026, 3, 30), False)])
def test_a_pin_counts_to_the_end_of_its_local_day(kit, run, until, there):
    found = run(kit.one("s", Not(Everyone()), pins=(pin("a", "in", until),)))
    assert found.keys("s") == (["a"] if there else [])
    assert found.pinned.get("s", pl.Series(dtype=pl.Int64)).to_list() == ([0] if there else [])


def test_the_last_day_of_a_pin_is_that_of_the_zone(kit, run):
    late = kit.one(
        "late", Not(Everyone()), "Pacific/Kiritimati", pins=(pin("a", "in", dt.date(2026, 3, 31)),)
    )
    assert run(late).keys("late") == []


def test_pins_stand_on_static_segments_too(kit, run):
    found = run(kit.one("s", members=("a", "b"), pins=(pin("b", "out"), pin("c", "in"))))
    assert found.keys("s") == ["a", "c"]
    assert found.kept_out["s"].to_list() == [1]


def test_members_are_named_by_key_or_by_email_in_any_case(kit, run):
    found = run(kit.one("s", members=("A@X.ORG", "b@x.org", "c", "C", "nobody@x.org")))
    assert found.keys("s") == ["a", "b", "c"]
    assert found.pending["s"] == ("C", "nobody@x.org")


def test_a_key_is_a_key_before_it_is_an_email(kit, run, frames):
    contacts = frames["contacts"].with_columns(contact_id=pl.Series(["a", "a@x.org", "c"]))
    assert run(kit.one("s", members=("a@x.org",)), contacts=contacts).keys("s") == ["a@x.org"]


def test_unknown_keys_of_pins_are_pending_those_of_ended_pins_are_not(kit, run):
    found = run(kit.one("s", Everyone(), pins=(pin("x", "in"), pin("y", "out", dt.date(2026, 1, 1)))))
    assert found.pending == {"s": ("x",)}


def test_an_inactive_segment_is_not_evaluated(kit, run):
    assert run(kit.one("s", Everyone(), active=False), kit.one("t", Everyone())).members.keys() == {"t"}


def test_no_objects_no_members(kit, run, frames):
    found = run(
        kit.one("s", All((OLD, BOUGHT))), kit.one("t", members=("a",)), contacts=frames["contacts"].clear()
    )
    assert found.keys("s") == found.keys("t") == []
    assert found.pending == {"t": ("a",)}


def test_a_leaf_of_several_segments_is_computed_once(kit):
    leaves = distinct_leaves([kit.one("a", All((OLD, BOUGHT))), kit.one("b", All((Not(OLD), NAMED)))])
    assert [leaf.node for leaf in leaves] == [OLD, BOUGHT, NAMED]


def test_leaves_of_two_zones_are_two_leaves(kit):
    assert len(distinct_leaves([kit.one("a", OLD), kit.one("b", OLD, "Europe/Paris")])) == 2


def test_places_in_files_tell_no_leaves_apart():
    here, there = (Compare(OLD.operand, "equals", 1, at=Position("f", line, 1)) for line in (1, 2))
    assert here == there
    assert hash(here) == hash(there)


MISSING = [
    (OLD, {"contacts": "age"}, "column `age` of table `contacts` is missing"),
    (LARGE, {"companies": "staff"}, "column `staff` of table `companies` is missing"),
    (LARGE, {"contacts": "company_id"}, "column `company_id` of table `contacts` is missing"),
    (BOUGHT, {"activities": "kind"}, "column `kind` of table `activities` is missing"),
    (LINKED, {"activities": "link"}, "column `link` of table `activities` is missing"),
    (DEALT, {"deals": "contact_id"}, "column `contact_id` of table `deals` is missing"),
    (DEALT, {"deals": "closed_at"}, "column `closed_at` of table `deals` is missing"),
    (PLANNED, {"values": "value_text"}, "column `value_text` of table `values` is missing"),
    (PLANNED, {"values": "contact_id"}, "column `contact_id` of table `values` is missing"),
]


@pytest.mark.parametrize(("rule", "dropped", "cause"), MISSING)
def test_a_missing_column_fails_whom_it_concerns(kit, run, frames, rule, dropped, cause):
    ((table, column),) = dropped.items()
    found = run(kit.one("bad", rule), kit.one("good", NAMED), **{table: frames[table].drop(column)})
    assert found.failed == {"bad": Failure(cause, ("bad",))}
    assert found.keys("good") == ["a", "c"]


@pytest.mark.parametrize(
    ("rule", "table"),
    [(LARGE, "companies"), (BOUGHT, "activities"), (DEALT, "deals"), (PLANNED, "values")],
)
def test_a_missing_table_fails_whom_it_concerns(kit, run, rule, table):
    found = run(kit.one("bad", rule), kit.one("good", NAMED), without=(table,))
    assert found.failed == {"bad": Failure(f"table `{table}` has not been imported", ("bad",))}
    assert found.keys("good") == ["a", "c"]


@pytest.mark.parametrize(
    ("rule", "table", "column", "kind", "cause"),
    [
        (OLD, "contacts", "age", pl.String(), "column `age` of table `contacts` is String"),
        (BOUGHT, "activities", "at", pl.Datetime("us"), "column `at` of table `activities` is Datetime"),
        (TAGGED, "contacts", "tags", pl.List(pl.Int64()), "column `tags` of table `contacts` is List"),
        (PLANNED, "values", "value_text", pl.Int64(), "column `value_text` of table `values` is Int64"),
    ],
)  # fmt: skip
def test_a_retyped_column_fails_whom_it_concerns(kit, run, frames, rule, table, column, kind, cause):
    retyped = frames[table].with_columns(pl.lit(None, dtype=kind).alias(column))
    found = run(kit.one("bad", rule), kit.one("good", NAMED), **{table: retyped})
    assert found.failed.keys() == {"bad"}
    assert found.failed["bad"].cause.startswith(cause)


def test_a_table_of_objects_that_is_missing_fails_all_of_that_object(kit, run):
    found = run(kit.one("s", NAMED), kit.one("t", Everyone()), without=("contacts",))
    assert {failure.cause for failure in found.failed.values()} == {"table `contacts` has not been imported"}
    assert found.failed.keys() == {"s", "t"}


def test_members_by_email_need_the_column_of_emails(kit, run, frames):
    contacts = frames["contacts"].drop("email")
    found = run(kit.one("bad", members=("a@x.org",)), kit.one("good", members=("a",)), contacts=contacts)
    assert found.failed["bad"].cause == "column `email` of table `contacts` is missing"
    assert found.keys("good") == ["a"]


def test_dependents_fail_with_the_path_to_the_cause(kit, run, frames):
    found = run(
        kit.one("first", OLD),
        kit.one("second", All((NAMED, InSegment("first")))),
        kit.one("third", Everyone(), exclude=InSegment("second")),
        kit.one("apart", NAMED),
        contacts=frames["contacts"].drop("age"),
    )
    assert {name: failure.path for name, failure in found.failed.items()} == {
        "first": ("first",), "second": ("second", "first"), "third": ("third", "second", "first"),
    }  # fmt: skip
    assert len({failure.cause for failure in found.failed.values()}) == 1
    assert found.members.keys() == {"apart"}


def test_a_naive_instant_is_refused(kit, frames):
    with pytest.raises(ValueError, match="has no offset"):
        evaluate(kit.of(kit.one("s", NAMED)), frames, dt.datetime(2026, 1, 1))


def test_values_of_the_row_and_of_the_other_table_stand_side_by_side(kit, run, frames):
    """A frame may hold a struct's field on the object's row for some, its table for others."""
    contacts = frames["contacts"].with_columns(pl.Series("custom.plan", ["pro", None, None]))
    values = pl.DataFrame(
        {"contact_id": ["a", "b", "c"], "field_name": ["plan"] * 3, "value_text": ["free", "pro", "free"]}
    ).match_to_schema(frames["values"].schema, missing_columns="insert")
    assert run(kit.one("s", PLANNED), contacts=contacts, values=values).keys("s") == ["a", "b"]


def test_a_long_list_of_days_is_searched_as_a_short_one(kit, run, frames):
    born = [dt.date(2000, 1, 1), dt.date(2000, 1, 2), dt.date(1970, 1, 1)]
    contacts = frames["contacts"].with_columns(born=pl.Series(born))
    every_other = tuple(Day(dt.date(1990, 1, 1) + dt.timedelta(days=2 * n)) for n in range(5000))
    rule = Compare(Field(("born",), Date()), "in", every_other)
    odd = [key for key, one in zip("abc", born, strict=True) if one in {day.date for day in every_other}]
    assert run(kit.one("s", rule), contacts=contacts).keys("s") == odd != []


def test_a_list_of_a_hundred_thousand_values_works(kit, run):
    rule = Compare(Field(("name",), Text()), "in", (*(f"name {n}" for n in range(100_000)), "Cy"))
    assert run(kit.one("s", rule), kit.one("t", Not(rule))).keys("s") == ["c"]


@pytest.mark.parametrize(
    ("weight", "millionths"), [(5e-7, 0), (1.5e-6, 2), (2.5e-6, 2), (-5e-7, 0), (-1.5e-6, -2)]
)
def test_a_number_is_computed_with_in_millionths_halves_to_even(kit, run, frames, weight, millionths):
    row = {"activity_id": ["e"], "contact_id": ["a"], "kind": ["click"], "at": [AS_OF], "weight": [weight]}
    events = pl.DataFrame(row, schema_overrides={"at": pl.Datetime("us", "UTC")}).match_to_schema(
        frames["activities"].schema, missing_columns="insert"
    )
    total = Measure(Events("activities", ("click",)), "sum", Decimal(6), Field(("weight",), Number()))
    rule = Compare(total, "equals", decimal.Decimal(millionths).scaleb(-6))
    assert "a" in run(kit.one("s", rule), activities=events).keys("s")
