"""Medians, streaks and periods, ratios, ranks: on both sides of every edge."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest

from segmentation_pipeline.catalog import types
from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.rules.interpret import examine
from segmentation_pipeline.rules.ranking import rankable, stand
from segmentation_pipeline.rules.tree import Compare, Events, Field, Measure, Rank, Ratio, Related
from segmentation_pipeline.rules.windows import Bounds, Complete, Period, Rolling
from segmentation_pipeline.rules.world import World

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [acts]
    relations: {visits: {object: visit, foreign_key: contact_id, time: on_day}}
    fields: {contact_id: text, score: number, points: integer, spent: decimal(2), born: date, seen: datetime}
  visit: {table: visits, key: visit_id, fields: {visit_id: text, contact_id: text, on_day: date}}
events:
  acts:
    table: acts
    key: contact_id
    type: kind
    time: at
    id: id
    fields: {items: integer, weight: number, revenue: decimal(2)}
    types: {buy: {}, sent: {}, opened: {}}
"""
AS_OF = dt.datetime(2026, 4, 1, 10, tzinfo=dt.UTC)
HOUR, DAY = 3_600_000_000, 86_400_000_000
INTEGER, EXACT, MONEY, NUMBER = types.Integer(), types.Decimal(18), types.Decimal(2), types.Number()
BUYS = Events("acts", ("buy",))
PARIS = "Europe/Paris"


@pytest.fixture(scope="module")
def catalog():
    return read_catalog(read_documents(CATALOG, "c.yaml")[0])


@pytest.fixture
def value(catalog):
    """The value of an operand for a contact with events: ``hours`` before as_of, ``tick`` µs later."""

    def found(operand, *events, zone=PARIS, visits=()):
        rows = []
        for number, event in enumerate(events):
            given = {"kind": "buy", **event}
            ago = dt.timedelta(hours=given.pop("hours", 1)) - dt.timedelta(microseconds=given.pop("tick", 0))
            rows.append({"id": f"e{number}", "at": AS_OF - ago, **given})
        days = {str(n): {"contact_id": "c", "on_day": day} for n, day in enumerate(visits)}
        where = World(catalog, {"contact": {"c": {}}, "visit": days}, AS_OF, {"acts": {"c": rows}})
        return examine(Compare(operand, "is_not_empty"), "contact", "c", where, zone)

    return found


def measure(name, of=None, kind=INTEGER, **more):
    column = Field((of,), {"items": INTEGER, "weight": NUMBER, "revenue": MONEY}[of]) if of else None
    return Measure(BUYS, name, kind, column, **more)


# median


@pytest.mark.parametrize(
    ("items", "middle"),
    [
        ([], None),
        ([None], None),
        ([3], 3),
        ([3, None, 1, None, 2], 2),
        ([4, 1], Decimal("2.5")),
        ([9, 1, 3, 5], 4),
        ([7, 7, 1, 1], 4),
    ],
)
def test_a_median_is_the_middle_or_the_mean_of_the_middle_two(value, items, middle):
    median = measure("median", "items", EXACT)
    assert value(median, *({"items": one} for one in items)).value == middle


def test_a_median_is_exact(value):
    large = measure("median", "items", EXACT)
    assert value(large, {"items": 2**63 - 1}, {"items": 2**63 - 2}).value == Decimal("9223372036854775806.5")
    weights = measure("median", "weight", EXACT)
    assert value(weights, {"weight": 0.1}, {"weight": 0.2}, {"weight": float("nan")}).value == Decimal("0.15")


# days and periods


def test_without_rows_days_periods_and_streaks_are_zero(value):
    for name in ("active_days", "longest_streak"):
        assert value(measure(name)).value == 0
    assert value(measure("active_periods", period=DAY, each=1)).value == 0


