from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any as Value

import pytest

from segmentation_pipeline.catalog import model, types
from segmentation_pipeline.errors import Position, UsageError
from segmentation_pipeline.rules import moments, windows
from segmentation_pipeline.rules.interpret import examine, examine_segment, holds
from segmentation_pipeline.rules.regex import check_regex
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
    Related,
)
from segmentation_pipeline.rules.world import World

TEXT, INTEGER, NUMBER, BOOLEAN = types.Text(), types.Integer(), types.Number(), types.Boolean()
DATE, DATETIME, MONEY = types.Date(), types.Datetime(), types.Decimal(2)
TAGS, SCORES, MOMENTS = types.ListOf(TEXT), types.ListOf(INTEGER), types.ListOf(DATETIME)
NOWHERE = Position("", 0, 0)
PARIS = "Europe/Paris"
AS_OF = dt.datetime(2026, 4, 1, 10, tzinfo=dt.UTC)


def fields(**kinds: types.FieldType) -> dict[str, model.Field]:
    return {name: model.Field(name, kind) for name, kind in kinds.items()}


CATALOG = model.Catalog(
    objects={
        "contact": model.ObjectType(
            "contact",
            "contacts",
            "contact_id",
            fields={
                **fields(
                    name=TEXT, other=TEXT, age=INTEGER, limit=INTEGER, score=NUMBER, spent=MONEY, ok=BOOLEAN,
                    day=DATE, day_too=DATE, at=DATETIME, at_too=DATETIME, tags=TAGS, scores=SCORES,
                    moments=MOMENTS,
                ),
                "email": model.Field("email", TEXT, form="email"),
            },
            relations={
                "company": model.Relation("company", "company", key="company_id"),
                "deals": model.Relation("deals", "deal", foreign_key="contact_id", time="closed_at"),
                "visits": model.Relation("visits", "visit", foreign_key="contact_id", time="on_day"),
            },
            events=("activities",),
        ),
        "company": model.ObjectType(
            "company",
            "companies",
            "company_id",
            fields=fields(size=TEXT, founded=DATE),
            relations={"country": model.Relation("country", "country", key="country_id")},
        ),
        "country": model.ObjectType("country", "countries", "country_id", fields=fields(code=TEXT)),
        "deal": model.ObjectType(
            "deal",
            "deals",
            "deal_id",
            fields=fields(amount=MONEY, stage=TEXT, closed_at=DATETIME),
            relations={"company": model.Relation("company", "company", key="company_id")},
        ),
        "visit": model.ObjectType("visit", "visits", "visit_id", fields=fields(on_day=DATE, pages=INTEGER)),
    },
    events={
        "activities": model.EventSource(
            "activities",
            "activities",
            "contact_id",
            "type",
            "time",
            "id",
            fields=fields(
                contact_id=TEXT, type=TEXT, time=DATETIME, id=TEXT, revenue=MONEY, weight=NUMBER,
                items=INTEGER, channel=TEXT, shipped=DATETIME,
            ),
            types={"purchase": model.EventType("purchase"), "refund": model.EventType("refund")},
        )
    },
    tables={},
)  # fmt: skip


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


def instant(when: dt.datetime) -> moments.AbsoluteInstant:
    return moments.AbsoluteInstant((when - utc(1970, 1, 1)) // dt.timedelta(microseconds=1))


def day(year: int, month: int, of_month: int) -> moments.Day:
    return moments.Day(dt.date(year, month, of_month))


def world(events: list[dict] | None = None, rows: dict | None = None, **columns: Value) -> World:
    numbered = [{"type": "purchase", "id": f"e{number}", **row} for number, row in enumerate(events or [])]
    return World(
        CATALOG,
        {"contact": {"c": columns}, **(rows or {})},
        AS_OF,
        events={"activities": {"c": numbered}},
        memberships={"vip": {"c"}, "lost": set()},
    )


def check(condition: Value, where: World, zone: str = PARIS) -> bool:
    answer = examine(condition, "contact", "c", where, zone)
    assert answer.holds is holds(condition, "contact", "c", where, zone)
    return answer.holds


def says(kind: types.FieldType, operator: str, value: Value, actual: Value, **options: bool) -> bool:
    compare = Compare(Field(("it",), kind), operator, value, **options)
    return check(compare, world(it=actual))


# groups


YES, NO = Everyone(), Not(Everyone())


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (All((YES, YES)), True),
        (All((YES, NO)), False),
        (Any((NO, YES)), True),
        (Any((NO, NO)), False),
        (Not(NO), True),
        (AtLeast(2, (YES, NO, YES)), True),
        (AtLeast(2, (YES, NO, NO)), False),
        (InSegment("vip"), True),
        (InSegment("lost"), False),
    ],
)
def test_groups_and_embedded_segments(condition, expected):
    assert check(condition, world()) is expected


