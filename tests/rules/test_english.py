from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from decimal import Decimal

import pytest

from segmentation_pipeline.catalog import types
from segmentation_pipeline.errors import Position
from segmentation_pipeline.rules.english import describe
from segmentation_pipeline.rules.moments import AbsoluteInstant, Day, LocalInstant, RelativeInstant
from segmentation_pipeline.rules.operators import OPERATORS, family
from segmentation_pipeline.rules.segment import Pin, Segment
from segmentation_pipeline.rules.tree import (
    All,
    Any,
    AtLeast,
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
    Ratio,
    Related,
    Response,
    Sequence,
    Step,
)
from segmentation_pipeline.rules.windows import Bounds, Complete, Ever, Period, Rolling

NAME, AGE, TAGS = (
    Field(("name",), types.Text()),
    Field(("age",), types.Integer()),
    Field(("tags",), types.ListOf(types.Text())),
)
BORN, SEEN, OK = (
    Field(("born",), types.Date()),
    Field(("seen",), types.Datetime()),
    Field(("ok",), types.Boolean()),
)
FIELDS = (NAME, AGE, TAGS, BORN, SEEN, OK)
BUYS = Events("activities", ("purchase",))
COUNT = Measure(BUYS, "count", types.Integer())
SPENT = Measure(BUYS, "sum", types.Decimal(2), Field(("revenue",), types.Decimal(2)))
DAY = Day(dt.date(2026, 3, 31))
WINDOWS = (
    Rolling("last", 1, "day"),
    Rolling("last", 30, "day"),
    Rolling("next", 30, "day"),
    Rolling("last", 30, "week"),
    Complete("last", 1, "day"),
    Complete("last", 30, "day"),
    Complete("next", 30, "day"),
    Period(0, "day"),
    Period(-1, "day"),
    Period(0, "week"),
    Period(-1, "week"),
    Period(1, "week"),
    Period(-2, "week"),
    Ever(),
    Bounds(DAY, Day()),
    Bounds(DAY, Day(), closed=False),
    Bounds(lower=DAY),
    Bounds(lower=DAY, closed=False),
    Bounds(upper=DAY),
    Bounds(upper=DAY, closed=False),
)
MOMENTS = (
    AbsoluteInstant(0),
    AbsoluteInstant(1),
    LocalInstant(dt.datetime(1970, 1, 1)),
    RelativeInstant(0, "day"),
    RelativeInstant(-1, "day"),
    RelativeInstant(1, "day"),
    RelativeInstant(-1, "month"),
    Day(),
    DAY,
    Day(None, ((-1, "month"),)),
    Day(None, ((-1, "month"), (3, "day"))),
    Day(DAY.date, ((-1, "month"),)),
)
SAMPLES = {
    "text": ("a", "b"),
    "number": (1, Decimal("1.5")),
    "date": MOMENTS,
    "datetime": MOMENTS,
    "boolean": (True, False),
    "list": ("a", "b"),
}


def values(field: Field, takes: str) -> list:
    samples = SAMPLES[family(field.type)]
    match takes:
        case "nothing":
            return [None]
        case "window":
            return list(WINDOWS)
        case "anniversary":
            return [*MOMENTS, *WINDOWS]
        case "pair":
            return [samples[:2], samples[1::-1]]
        case "many":
            return [samples[:1], samples[:2]]
        case "one_or_many":
            return [samples[0], samples[:1], samples[:2]]
        case _:
            return list(samples)


def leaves() -> list:
    found = []
    for field, operator in itertools.product(FIELDS, OPERATORS.values()):
        if family(field.type) in operator.families:
            for value in values(field, operator.takes):
                plain = Compare(field, operator.name, value)
                found.append(plain)
                if operator.positive not in (None, "is_empty"):
                    found.append(replace(plain, nulls_excluded=True))
                if family(field.type) in ("text", "list") and operator.takes != "nothing":
                    found.append(replace(plain, ignore_case=True))
    return found