def test_active_days_are_days_of_the_zone(value):
    # 12 and 11 hours before 10:00Z lie on either side of midnight in UTC, on one day in Paris
    events = [{"hours": 11}, {"hours": 9}, {"hours": 9}]
    assert value(measure("active_days"), *events, zone="UTC").value == 2
    assert value(measure("active_days"), *events, zone="America/New_York").value == 1


def test_a_streak_is_broken_by_a_day_without(value):
    def streak(*days_ago):
        return value(measure("longest_streak"), *({"hours": 24 * ago} for ago in days_ago)).value

    assert streak(1) == 1
    assert streak(1, 1, 2) == 2
    assert streak(1, 3) == 1
    assert streak(1, 3, 4, 5, 9, 10) == 3


def test_a_streak_may_end_before_the_window_does(value):
    within = Rolling("last", 10, "day")
    events = [{"hours": 24 * ago} for ago in (5, 6, 7, 10, 11)]
    assert value(measure("longest_streak", within=within), *events).value == 3


def test_a_streak_runs_over_the_change_of_dst(value):
    # in Paris 29 March 2026 has 23 hours
    events = [{"hours": 24 * ago + 11} for ago in (1, 2, 3, 4)]
    assert value(measure("longest_streak"), *events).value == 4


@pytest.mark.parametrize(
    ("events", "count"),
    [
        ([{"hours": 0}], 1),
        ([{"hours": 24}], 1),
        ([{"hours": 24}, {"hours": 0}], 2),
        ([{"hours": 24, "tick": 1}, {"hours": 0}], 1),
        ([{"hours": 99}], 1),
    ],
)
def test_periods_are_counted_back_from_as_of(value, events, count):
    assert value(measure("active_periods", period=DAY, each=1), *events).value == count


def test_a_period_needs_so_many_events(value):
    active = measure("active_periods", period=DAY, each=2)
    assert value(active, {"hours": 1}, {"hours": 2}, {"hours": 30}).value == 1
    assert value(active, {"hours": 1}, {"hours": 30}).value == 0


def test_a_partial_period_at_the_start_of_the_window_is_left_out(value):
    active = measure("active_periods", period=2 * DAY, each=1, within=Rolling("last", 5, "day"))
    assert value(active, {"hours": 96, "tick": 1}).value == 1
    assert value(active, {"hours": 96}).value == 0
    assert value(active, {"hours": 1}, {"hours": 119}).value == 1


def test_periods_count_back_from_the_end_of_a_window_that_ended_before(value):
    yesterday = measure("active_periods", period=6 * HOUR, each=1, within=Complete("last", 1, "day"))
    # the end of 31 March in Paris is 22:00Z, twelve hours before as_of
    assert value(yesterday, {"hours": 12, "tick": -1}, {"hours": 18}).value == 1
    assert value(yesterday, {"hours": 12, "tick": -1}, {"hours": 18, "tick": -1}).value == 2
    this_year = measure("active_periods", period=6 * HOUR, each=1, within=Period(0, "year"))
    assert value(this_year, {"hours": 0}, {"hours": 6, "tick": 1}).value == 1


def test_a_window_open_to_the_past_has_no_partial_period(value):
    until = measure("active_periods", period=DAY, each=1, within=Bounds(upper=None))
    assert value(until, {"hours": 24 * 999}).value == 1


def test_rows_timed_by_a_date_count_in_days(value):
    def visits(name, *days, **more):
        asked = Measure(Related("visits", "visit"), name, INTEGER, **more)
        return value(asked, visits=[dt.date(2026, 4, 1) - dt.timedelta(days=ago) for ago in days]).value

    assert visits("active_days", 0, 0, 3) == 2
    assert visits("longest_streak", 0, 1, 2, 4) == 3
    two_days = {"period": 2 * DAY, "each": 1}
    assert visits("active_periods", 0, 1, **two_days) == 1
    assert visits("active_periods", 1, 2, **two_days) == 2
    assert visits("active_periods", 3, within=Rolling("last", 5, "day"), **two_days) == 1
    assert visits("active_periods", 4, within=Rolling("last", 5, "day"), **two_days) == 0