def test_a_verdict_keeps_every_part_even_where_one_decides():
    verdict = examine(Any((YES, NO, YES)), "contact", "c", world(), PARIS)
    assert [part.holds for part in verdict.parts] == [True, False, True]


def test_a_segment_whose_members_are_unknown_is_an_error():
    with pytest.raises(UsageError, match="unheard"):
        check(InSegment("unheard"), world())


# null


POSITIVE_ON_NULL = [
    (TEXT, "equals", "a"),
    (TEXT, "in", ("a", "b")),
    (TEXT, "contains", "a"),
    (TEXT, "starts_with", "a"),
    (TEXT, "ends_with", ("a", "b")),
    (TEXT, "matches", "a"),
    (INTEGER, "equals", 0),
    (INTEGER, "between", (0, 1)),
    (DATE, "within", windows.Ever()),
    (DATETIME, "on", moments.Day()),
    (DATETIME, "anniversary", moments.Day()),
    (BOOLEAN, "is_true", None),
    (BOOLEAN, "is_false", None),
    (TAGS, "contains", "a"),
    (TAGS, "equals", ("a",)),
    (TAGS, "in", (("a",),)),
]


@pytest.mark.parametrize(("kind", "operator", "value"), POSITIVE_ON_NULL)
def test_null_satisfies_negatives_alone_unless_excluded(kind, operator, value):
    negative = operator.replace("is_", "is_not_") if operator.startswith("is_") else f"not_{operator}"
    assert says(kind, operator, value, None) is False
    assert says(kind, negative, value, None) is True
    assert says(kind, negative, value, None, nulls_excluded=True) is False


@pytest.mark.parametrize(
    "operator", ["less_than", "less_than_or_equal", "greater_than", "greater_than_or_equal"]
)
def test_null_is_neither_less_nor_greater(operator):
    assert says(INTEGER, operator, 0, None) is False


def test_lists_that_are_null_have_none():
    assert says(TAGS, "has_any", ("a",), None) is False
    assert says(TAGS, "has_all", ("a",), None) is False
    assert says(TAGS, "has_none", ("a",), None) is True
    assert says(TAGS, "has_none", ("a",), None, nulls_excluded=True) is False
    assert says(TAGS, "has_none", ("a",), [], nulls_excluded=True) is True


def test_excluding_nulls_leaves_values_to_the_negative():
    assert says(TEXT, "not_equals", "a", "b", nulls_excluded=True) is True
    assert says(TEXT, "not_equals", "a", "a", nulls_excluded=True) is False


@pytest.mark.parametrize("kind", [NUMBER, MONEY])
def test_nan_reads_as_null(kind):
    value = float("nan") if kind is NUMBER else Decimal("NaN")
    assert says(kind, "is_empty", None, value) is True
    assert says(kind, "greater_than", 0, value) is False
    assert says(kind, "not_equals", 0, value) is True


@pytest.mark.parametrize(
    ("kind", "value", "empty"),
    [
        (TEXT, None, True),
        (TEXT, "", True),
        (TEXT, " \t\n\u00a0\u2003", True),
        (TEXT, "\u200b", False),
        (TEXT, "\x1c", False),
        (TEXT, " a ", False),
        (TAGS, None, True),
        (TAGS, [], True),
        (TAGS, [None], True),
        (TAGS, [""], False),
        (INTEGER, 0, False),
        (BOOLEAN, False, False),
        (NUMBER, None, True),
    ],
)
def test_is_empty(kind, value, empty):
    assert says(kind, "is_empty", None, value) is empty
    assert says(kind, "is_not_empty", None, value) is not empty


def test_a_missing_column_and_a_missing_row_are_null():
    condition = Compare(Field(("name",), TEXT), "is_empty")
    assert check(condition, world())
    assert holds(condition, "contact", "nobody", world(), PARIS)


def test_a_value_of_another_type_is_an_error():
    with pytest.raises(UsageError, match="no value of type integer"):
        says(INTEGER, "equals", 5, "5")
    with pytest.raises(UsageError, match="no value of type integer"):
        says(INTEGER, "equals", 1, True)
    with pytest.raises(UsageError, match="no value of type datetime"):
        says(DATETIME, "is_empty", None, dt.datetime(2026, 1, 1))


# text