A, B = Compare(NAME, "equals", "a"), Compare(AGE, "equals", 1)
OTHERS = [
    Everyone(),
    InSegment("a"),
    InSegment("b"),
    Not(A),
    Not(Not(A)),
    All((A, B)),
    Any((A, B)),
    All((B, A)),
    All((A, Any((A, B)))),
    All((A, Any((A,)), B)),
    AtLeast(1, (A, B)),
    AtLeast(2, (A, B)),
    Not(All((A, B))),
    All((Not(A), B)),
    All((Not(All((A,))), B)),
    Compare(NAME, "equals", Field(("other",), types.Text())),
    Compare(NAME, "equals", "the field other"),
    Compare(Field(("company", "name"), types.Text()), "equals", "a"),
    Compare(Field(("company.name",), types.Text()), "equals", "a"),
    Compare(Field(("name equals",), types.Text()), "equals", "a"),
    Compare(NAME, "equals", "1"),
    Compare(NAME, "equals", 'a", or it is null'),
    Compare(COUNT, "equals", 1),
    Compare(SPENT, "equals", 1),
    Compare(replace(SPENT, measure="avg"), "equals", 1),
    Compare(replace(SPENT, of=AGE), "equals", 1),
    Compare(replace(COUNT, where=A), "equals", 1),
    Compare(replace(COUNT, where=Not(A)), "equals", 1),
    All((Compare(replace(COUNT, where=A), "equals", 1), B)),
    All((Compare(replace(COUNT, where=All((A, B))), "equals", 1),)),
    Compare(replace(COUNT, source=Events("activities", ("refund",))), "equals", 1),
    Compare(replace(COUNT, source=Events("activities", ("purchase", "refund"))), "equals", 1),
    Compare(replace(COUNT, source=Related("deals", "deal")), "equals", 1),
    *(Compare(replace(COUNT, within=window), "equals", 1) for window in WINDOWS),
    *(
        Compare(replace(SPENT, measure=name), "is_empty")
        for name in ("min", "max", "first", "last", "count_distinct")
    ),
    *(Compare(replace(COUNT, measure=name), "is_empty") for name in ("days_since_first", "days_since_last")),
]


def test_two_rules_never_read_the_same():
    rules = [*leaves(), *OTHERS]
    read = {}
    for rule in rules:
        assert read.setdefault(describe(rule), rule) == rule
    assert len(read) > 400


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (A, 'name equals "a"'),
        (Compare(NAME, "not_equals", "a"), 'name does not equal "a", or it is null'),
        (
            Compare(NAME, "not_equals", "a", nulls_excluded=True),
            'name does not equal "a", never if it is null',
        ),
        (
            Compare(NAME, "contains", ("a", "b"), ignore_case=True),
            'name contains any of ["a", "b"], ignoring case',
        ),
        (Compare(NAME, "contains", "a"), 'name contains "a", in exactly this case'),
        (Compare(NAME, "is_not_empty"), "name is neither empty nor null"),
        (Compare(TAGS, "has_none", ("a",)), 'tags has none of ["a"], or it is null'),
        (Compare(OK, "is_not_true"), "ok is not true, or it is null"),
        (Compare(AGE, "between", (18, 30)), "age is between 18 and 30, both included"),
        (Compare(COUNT, "not_equals", 3), "the number of purchase events of activities does not equal 3"),
        (
            Compare(replace(SPENT, within=Rolling("last", 90, "day")), "greater_than", Decimal("500.50")),
            "the sum of revenue over purchase events of activities in the last 90 days is greater than 500.5",
        ),
        (Compare(SEEN, "before", Field(("born",), types.Date())), "seen is before the field born"),
        (
            Compare(NAME, "not_equals", Field(("company", "name"), types.Text())),
            "name does not equal the field company's name, or either is null",
        ),
    ],
)
def test_leaves_read_as_sentences(rule, text):
    assert describe(rule) == text


def test_groups_are_indented():
    text = describe(All((A, Any((B, Not(InSegment("vip")))))))
    assert text.splitlines() == [
        "all of:",
        '  - name equals "a"',
        "  - any of:",
        "      - age equals 1",
        "      - not:",
        "          - is a member of segment vip",
    ]