def test_a_period_that_no_day_fits_in_is_an_error_on_dates(value):
    asked = Measure(Related("visits", "visit"), "active_periods", INTEGER, period=HOUR, each=1)
    with pytest.raises(UsageError, match="a period of 0"):
        value(asked, visits=[dt.date(2026, 4, 1)])


# ratio


def ratio(minimum="0", numerator="opened", denominator="sent", of=None):
    def part(kind):
        events = Events("acts", (kind,))
        return Measure(events, "sum", MONEY, Field((of,), MONEY)) if of else Measure(events, "count", INTEGER)

    return Ratio(part(numerator), part(denominator), Decimal(minimum), EXACT)


OPENED, SENT = {"kind": "opened"}, {"kind": "sent"}


@pytest.mark.parametrize(
    ("minimum", "events", "expected"),
    [
        ("0", [], None),
        ("0", [OPENED], None),
        ("0", [SENT], 0),
        ("0", [OPENED, SENT, SENT], Decimal("0.5")),
        ("2", [OPENED, SENT, SENT], Decimal("0.5")),
        ("3", [OPENED, SENT, SENT], None),
        ("1.5", [OPENED, SENT], None),
    ],
)
def test_a_ratio_needs_its_minimum(value, minimum, events, expected):
    assert value(ratio(minimum), *events).value == expected


def test_a_ratio_of_sums_that_is_not_positive_below_is_null(value):
    sums = ratio(of="revenue")
    assert value(sums, {**SENT, "revenue": Decimal("-1.00")}, {**OPENED, "revenue": Decimal(1)}).value is None
    assert value(
        sums, {**SENT, "revenue": Decimal("0.30")}, {**OPENED, "revenue": Decimal("0.10")}
    ).details == {
        "numerator": Decimal("0.10"),
        "denominator": Decimal("0.30"),
    }


@pytest.mark.parametrize(
    ("operator", "against", "holds"),
    [
        ("less_than", Decimal("0.333333333333333334"), True),
        ("greater_than", Decimal("0.333333333333333333"), True),
        ("equals", Decimal("0.333333333333333333"), False),
        ("not_equals", Decimal("0.3"), True),
    ],
)
def test_a_ratio_is_compared_exactly(catalog, operator, against, holds):
    rows = [{"id": str(n), "kind": "opened" if n == 0 else "sent", "at": AS_OF} for n in range(4)]
    where = World(catalog, {"contact": {"c": {}}}, AS_OF, {"acts": {"c": rows}})
    assert examine(Compare(ratio(), operator, against), "contact", "c", where, PARIS).holds is holds


# ranks


def ranks(catalog, rank, columns, members=None, events=None, zone=PARIS):
    known = {} if members is None else {"some": members}
    where = World(catalog, {"contact": columns}, AS_OF, {"acts": events or {}}, known)
    asked = Compare(rank, "is_not_empty")
    return {key: examine(asked, "contact", key, where, zone).value for key in columns}


POINTS = Field(("points",), INTEGER)


def points(**values):
    return {key: {"points": one} for key, one in values.items()}


def test_a_position_is_one_and_how_many_stand_strictly_before(catalog):
    among = points(a=10, b=20, c=10, d=None, e=30)
    down = Rank(POINTS, "position", "descending", INTEGER)
    assert ranks(catalog, down, among) == {"a": 3, "b": 2, "c": 3, "d": None, "e": 1}
    up = Rank(POINTS, "position", "ascending", INTEGER)
    assert ranks(catalog, up, among) == {"a": 1, "b": 3, "c": 1, "d": None, "e": 4}


def test_outside_the_population_there_is_no_rank(catalog):
    rank = Rank(POINTS, "position", "descending", INTEGER, "some")
    assert ranks(catalog, rank, points(a=1, b=2, c=3), {"a", "b"}) == {"a": 2, "b": 1, "c": None}
    assert ranks(catalog, rank, points(a=1), set()) == {"a": None}
    with pytest.raises(UsageError, match="some"):
        ranks(catalog, rank, points(a=1))