@pytest.mark.parametrize(
    ("operator", "value", "actual", "expected"),
    [
        ("equals", "Ann", "Ann", True),
        ("equals", "Ann", "ann", False),
        ("equals", "", "", True),
        ("in", ("Ann", "Bob"), "Bob", True),
        ("in", ("Ann", "Bob"), "bob", False),
        ("contains", "50%_", "a 50%_ b", True),
        ("contains", "50%_", "a 500 b", False),
        ("contains", ("x", "b"), "abc", True),
        ("contains", ("x", "y"), "abc", False),
        ("starts_with", ("x", "ab"), "abc", True),
        ("starts_with", "bc", "abc", False),
        ("ends_with", "bc", "abc", True),
        ("ends_with", "ab", "abc", False),
        ("matches", r"b.d", "abcde", True),
        ("matches", r"^b", "abc", False),
        ("matches", r"B", "abc", False),
        ("matches", r"^\p{Greek}+$", "αβγ", True),
    ],
)
def test_text_operators_and_their_complements(operator, value, actual, expected):
    assert says(TEXT, operator, value, actual) is expected
    assert says(TEXT, f"not_{operator}", value, actual) is not expected


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("equals", "STRASSE"),
        ("in", ("x", "Strasse")),
        ("contains", "RASS"),
        ("starts_with", "ST"),
        ("matches", "STR"),
    ],
)
def test_ignoring_case_lowers_both_sides(operator, value):
    assert says(TEXT, operator, value, "Strasse", ignore_case=True) is True
    assert says(TEXT, operator, value, "Straße", ignore_case=True) is (operator in ("starts_with", "matches"))


def test_text_is_compared_after_composition():
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert says(TEXT, "equals", composed, decomposed)
    assert says(TEXT, "equals", decomposed, composed)
    assert says(TEXT, "contains", "\u00e9", decomposed)
    assert not says(TEXT, "contains", "e", decomposed)
    assert says(TEXT, "matches", "f.$", decomposed)
    assert says(TAGS, "has_any", (composed,), [decomposed])


def test_a_regular_expression_that_cannot_be_compiled_says_why():
    assert check_regex("a|b") is None
    assert check_regex("(") == "unclosed group"
    assert "look-around" in str(check_regex("(?=a)"))
    assert "size limit" in str(check_regex("a{1000000}"))


# numbers


@pytest.mark.parametrize(
    ("operator", "value", "true_for", "false_for"),
    [
        ("equals", 5, [5], [4, 6]),
        ("in", (1, 5), [1, 5], [0, 3]),
        ("greater_than", 5, [6], [5]),
        ("greater_than_or_equal", 5, [5], [4]),
        ("less_than", 5, [4], [5]),
        ("less_than_or_equal", 5, [5], [6]),
        ("between", (2, 4), [2, 4], [1, 5]),
        ("not_between", (2, 4), [1, 5], [2, 4]),
    ],
)
@pytest.mark.parametrize("kind", [INTEGER, NUMBER, MONEY])
def test_numbers(kind, operator, value, true_for, false_for):
    assert [says(kind, operator, value, actual) for actual in true_for] == [True] * len(true_for)
    assert [says(kind, operator, value, actual) for actual in false_for] == [False] * len(false_for)


def test_integers_and_decimals_are_exact():
    assert says(INTEGER, "less_than", 2**53 + 1, 2**53)
    assert says(MONEY, "greater_than", Decimal("12345678901234567890123456789012345.67"),
                Decimal("12345678901234567890123456789012345.68"))  # fmt: skip
    assert says(types.Decimal(4), "equals", 0.1, Decimal("0.1000"))


def test_numbers_are_floats():
    assert says(NUMBER, "equals", 0.1, 0.1)
    assert says(NUMBER, "greater_than", 0.3, 0.1 + 0.2)
    assert says(NUMBER, "greater_than", 1e300, float("inf"))


# booleans


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("is_true", [True, False, False]),
        ("is_not_true", [False, True, True]),
        ("is_false", [False, True, False]),
        ("is_not_false", [True, False, True]),
    ],
)
def test_booleans(operator, expected):
    assert [says(BOOLEAN, operator, None, value) for value in (True, False, None)] == expected


def test_booleans_equal_what_they_are():
    assert says(BOOLEAN, "equals", False, False)
    assert says(BOOLEAN, "not_equals", True, False)
    assert says(BOOLEAN, "in", (True, False), False)


# dates and datetimes: 31 March 2026 in Paris is [30 March 22:00Z, 31 March 22:00Z)


