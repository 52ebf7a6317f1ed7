"""Sequences and responses, on both sides of every edge."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.catalog import types
from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.rules.interpret import examine
from segmentation_pipeline.rules.tree import Compare, Events, Field, Response, Sequence, Step
from segmentation_pipeline.rules.windows import Rolling
from segmentation_pipeline.rules.world import World

CATALOG = """
objects: {contact: {table: contacts, key: contact_id, events: [acts], fields: {contact_id: text}}}
events:
  acts:
    table: acts
    key: contact_id
    type: kind
    time: at
    id: id
    fields: {session: text, weight: number}
    types: {cart: {}, buy: {}, help: {}, sent: {}, opened: {}}
"""
AS_OF = dt.datetime(2026, 4, 1, 10, tzinfo=dt.UTC)
HOUR, DAY = 3_600_000_000, 86_400_000_000
CART, BUY, HELP = Step(("cart",)), Step(("buy",)), Step(("help",))
NO_BUY, NO_HELP = Step(("buy",), negated=True), Step(("help",), negated=True)


@pytest.fixture(scope="module")
def catalog():
    return read_catalog(read_documents(CATALOG, "c.yaml")[0])


@pytest.fixture
def judge(catalog):
    """The verdict on a contact with events as (kind, hours before as_of, microseconds added, fields)."""

    def examined(condition, *events):
        rows = []
        for number, (kind, hours, *more) in enumerate(events):
            fields = next((one for one in more if isinstance(one, dict)), {})
            tick = next((one for one in more if isinstance(one, int)), 0)
            at = AS_OF - dt.timedelta(hours=hours) + dt.timedelta(microseconds=tick)
            rows.append({"id": f"e{number}", "kind": kind, "at": at, **fields})
        where = World(catalog, {"contact": {"c": {}}}, AS_OF, {"acts": {"c": rows}})
        return examine(condition, "contact", "c", where, "Europe/Paris")

    return examined


def chain(*steps, **more):
    return Sequence("acts", steps, **more)


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([("cart", 2), ("buy", 1)], True),
        ([("buy", 2), ("cart", 1)], False),
        ([("cart", 2)], False),
        ([], False),
        ([("cart", 1), ("buy", 1)], True),
        ([("buy", 1), ("cart", 1)], False),
        ([("cart", 1), ("buy", 0)], True),
        ([("cart", 1), ("buy", 0, 1)], False),
    ],
    ids=str,
)
def test_a_step_comes_later_or_at_the_same_time_with_a_greater_id(judge, events, found):
    assert judge(chain(CART, BUY), *events).holds is found


def test_ids_compare_as_text(judge):
    at_once = [{"id": "9"}, {"id": "10"}]
    assert judge(chain(CART, BUY), ("cart", 1, at_once[1]), ("buy", 1, at_once[0])).holds
    assert not judge(chain(CART, BUY), ("cart", 1, at_once[0]), ("buy", 1, at_once[1])).holds


def test_one_event_serves_one_step(judge):
    twice = chain(CART, CART)
    assert not judge(twice, ("cart", 2)).holds
    assert judge(twice, ("cart", 2), ("cart", 1)).holds


@pytest.mark.parametrize(("tick", "found"), [(0, True), (1, False)])
def test_the_gap_is_included_between_neighbours(judge, tick, found):
    rule = chain(CART, BUY, HELP, gap=2 * HOUR)
    assert judge(rule, ("cart", 5), ("buy", 3, tick), ("help", 1, tick)).holds is found
    assert judge(rule, ("cart", 5), ("buy", 3), ("help", 1, tick)).holds is found


@pytest.mark.parametrize(("tick", "found"), [(0, True), (1, False)])
def test_the_span_is_included_from_first_to_last(judge, tick, found):
    rule = chain(CART, BUY, HELP, span=4 * HOUR)
    assert judge(rule, ("cart", 5), ("buy", 3), ("help", 1, tick)).holds is found


def test_any_chain_that_fits_makes_it_true(judge):
    rule = chain(CART, BUY, HELP, gap=2 * HOUR, span=3 * HOUR)
    events = [("cart", 9), ("buy", 8), ("cart", 5), ("buy", 4, 1), ("buy", 3), ("help", 2)]
    verdict = judge(rule, *events)
    assert [row["id"] for row in verdict.rows] == ["e2", "e3", "e5"]


def test_a_nearer_event_may_be_needed_for_the_gap_and_a_farther_one_for_the_condition(judge):
    rule = chain(CART, NO_HELP, BUY)
    assert judge(rule, ("cart", 5), ("help", 4), ("cart", 3), ("buy", 2)).holds
    assert not judge(rule, ("cart", 5), ("cart", 4), ("help", 3), ("buy", 2)).holds


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([("cart", 3), ("help", 1)], True),
        ([("cart", 3), ("buy", 2), ("help", 1)], False),
        ([("buy", 4), ("cart", 3), ("help", 1), ("buy", 0)], True),
        ([("buy", 3), ("cart", 3), ("help", 1)], True),
        ([("cart", 3), ("buy", 3), ("help", 1)], False),
        ([("cart", 3), ("buy", 1), ("help", 1)], False),
        ([("cart", 3), ("help", 1), ("buy", 1)], True),
    ],
    ids=str,
)
def test_a_negated_step_stands_strictly_between_its_neighbours(judge, events, found):
    assert judge(chain(CART, NO_BUY, HELP), *events).holds is found


def test_several_negated_steps_stand_at_one_place(judge):
    rule = chain(CART, NO_BUY, Step(("sent",), negated=True), HELP)
    assert judge(rule, ("cart", 3), ("help", 1)).holds
    assert not judge(rule, ("cart", 3), ("buy", 2), ("help", 1)).holds
    assert not judge(rule, ("cart", 3), ("sent", 2), ("help", 1)).holds


@pytest.mark.parametrize(
    ("gap", "events", "found"),
    [
        (2 * HOUR, [("buy", 5), ("cart", 3)], False),
        (2 * HOUR, [("buy", 5, -1), ("cart", 3)], True),
        (2 * HOUR, [("buy", 3), ("cart", 3)], False),
        (2 * HOUR, [("cart", 3), ("buy", 3)], True),
        (None, [("buy", 999), ("cart", 3)], False),
        (None, [("cart", 3), ("buy", 2)], True),
    ],
    ids=str,
)
def test_a_leading_negated_step_looks_back_over_the_gap(judge, gap, events, found):
    assert judge(chain(NO_BUY, CART, gap=gap), *events).holds is found


@pytest.mark.parametrize(
    ("gap", "events", "found"),
    [
        (2 * HOUR, [("cart", 3), ("buy", 1)], False),
        (2 * HOUR, [("cart", 3), ("buy", 1, 1)], True),
        (2 * HOUR, [("cart", 3), ("buy", 3)], False),
        (2 * HOUR, [("buy", 3), ("cart", 3)], True),
        (2 * HOUR, [("cart", 1), ("buy", 0)], False),
        (2 * HOUR, [("cart", 1), ("buy", 0, 1)], True),
        (None, [("cart", 999), ("buy", 0)], False),
        (None, [("cart", 999), ("buy", 0, 1)], True),
    ],
    ids=str,
)
def test_a_trailing_negated_step_looks_ahead_over_the_gap_up_to_as_of(judge, gap, events, found):
    assert judge(chain(CART, NO_BUY, gap=gap), *events).holds is found


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [("a", "a", True), ("a", "b", False), (None, None, False), ("a", None, False), ("é", "e\u0301", True)],
)
def test_same_asks_for_equal_values_that_are_not_null(judge, first, second, found):
    events = [("cart", 2, {"session": first}), ("buy", 1, {"session": second})]
    assert judge(chain(CART, BUY, same=("session",)), *events).holds is found


def test_same_takes_numbers_by_value_and_never_nan(judge):
    def weighed(first, second):
        events = [("cart", 2, {"weight": first}), ("buy", 1, {"weight": second})]
        return judge(chain(CART, BUY, same=("weight",)), *events).holds

    assert weighed(0.0, -0.0)
    assert not weighed(float("nan"), float("nan"))


@pytest.mark.parametrize(("session", "found"), [("a", False), ("b", True), (None, True)])
def test_a_negated_step_has_the_same_values_as_its_chain(judge, session, found):
    shared = {"session": "a"}
    events = [("cart", 3, shared), ("buy", 2, {"session": session}), ("help", 1, shared)]
    assert judge(chain(CART, NO_BUY, HELP, same=("session",)), *events).holds is found


def test_a_chain_may_need_the_values_of_a_later_start(judge):
    events = [("cart", 4, {"session": "a"}), ("cart", 3, {"session": "b"}), ("buy", 2, {"session": "b"})]
    assert judge(chain(CART, BUY, same=("session",)), *events).holds


def test_a_step_selects_by_where(judge):
    heavy = Step(("cart",), Compare(Field(("weight",), types.Number()), "greater_than", 5))
    assert judge(chain(heavy, BUY), ("cart", 3, {"weight": 6.0}), ("buy", 1)).holds
    assert not judge(chain(heavy, BUY), ("cart", 3, {"weight": 5.0}), ("buy", 1)).holds


@pytest.mark.parametrize(("tick", "found"), [(0, False), (1, True)])
def test_windows_bound_every_step(judge, tick, found):
    events = [("cart", 24, tick), ("buy", 1)]
    day = Rolling("last", 24, "hour")
    assert judge(chain(CART, BUY, within=day), *events).holds is found
    assert judge(chain(Step(("cart",), within=day), BUY), *events).holds is found
    forbidden = [("buy", 24, tick), ("cart", 2)]
    assert judge(chain(NO_BUY, CART, within=day), *forbidden).holds is not found


def test_a_step_is_any_of_its_types(judge):
    assert judge(chain(Step(("cart", "help")), BUY), ("help", 2), ("buy", 1)).holds


def test_a_verdict_without_a_chain_says_how_far_it_came(judge):
    verdict = judge(chain(CART, BUY, HELP), ("cart", 2), ("buy", 1))
    assert (verdict.holds, verdict.rows) == (False, ())
    assert verdict.details == {"steps met": 2, "of": 3}


def test_many_events_in_vain_are_done_in_no_time(judge):
    events = [("cart", hour % 50, hour) for hour in range(60)]
    assert not judge(chain(*[CART] * 8, BUY), *events).holds


def test_a_sequence_in_which_nothing_happens_is_an_error(judge):
    with pytest.raises(UsageError, match="not negated"):
        judge(chain(NO_BUY))


# responses


def answered(latest=3, **more):
    given = {"where": None, "within": None, **more}
    response = Response(Events("acts", ("sent",)), latest, ("opened",), "session", types.Integer(), **given)
    return Compare(response, "is_not_empty")


A, B, NONE = {"session": "a"}, {"session": "b"}, {"session": None}


@pytest.mark.parametrize(
    ("events", "count"),
    [
        ([], None),
        ([("opened", 1, A)], None),
        ([("sent", 2, A)], 0),
        ([("sent", 2, A), ("opened", 1, A)], 1),
        ([("sent", 2, A), ("opened", 1, B)], 0),
        ([("sent", 2, A), ("opened", 2, A)], 1),
        ([("opened", 2, A), ("sent", 2, A)], 1),
        ([("sent", 2, A), ("opened", 2, -1, A)], 0),
        ([("sent", 1, A), ("opened", 0, A)], 1),
        ([("sent", 1, A), ("opened", 0, 1, A)], 0),
        ([("sent", 2, NONE), ("opened", 1, NONE)], 0),
        ([("sent", 3, A), ("sent", 2, A), ("opened", 1, A)], 2),
        ([("sent", 3, A), ("opened", 2, A), ("opened", 1, A)], 1),
        ([("sent", 9, A), ("sent", 4, B), ("sent", 3, B), ("sent", 2, B), ("opened", 1, A)], 0),
        ([("sent", 4, B), ("sent", 3, A), ("sent", 2, B), ("opened", 1, A)], 1),
    ],
    ids=str,
)
def test_the_latest_events_that_have_an_answer(judge, events, count):
    assert judge(answered(), *events).value == count


def test_ties_among_the_latest_are_broken_by_the_id(judge):
    events = [("sent", 2, A), ("sent", 2, B), ("opened", 1, B)]
    assert judge(answered(latest=1), *events).value == 1
    assert judge(answered(latest=1), *reversed(events[:2]), ("opened", 1, B)).value == 0


def test_an_event_does_not_answer_itself(judge):
    own = Response(Events("acts", ("sent",)), 3, ("sent",), "session", types.Integer())
    assert judge(Compare(own, "is_not_empty"), ("sent", 2, A)).value == 0
    assert judge(Compare(own, "is_not_empty"), ("sent", 2, A), ("sent", 1, A)).value == 1
    assert judge(Compare(own, "is_not_empty"), ("sent", 2, A), ("sent", 2, A)).value == 2


def test_where_and_the_window_select_what_is_to_answer_not_the_answers(judge):
    heavy = Compare(Field(("weight",), types.Number()), "greater_than", 5)
    asked = answered(where=heavy, within=Rolling("last", 3, "hour"))
    events = [("sent", 3, {**A, "weight": 6.0}), ("sent", 2, {**A, "weight": 5.0}), ("opened", 1, A)]
    assert judge(asked, *events).value is None
    assert judge(asked, *events, ("sent", 2, {**A, "weight": 6.0})).value == 1


def test_a_verdict_names_what_was_asked_and_what_answered(judge):
    verdict = judge(answered(latest=2), ("sent", 4, A), ("sent", 3, A), ("sent", 2, B), ("opened", 1, A))
    assert [row["id"] for row in verdict.rows] == ["e1", "e2"]
    assert verdict.details == {"latest": 2, "answered": ("e1",)}


def test_no_event_to_answer_is_null(judge):
    compare = answered()
    assert not judge(Compare(compare.operand, "less_than", 3)).holds
    assert judge(Compare(compare.operand, "not_equals", 0)).holds