def test_a_percentile_is_a_position_in_percent_of_the_ranked(catalog):
    rank = Rank(POINTS, "percentile", "descending", EXACT)
    found = ranks(catalog, rank, points(a=1, b=2, c=3, d=None))
    assert found == {
        "a": 100,
        "b": Decimal("66.66666666666666666666666667"),
        "c": Decimal("33.33333333333333333333333333"),
        "d": None,
    }


@pytest.mark.parametrize(("limit", "expected"), [(10, ["k19", "k18"]), (Decimal("9.99"), ["k19"])])
def test_the_top_ten_percent_include_their_edge(catalog, limit, expected):
    columns = {f"k{number:02}": {"points": number} for number in range(20)}
    top = Compare(Rank(POINTS, "percentile", "descending", EXACT), "less_than_or_equal", limit)
    where = World(catalog, {"contact": columns}, AS_OF)
    found = [key for key in columns if examine(top, "contact", key, where, PARIS).holds]
    assert found == sorted(expected)


def ntile(buckets, order="ascending", method="rank"):
    return Rank(POINTS, "ntile", order, INTEGER, None, method, buckets)


@pytest.mark.parametrize(
    ("buckets", "values", "expected"),
    [
        (3, [1, 2, 3, 4, 5, 6], [1, 1, 2, 2, 3, 3]),
        (3, [1, 2, 3, 4, 5, 6, 7], [1, 1, 1, 2, 2, 3, 3]),
        (3, [1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 1, 2, 2, 2, 3, 3]),
        (4, [7, 7, 7, 7], [1, 2, 3, 4]),
        (5, [1, 2], [1, 2]),
        (1, [1, 2], [1, 1]),
        (2, [None, 5, None, 4], [None, 2, None, 1]),
    ],
)
def test_ntile_by_rank_is_that_of_sql_with_ties_by_key(catalog, buckets, values, expected):
    columns = points(**dict(zip("abcdefgh", values, strict=False)))
    assert list(ranks(catalog, ntile(buckets), columns).values()) == expected


def test_ties_go_by_ascending_key_in_either_order(catalog):
    columns = points(c=1, a=1, d=2, b=2)
    assert ranks(catalog, ntile(4), columns) == {"a": 1, "c": 2, "b": 3, "d": 4}
    assert ranks(catalog, ntile(4, "descending"), columns) == {"b": 1, "d": 2, "a": 3, "c": 4}


@pytest.mark.parametrize(
    ("buckets", "values", "up", "down"),
    [
        (4, [1, 2, 3, 4, 5], [1, 1, 2, 3, 4], [4, 4, 3, 2, 1]),
        (2, [1, 2, 3, 4], [1, 1, 2, 2], [2, 2, 1, 1]),
        (2, [0, 10, 10, 10], [1, 1, 1, 1], [1, 1, 1, 1]),
        (5, [0, 0, 0, 0, 9], [1, 1, 1, 1, 2], [2, 2, 2, 2, 1]),
        (4, [0, 10], [1, 4], [4, 1]),
        (3, [7, 7, 7], [1, 1, 1], [1, 1, 1]),
        (3, [7], [1], [1]),
        (2, [1, None, 2], [1, None, 2], [2, None, 1]),
        (3, [1, 2, 2, 2, 2, 2, 3], [1, 1, 1, 1, 1, 1, 2], [2, 2, 2, 2, 2, 2, 1]),
    ],
)
def test_quantiles_are_closed_on_the_right_merged_and_mirrored(catalog, buckets, values, up, down):
    columns = points(**dict(zip("abcdefgh", values, strict=False)))
    assert list(ranks(catalog, ntile(buckets, method="quantile"), columns).values()) == up
    assert list(ranks(catalog, ntile(buckets, "descending", "quantile"), columns).values()) == down