LAST, FIRST, NEXT = utc(2026, 3, 30, 21, 59, 59, 999_999), utc(2026, 3, 30, 22), utc(2026, 3, 31, 22)
INSIDE_END = utc(2026, 3, 31, 21, 59, 59, 999_999)


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("equals", [False, True, True, False]),
        ("on", [False, True, True, False]),
        ("not_on", [True, False, False, True]),
        ("before", [True, False, False, False]),
        ("less_than", [True, False, False, False]),
        ("on_or_before", [True, True, True, False]),
        ("less_than_or_equal", [True, True, True, False]),
        ("after", [False, False, False, True]),
        ("greater_than", [False, False, False, True]),
        ("on_or_after", [False, True, True, True]),
        ("greater_than_or_equal", [False, True, True, True]),
    ],
)
def test_a_day_against_a_datetime_is_the_whole_local_day(operator, expected):
    bound = day(2026, 3, 31)
    assert [says(DATETIME, operator, bound, t) for t in (LAST, FIRST, INSIDE_END, NEXT)] == expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("equals", [False, True, False]),
        ("before", [True, False, False]),
        ("on_or_before", [True, True, False]),
        ("after", [False, False, True]),
        ("on_or_after", [False, True, True]),
    ],
)
def test_a_date_is_compared_as_a_calendar_day(operator, expected):
    days = [dt.date(2026, 3, 30), dt.date(2026, 3, 31), dt.date(2026, 4, 1)]
    assert [says(DATE, operator, day(2026, 3, 31), value) for value in days] == expected
    # the instant lies on 31 March in Paris, though on the 30th in UTC
    assert [says(DATE, operator, instant(FIRST), value) for value in days] == expected


def test_an_instant_against_a_datetime_is_one_microsecond():
    tick = dt.timedelta(microseconds=1)
    bound = instant(FIRST)
    assert [says(DATETIME, "equals", bound, t) for t in (FIRST - tick, FIRST, FIRST + tick)] == [
        False,
        True,
        False,
    ]
    assert [says(DATETIME, "after", bound, t) for t in (FIRST, FIRST + tick)] == [False, True]
    assert [says(DATETIME, "before", bound, t) for t in (FIRST - tick, FIRST)] == [True, False]


def test_between_days_includes_both_whole_days():
    march = (day(2026, 3, 1), day(2026, 3, 31))
    edges = [utc(2026, 2, 28, 22, 59, 59, 999_999), utc(2026, 2, 28, 23), INSIDE_END, NEXT]
    assert [says(DATETIME, "between", march, t) for t in edges] == [False, True, True, False]
    days = [dt.date(2026, 2, 28), dt.date(2026, 3, 1), dt.date(2026, 3, 31), dt.date(2026, 4, 1)]
    assert [says(DATE, "not_between", march, value) for value in days] == [True, False, False, True]


def test_in_takes_several_days():
    some = (day(2026, 3, 31), day(2026, 4, 2))
    assert [says(DATETIME, "in", some, t) for t in (FIRST, NEXT, utc(2026, 4, 2, 12))] == [True, False, True]
    assert says(MOMENTS, "has_all", some, [FIRST, utc(2026, 4, 2, 12)])
    assert not says(MOMENTS, "has_all", some, [FIRST])


def test_within_a_rolling_window_on_datetimes_and_dates():
    last = windows.Rolling("last", 2, "day")
    tick = dt.timedelta(microseconds=1)
    start = AS_OF - dt.timedelta(days=2)
    edges = [start, start + tick, AS_OF, AS_OF + tick]
    assert [says(DATETIME, "within", last, t) for t in edges] == [False, True, True, False]
    assert [says(DATETIME, "not_within", last, t) for t in edges] == [True, False, False, True]
    days = [dt.date(2026, 3, 30), dt.date(2026, 3, 31), dt.date(2026, 4, 1), dt.date(2026, 4, 2)]
    assert [says(DATE, "within", last, value) for value in days] == [False, True, True, False]


def test_a_field_may_lie_in_the_future():
    assert says(DATETIME, "within", windows.Rolling("next", 2, "day"), AS_OF + dt.timedelta(days=1))
    assert says(DATETIME, "within", windows.Ever(), AS_OF + dt.timedelta(days=999))


def test_a_window_without_one_bound():
    since = windows.Bounds(lower=day(2026, 3, 31))
    assert [says(DATETIME, "within", since, t) for t in (LAST, FIRST, utc(2999, 1, 1))] == [False, True, True]


def test_anniversaries_are_of_the_local_day():
    today = moments.Day()
    assert says(DATE, "anniversary", today, dt.date(1990, 4, 1))
    assert not says(DATE, "anniversary", today, dt.date(1990, 4, 2))
    assert says(DATETIME, "anniversary", today, utc(1990, 3, 31, 22, 30))
    assert says(DATETIME, "not_anniversary", today, utc(1990, 3, 31, 21, 30))
    assert says(DATE, "anniversary", windows.Rolling("next", 7, "day"), dt.date(1990, 4, 7))
    assert not says(DATE, "anniversary", windows.Rolling("next", 7, "day"), dt.date(1990, 3, 31))


def test_29_february_falls_on_28_in_a_common_year():
    assert says(DATE, "anniversary", day(2026, 2, 28), dt.date(2000, 2, 29))
    assert not says(DATE, "anniversary", day(2028, 2, 28), dt.date(2000, 2, 29))


# lists