OPENED = Measure(Events("activities", ("opened",)), "count", types.Integer())
CART, NO_BUY, HELP = Step(("cart",)), Step(("purchase",), negated=True), Step(("help",), B)
EXACT = types.Decimal(18)
FORTNIGHT = RelativeInstant(-14, "day")


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        (
            Compare(Ratio(replace(OPENED, where=A), COUNT, Decimal(5), EXACT), "not_equals", Decimal("0.10")),
            [
                (
                    "the ratio of (the number of opened events of activities) to (the number of "
                    "purchase events of activities; null where that is 0 or below 5) does not equal "
                    "0.1, or it is null"
                ),
                "  numerator counting only rows with:",
                '    - name equals "a"',
            ],
        ),
        (
            Compare(Response(BUYS, 3, ("opened",), "message", types.Integer(), where=A), "equals", 3),
            [
                (
                    "the number of the latest 3 of (purchase events of activities; null without any) "
                    "that have an event opened with the same, non-null message at the same time or "
                    "later equals 3; counting only rows with:"
                ),
                '  - name equals "a"',
            ],
        ),
        (
            Compare(Rank(SPENT, "percentile", "descending", EXACT), "less_than_or_equal", 10),
            [
                (
                    "the position in percent of all ranked by (the sum of revenue over purchase events "
                    "of activities), descending (the first is the largest), among everyone (null where "
                    "the value is null) is at most 10"
                ),
            ],
        ),
        (
            Compare(Rank(AGE, "ntile", "ascending", types.Integer(), "vip", "quantile", 5), "not_equals", 5),
            [
                (
                    "the bucket of 5 between quantiles by (age), ascending (the first is the smallest),"
                    " among the members of segment vip (null outside these and where the value is null)"
                    " does not equal 5, or it is null"
                ),
            ],
        ),
        (
            Compare(replace(COUNT, measure="active_periods", period=3 * 86_400_000_000, each=2), "equals", 0),
            [
                (
                    "the number of whole periods of 3 days, counted back from the end of the window, "
                    "that hold at least 2 purchase events of activities equals 0"
                ),
            ],
        ),
        (
            Compare(replace(COUNT, measure="longest_streak"), "not_equals", 3),
            ["the most consecutive local days with purchase events of activities does not equal 3"],
        ),
        (
            Sequence(
                "activities",
                (NO_BUY, CART, NO_BUY, HELP, NO_BUY),
                gap=2 * 86_400_000_000,
                span=129_600_000_000,
                same=("session",),
                within=Rolling("last", 30, "day"),
            ),
            [
                (
                    "a chain of events of activities, each later than the one before, at most 2 days "
                    "after it, at most 36 hours from first to last, with the same, non-null session, in"
                    " the last 30 days:"
                ),
                "  - no purchase event before, within 2 days",
                "  - a cart event",
                "  - no purchase event in between",
                "  - a help event, with:",
                "      - age equals 1",
                "  - no purchase event after, within 2 days",
            ],
        ),
        (
            InSegment("vip", Entered(Rolling("last", 7, "day"))),
            ["entered segment vip in the last 7 days, whether or not still in it"],
        ),
        (
            InSegment("vip", Left(Rolling("last", 7, "day"))),
            ["left segment vip in the last 7 days, whether or not back in it"],
        ),
        (
            InSegment("vip", MemberFor(FORTNIGHT, RelativeInstant(-3, "month"))),
            [
                (
                    "is a published member of segment vip, last entered 14 days ago or before and 3 "
                    "months ago or after"
                )
            ],
        ),
        (
            InSegment("vip", PublishedAt(DAY)),
            ["was a published member of segment vip at the end of the day 2026-03-31"],
        ),
        (
            On("company", "firm", A),
            ["has a company (a row of firm) with:", '  - name equals "a"'],
        ),
    ],
)
def test_the_rest_of_the_language_reads_as_sentences(rule, lines):
    assert describe(rule).splitlines() == lines


NEGATIVES = [operator for operator in OPERATORS.values() if operator.positive is not None]


@pytest.mark.parametrize("operator", NEGATIVES, ids=lambda operator: operator.name)
def test_every_negative_says_what_null_does(operator):
    field = next(field for field in FIELDS if family(field.type) in operator.families)
    rule = Compare(field, operator.name, values(field, operator.takes)[0])
    assert "null" in describe(rule)
    assert "null" in describe(replace(rule, nulls_excluded=True))


def test_a_segment_says_everything_that_decides():
    at = Position("", 0, 0)
    pins = (
        Pin("c-1", "in", "beta", dt.date(2026, 12, 31), at),
        Pin("c-2", "out", "asked", None, at),
    )
    segment = Segment(
        "s", "S", "dynamic", "contact", "Europe/Paris", "", at, where=A, exclude=InSegment("gone"), pins=pins
    )
    assert describe(segment).splitlines() == [
        "dynamic segment s of contact, days in Europe/Paris",
        "members:",
        '  - name equals "a"',
        "never:",
        "  - is a member of segment gone",
        'pinned in, whatever the rules say: "c-1" until the end of 2026-12-31 (beta)',
        'pinned out, whatever the rules say: "c-2" (asked)',
    ]


def test_a_static_segment_lists_its_members():
    segment = Segment(
        "s",
        "S",
        "static",
        "contact",
        "UTC",
        "",
        Position("", 0, 0),
        members=("c-1", "ann@example.com"),
        active=False,
    )
    assert describe(segment).splitlines() == [
        "static segment s of contact, days in UTC, inactive",
        "members, by key or e-mail:",
        '  - "c-1"',
        '  - "ann@example.com"',
    ]