def test_cut_points_are_exact():
    # thirds of 0, 1 and 10: 2/3 and 4, which no float holds
    rank = ntile(3, method="quantile")
    at_cut = {"a": Fraction(0), "b": Fraction(2, 3), "c": Fraction(1), "d": Fraction(10)}
    assert stand(rank, at_cut).ranks == {"a": 1, "b": 1, "c": 2, "d": 3}


@pytest.mark.parametrize(
    ("operand", "kind", "place"),
    [
        (Fraction(2, 3), EXACT, Fraction(666_666_666_666, 10**12)),
        (Fraction(-2, 3), EXACT, Fraction(-666_666_666_667, 10**12)),
        (0.0000025, NUMBER, Fraction(2, 10**6)),
        (0.0000035, NUMBER, Fraction(4, 10**6)),
        (float("inf"), NUMBER, None),
        (2**63 - 1, INTEGER, Fraction(2**63 - 1)),
        (Decimal("0.10"), MONEY, Fraction(1, 10)),
        (dt.date(1970, 1, 3), types.Date(), Fraction(2)),
        (dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC), types.Datetime(), Fraction(10**6)),
        (None, INTEGER, None),
    ],
)
def test_the_values_that_are_ranked(operand, kind, place):
    assert rankable(operand, kind) == place


@pytest.mark.parametrize(
    ("text", "kind"), [("a", types.Text()), (True, types.Boolean()), ((1,), types.ListOf(INTEGER))]
)
def test_what_has_no_order_has_no_rank(text, kind):
    with pytest.raises(UsageError, match="has no rank"):
        rankable(text, kind)


def test_ranks_of_dates_measures_and_ratios(catalog):
    born = Rank(Field(("born",), types.Date()), "position", "ascending", INTEGER)
    days = {"a": {"born": dt.date(1990, 1, 2)}, "b": {"born": dt.date(1990, 1, 1)}, "c": {}}
    assert ranks(catalog, born, days) == {"a": 2, "b": 1, "c": None}
    events = {
        "a": [{"id": "1", "kind": "sent", "at": AS_OF}, {"id": "2", "kind": "opened", "at": AS_OF}],
        "b": [{"id": "3", "kind": "sent", "at": AS_OF}],
        "c": [],
    }
    rate = Rank(ratio(), "position", "descending", INTEGER)
    assert ranks(catalog, rate, days, events=events) == {"a": 1, "b": 2, "c": None}
    sent = Rank(Measure(Events("acts", ("sent",)), "count", INTEGER), "position", "descending", INTEGER)
    assert ranks(catalog, sent, days, events=events) == {"a": 1, "b": 1, "c": 3}


def test_the_zone_decides_what_is_ranked(catalog):
    events = {
        "a": [{"id": "1", "kind": "buy", "at": AS_OF - dt.timedelta(hours=11)}],
        "b": [{"id": "2", "kind": "buy", "at": AS_OF}],
    }
    today = Rank(Measure(BUYS, "count", INTEGER, within=Period(0, "day")), "position", "descending", INTEGER)
    columns = {"a": {}, "b": {}}
    assert ranks(catalog, today, columns, events=events, zone=PARIS) == {"a": 1, "b": 1}
    assert ranks(catalog, today, columns, events=events, zone="UTC") == {"a": 2, "b": 1}


def test_a_verdict_says_the_position_and_the_population(catalog):
    where = World(catalog, {"contact": points(a=1, b=2, c=None)}, AS_OF)
    compare = Compare(ntile(2), "equals", 1)
    verdict = examine(compare, "contact", "a", where, PARIS)
    assert (verdict.holds, verdict.details) == (True, {"ranked by": 1, "position": 1, "population": 2})
    assert examine(compare, "contact", "c", where, PARIS).details == {
        "ranked by": None,
        "position": None,
        "population": 2,
    }