@pytest.mark.parametrize(
    ("operator", "value", "true_for", "false_for"),
    [
        ("has_any", ("a", "b"), [["b", "x"], ["a", None]], [["x"], [], [None], ["A"]]),
        ("has_all", ("a", "b"), [["b", "a", "x"]], [["a"], []]),
        ("has_none", ("a", "b"), [["x"], [], ["A"]], [["a", "x"]]),
        ("equals", ("a", "b"), [["b", "a"], ["a", "b", "b", None]], [["a"], ["a", "b", "c"], [], ["A", "b"]]),
        ("not_equals", ("a", "b"), [["a"]], [["a", "b"]]),
        ("in", (("a",), ("a", "b")), [["b", "a"], ["a", None]], [["b"], []]),
        ("contains", "a", [["a", "x"]], [["ab"], ["A"], []]),
        ("contains", ("a", "b"), [["b"]], [["c"]]),
        ("not_contains", "a", [["ab"], []], [["a"]]),
    ],
)
def test_lists(operator, value, true_for, false_for):
    assert [says(TAGS, operator, value, actual) for actual in true_for] == [True] * len(true_for)
    assert [says(TAGS, operator, value, actual) for actual in false_for] == [False] * len(false_for)


def test_lists_ignore_case_where_the_rule_does():
    assert says(TAGS, "contains", "VIP", ["vip"], ignore_case=True)
    assert says(TAGS, "has_all", ("A", "b"), ["a", "B"], ignore_case=True)


def test_lists_of_numbers():
    assert says(SCORES, "has_any", (3, 5), [5])
    assert not says(SCORES, "contains", 3, [5])


# parents


PARENTS = {
    "company": {"k": {"size": "1-10", "country_id": "fr"}, "lone": {"country_id": "unknown"}},
    "country": {"fr": {"code": "FR"}},
}


@pytest.mark.parametrize(
    ("company", "expected"), [("k", True), ("lone", False), ("missing", False), (None, False)]
)
def test_a_parent_field_is_null_where_its_relation_leads_nowhere(company, expected):
    code = Field(("company", "country", "code"), TEXT)
    where = world(rows=PARENTS, company_id=company)
    assert check(Compare(code, "equals", "FR"), where) is expected
    assert check(Compare(code, "is_empty"), where) is not expected


# field against field


def against(
    left: str, kind: Value, operator: str, right: str, right_kind: Value, /, **columns: Value
) -> bool:
    return check(Compare(Field((left,), kind), operator, Field((right,), right_kind)), world(**columns))


def test_fields_against_fields_of_the_same_type():
    assert against("name", TEXT, "equals", "other", TEXT, name="cafe\u0301", other="caf\u00e9")
    assert against("age", INTEGER, "greater_than", "limit", INTEGER, age=2**53 + 1, limit=2**53)
    assert not against("age", INTEGER, "greater_than", "limit", INTEGER, age=5, limit=5)
    assert against("at", DATETIME, "before", "at_too", DATETIME, at=LAST, at_too=FIRST)
    assert not against("at", DATETIME, "on", "at_too", DATETIME, at=FIRST, at_too=INSIDE_END)


def test_fields_against_fields_that_are_null():
    for columns in ({"age": None, "limit": 5}, {"age": 5, "limit": None}, {}):
        assert not against("age", INTEGER, "equals", "limit", INTEGER, **columns)
        assert not against("age", INTEGER, "less_than", "limit", INTEGER, **columns)
        assert against("age", INTEGER, "not_equals", "limit", INTEGER, **columns)
    excluded = Compare(
        Field(("age",), INTEGER), "not_equals", Field(("limit",), INTEGER), nulls_excluded=True
    )
    assert not check(excluded, world(age=5))


def test_a_number_field_draws_the_comparison_into_floats():
    assert against("age", INTEGER, "equals", "score", NUMBER, age=2**53 + 1, score=float(2**53))
    assert against("spent", MONEY, "equals", "score", NUMBER, spent=Decimal("0.10"), score=0.1)


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("on", [False, True, True, False]),
        ("before", [True, False, False, False]),
        ("after", [False, False, False, True]),
    ],
)
def test_a_datetime_against_a_date_compares_local_days(operator, expected):
    times = (LAST, FIRST, INSIDE_END, NEXT)
    the_31st = dt.date(2026, 3, 31)
    assert [against("at", DATETIME, operator, "day", DATE, at=t, day=the_31st) for t in times] == expected
    mirrored = {"on": "on", "before": "after", "after": "before"}[operator]
    assert [against("day", DATE, mirrored, "at", DATETIME, at=t, day=the_31st) for t in times] == expected


def test_a_verdict_keeps_both_values():
    compare = Compare(Field(("age",), INTEGER), "less_than", Field(("limit",), INTEGER))
    verdict = examine(compare, "contact", "c", world(age=3, limit=4), PARIS)
    assert (verdict.value, verdict.other) == (3, 4)


# measures over events


PURCHASES = Events("activities", ("purchase",))


def measure(name: str, of: str | None = None, **more: Value) -> Measure:
    column = Field((of,), CATALOG.events["activities"].fields[of].type) if of else None
    kinds = {"avg": types.Decimal(18), "first": column and column.type, "last": column and column.type}
    kind = kinds.get(name) or (INTEGER if column is None or name == "count_distinct" else column.type)
    return Measure(PURCHASES, name, types.Decimal(6) if kind == NUMBER else kind, column, **more)


def value(of: Measure, *events: dict) -> Value:
    stamped = [{"time": AS_OF - dt.timedelta(hours=len(events) - n), **row} for n, row in enumerate(events)]
    return examine(Compare(of, "is_not_empty"), "contact", "c", world(stamped), PARIS).value


def test_counts_and_sums_are_zero_without_events_and_the_rest_null():
    assert value(measure("count")) == 0
    assert value(measure("sum", "revenue")) == 0
    assert value(measure("count_distinct", "revenue")) == 0
    for name in ("avg", "min", "max", "first", "last"):
        assert value(measure(name, "revenue")) is None
    for name in ("days_since_first", "days_since_last"):
        assert value(measure(name)) is None


def test_a_count_of_zero_is_at_most_three():
    assert check(Compare(measure("count"), "equals", 0), world())
    assert check(Compare(measure("count"), "less_than_or_equal", 3), world())
    assert not check(Compare(measure("avg", "revenue"), "less_than", 3), world())


def test_nulls_are_skipped_but_by_first_and_last():
    rows = [{"revenue": None}, {"revenue": Decimal(3)}, {"revenue": Decimal(1)}, {"revenue": None}]
    assert value(measure("sum", "revenue"), *rows) == 4
    assert value(measure("avg", "revenue"), *rows) == 2
    assert value(measure("min", "revenue"), *rows) == 1
    assert value(measure("max", "revenue"), *rows) == 3
    assert value(measure("count_distinct", "revenue"), *rows) == 2
    assert value(measure("first", "revenue"), *rows) is None
    assert value(measure("last", "revenue"), *rows) is None
    assert value(measure("count"), *rows) == 4


def test_only_nulls_sum_to_zero_and_have_no_average():
    assert value(measure("sum", "revenue"), {"revenue": None}) == 0
    assert value(measure("avg", "revenue"), {"revenue": None}) is None


def test_only_events_of_the_types_asked_for_count():
    rows = [{"type": "refund", "time": AS_OF}, {"type": "purchase", "time": AS_OF}]
    assert check(Compare(measure("count"), "equals", 1), world(rows))
    both = Measure(Events("activities", ("purchase", "refund")), "count", INTEGER)
    assert check(Compare(both, "equals", 2), world(rows))


def test_events_after_as_of_are_invisible():
    tick = dt.timedelta(microseconds=1)
    rows = [{"time": AS_OF}, {"time": AS_OF + tick}]
    assert check(Compare(measure("count"), "equals", 1), world(rows))
    since = windows.Bounds(lower=day(2026, 1, 1))
    assert check(Compare(measure("count", within=since), "equals", 1), world(rows))


def test_a_window_bounds_the_time_of_events():
    start = AS_OF - dt.timedelta(days=30)
    rows = [{"time": start}, {"time": start + dt.timedelta(microseconds=1)}, {"time": AS_OF}]
    last = windows.Rolling("last", 30, "day")
    assert check(Compare(measure("count", within=last), "equals", 2), world(rows))


def test_where_selects_rows_with_all_of_the_language():
    rows = [{"time": AS_OF, "channel": name} for name in ("web", "Web", None)]
    channel = Field(("channel",), TEXT)
    web = Compare(channel, "equals", "web")
    assert check(Compare(measure("count", where=web), "equals", 1), world(rows))
    assert check(Compare(measure("count", where=Not(web)), "equals", 2), world(rows))
    other = Compare(channel, "not_equals", "web", nulls_excluded=True)
    assert check(Compare(measure("count", where=other), "equals", 1), world(rows))


def test_two_events_at_one_instant_are_two():
    assert check(Compare(measure("count"), "equals", 2), world([{"time": AS_OF}, {"time": AS_OF}]))


def test_first_and_last_break_ties_by_the_id_as_text():
    rows = [{"time": AS_OF, "id": id_, "channel": id_} for id_ in ("9", "10", "a")]
    assert check(Compare(measure("first", "channel"), "equals", "10"), world(rows))
    assert check(Compare(measure("last", "channel"), "equals", "a"), world(rows))


def test_first_and_last_go_by_time_before_id():
    rows = [{"time": AS_OF, "id": "a", "items": 1}, {"time": AS_OF - dt.timedelta(1), "id": "b", "items": 2}]
    assert check(Compare(measure("first", "items"), "equals", 2), world(rows))
    assert check(Compare(measure("last", "items"), "equals", 1), world(rows))


def test_an_average_compares_exactly():
    third = measure("avg", "revenue")
    rows = [{"time": AS_OF, "revenue": Decimal(n)} for n in ("0.33", "0.33", "0.34")]
    assert check(Compare(third, "less_than", Decimal("0.333333333333333334")), world(rows))
    assert check(Compare(third, "greater_than", Decimal("0.333333333333333333")), world(rows))
    tenth = [{"time": AS_OF, "revenue": Decimal("0.1")}] * 3
    assert check(Compare(third, "equals", Decimal("0.1")), world(tenth))


def test_sums_are_exact_beyond_28_digits():
    rows = [
        {"time": AS_OF, "revenue": Decimal("99999999999999999999999999999999999.99")},
        {"time": AS_OF, "revenue": Decimal("0.01")},
    ]
    assert check(Compare(measure("sum", "revenue"), "equals", Decimal(10) ** 35), world(rows))


def test_numbers_are_taken_in_millionths():
    rows = [{"weight": 0.1}, {"weight": 0.2}]
    assert value(measure("sum", "weight"), *rows) == Decimal("0.300000")
    assert value(measure("max", "weight"), {"weight": 1.00000049}) == Decimal(1)
    assert value(measure("min", "weight"), {"weight": 0.0000025}) == Decimal("0.000002")
    assert value(measure("first", "weight"), {"weight": 0.1234567}) == Decimal("0.123457")
    assert value(measure("count_distinct", "weight"), {"weight": 0.3}, {"weight": 0.1 + 0.2}) == 1


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf")])
def test_a_measure_reads_what_is_no_finite_number_as_null(odd):
    rows = [{"weight": 1.0}, {"weight": odd}]
    assert value(measure("sum", "weight"), *rows) == 1
    assert value(measure("avg", "weight"), *rows) == 1
    assert value(measure("max", "weight"), *rows) == 1
    assert value(measure("min", "weight"), *rows) == 1
    assert value(measure("last", "weight"), *rows) is None


@pytest.mark.parametrize(("microseconds", "expected"), [(0, 2), (-1, 1), (1, 2)])
def test_days_since_count_whole_periods_of_24_hours(microseconds, expected):
    two_days_ago = AS_OF - dt.timedelta(days=2, microseconds=microseconds)
    rows = [{"time": two_days_ago}]
    assert check(Compare(measure("days_since_last"), "equals", expected), world(rows))


def test_days_since_the_first_and_the_last():
    rows = [{"time": AS_OF - dt.timedelta(days=n, hours=1)} for n in (1, 5, 3)]
    assert check(Compare(measure("days_since_first"), "equals", 5), world(rows))
    assert check(Compare(measure("days_since_last"), "equals", 1), world(rows))


def test_a_measured_time_is_compared_like_a_field():
    rows = [{"time": AS_OF, "shipped": FIRST}]
    assert check(Compare(measure("max", "shipped"), "on", day(2026, 3, 31)), world(rows))
    assert not check(Compare(measure("max", "shipped"), "before", day(2026, 3, 31)), world(rows))


def test_a_verdict_keeps_the_events_it_counted_in_order():
    rows = [
        {"time": AS_OF, "id": "b"},
        {"time": LAST, "id": "c"},
        {"time": AS_OF, "id": "a", "type": "refund"},
    ]
    verdict = examine(Compare(measure("count"), "equals", 2), "contact", "c", world(rows), PARIS)
    assert [row["id"] for row in verdict.rows] == ["c", "b"]


# measures over related rows


DEALS = {
    "deal": {
        "d1": {
            "contact_id": "c",
            "amount": Decimal(10),
            "stage": "won",
            "closed_at": AS_OF,
            "company_id": "k",
        },
        "d2": {"contact_id": "c", "amount": Decimal(20), "stage": "lost", "closed_at": None},
        "d3": {"contact_id": "c", "amount": Decimal(40), "closed_at": AS_OF + dt.timedelta(microseconds=1)},
        "d4": {"contact_id": "x", "amount": Decimal(80), "closed_at": AS_OF},
        "d5": {"contact_id": None, "amount": Decimal(80), "closed_at": AS_OF},
        "d0": {"contact_id": "c", "amount": Decimal(5), "closed_at": None},
    },
    **PARENTS,
}
AMOUNT = Field(("amount",), MONEY)


def deals(name: str = "count", of: Field | None = None, **more: Value) -> Value:
    asked = Measure(Related("deals", "deal"), name, of.type if of else INTEGER, of, **more)
    return examine(Compare(asked, "is_not_empty"), "contact", "c", world(rows=DEALS), PARIS).value


def test_related_rows_point_at_the_object_and_are_not_in_the_future():
    assert deals() == 3
    assert deals("sum", AMOUNT) == 35


def test_related_rows_without_a_time_lie_outside_every_window():
    assert deals(within=windows.Rolling("last", 1, "day")) == 1
    assert deals(within=windows.Ever()) == 1


def test_related_rows_without_a_time_come_first_by_key():
    assert deals("first", AMOUNT) == 5
    assert deals("last", AMOUNT) == 10


def test_days_since_skip_related_rows_without_a_time():
    assert deals("days_since_first") == 0


def test_where_on_related_rows_sees_their_fields_and_parents():
    assert deals(where=Compare(Field(("stage",), TEXT), "equals", "won")) == 1
    assert deals(where=Compare(Field(("company", "size"), TEXT), "equals", "1-10")) == 1
    assert deals(where=Compare(Field(("company", "size"), TEXT), "is_empty")) == 2


def test_related_rows_timed_by_a_date_go_by_the_local_day():
    visits = {
        "visit": {
            str(n): {"contact_id": "c", "on_day": dt.date(2026, 4, 1) + dt.timedelta(n), "pages": n}
            for n in (-2, -1, 0, 1)
        }
    }
    asked = Measure(Related("visits", "visit"), "count", INTEGER, within=windows.Rolling("last", 2, "day"))
    assert check(Compare(asked, "equals", 2), world(rows=visits))
    since = Measure(Related("visits", "visit"), "days_since_first", INTEGER)
    assert check(Compare(since, "equals", 2), world(rows=visits))
    # on 1 April at 10:00Z it is already 2 April in Kiritimati
    later = Measure(Related("visits", "visit"), "count", INTEGER)
    assert check(Compare(later, "equals", 3), world(rows=visits))
    assert check(Compare(later, "equals", 4), world(rows=visits), zone="Pacific/Kiritimati")


# segments


def segment(**more: Value) -> Segment:
    given = {"where": Everyone(), "type": "dynamic", **more}
    return Segment("s", "S", object="contact", time_zone=PARIS, hash="", at=NOWHERE, **given)


def pin(put: Value, until: dt.date | None = None, key: str = "c") -> Pin:
    return Pin(key, put, "asked for", until, NOWHERE)


@pytest.mark.parametrize(
    ("rule", "member", "decided_by"),
    [
        (segment(), True, "where"),
        (segment(where=NO), False, "where"),
        (segment(exclude=YES), False, "exclude"),
        (segment(exclude=NO), True, "where"),
        (segment(exclude=YES, pins=(pin("in"),)), True, "pin"),
        (segment(pins=(pin("out"),)), False, "pin"),
        (segment(pins=(pin("out", key="other"),)), True, "where"),
        (segment(where=None, members=("x", "c")), True, "members"),
        (segment(where=None, members=("x",)), False, "members"),
        (segment(where=None, members=()), False, "members"),
        (segment(where=None, members=("c",), exclude=YES), False, "exclude"),
    ],
)
def test_pins_win_over_exclude_and_exclude_over_the_rest(rule, member, decided_by):
    verdict = examine_segment(rule, "c", world())
    assert (verdict.member, verdict.decided_by) == (member, decided_by)


def test_a_static_segment_takes_emails_in_any_case():
    rule = segment(where=None, members=("ANN@example.com",))
    assert examine_segment(rule, "c", world(email="Ann@example.com")).member
    assert not examine_segment(rule, "c", world(email="bob@example.com")).member
    assert not examine_segment(rule, "c", world()).member


def test_a_pin_may_name_an_email():
    rule = segment(pins=(pin("out", key="ann@example.com"),))
    assert examine_segment(rule, "c", world(email="Ann@example.com")).decided_by == "pin"


def test_a_name_that_is_the_key_of_another_is_no_email():
    rule = segment(where=None, members=("ann@example.com",))
    rows = {"contact": {"c": {"email": "ann@example.com"}, "ann@example.com": {}}}
    where = world(rows=rows)
    assert [examine_segment(rule, key, where).member for key in rows["contact"]] == [False, True]


def test_a_pin_lasts_to_the_end_of_its_local_day():
    assert examine_segment(segment(where=NO, pins=(pin("in", dt.date(2026, 4, 1)),)), "c", world()).member
    assert not examine_segment(
        segment(where=NO, pins=(pin("in", dt.date(2026, 3, 31)),)), "c", world()
    ).member


def test_an_unknown_key_is_no_member_even_if_pinned():
    verdict = examine_segment(segment(pins=(pin("in", key="ghost"),)), "ghost", world())
    assert (verdict.member, verdict.decided_by) == (False, "unknown")
