"""Which rules the clock alone can move."""

from __future__ import annotations

import pytest

from segmentation_pipeline.rules.time_dependence import TimeDependence, time_dependence

EVENTS = ("activities", "occurred_at")
RELATED = ("opportunities", "created_at")
STANDS = {
    "{everyone: true}": [],
    "{field: company_size, operator: is_empty}": [],
    "{field: height, operator: greater_than, value: {field: min_age}}": [],
    "{field: seen_on, operator: before, value: 2020-01-01}": [],
    "{field: seen_on, operator: within, value: since 2020-01-01}": [],
    "{field: seen_on, operator: anniversary, value: 2020-03-01}": [],
    "{not: {field: company.industry, operator: equals, value: technology}}": [],
    "{related: remarks}": [],
    "{segment: other}": [],
    "{event: purchase}": [EVENTS],
    "{event: purchase, measure: active_days, operator: greater_than, value: 3}": [EVENTS],
    "{event: purchase, within: between 2020-01-01 and 2020-02-01}": [EVENTS],
    "{related: opportunities}": [RELATED],
    "{sequence: [{event: login}, {event: purchase, not: true}], gap: 2 days}": [EVENTS],
    "{response: {event: email_sent, latest: 3, answered_by: [email_opened], matching: message_id},"
    " operator: equals, value: 0}": [EVENTS],
    "{rank: {event: purchase}, as: position, order: descending, operator: less_than, value: 3}": [EVENTS],
    "{on: company, where: {field: name, operator: is_not_empty}}": [],
}
MOVES = [
    "{field: seen_on, operator: within, value: last 30 days}",
    "{field: seen_on, operator: within, value: this month}",
    "{field: seen_on, operator: within, value: last 2 complete months}",
    "{field: seen_on, operator: before, value: 30 days ago}",
    "{field: seen_on, operator: on, value: today}",
    "{field: seen_on, operator: between, value: [30 days ago, 2030-01-01]}",
    "{field: seen_on, operator: anniversary, value: next 7 days}",
    "{event: purchase, within: last 7 days}",
    "{event: purchase, measure: days_since_last, operator: greater_than, value: 5}",
    "{event: purchase, measure: days_since_first, operator: greater_than, value: 5}",
    "{event: purchase, measure: active_periods, period: 7 days, operator: equals, value: 0}",
    "{any: [{everyone: true}, {all: [{not: {event: purchase, within: last 7 days}}]}]}",
    "{related: opportunities, where: {field: created_at, operator: within, value: last 7 days}}",
    "{on: company, where: {field: created_at, operator: within, value: last 7 days}}",
    "{sequence: [{event: login}, {event: purchase, within: last 7 days}]}",
    "{sequence: [{event: login}, {event: purchase}], within: last 7 days}",
    (
        "{ratio: {numerator: {event: login}, denominator: {event: purchase}}, within: last 7 days,"
        " operator: greater_than, value: 1}"
    ),
    (
        "{rank: {event: purchase, within: last 7 days}, as: position, order: descending,"
        " operator: less_than, value: 3}"
    ),
    "{event: purchase, observed_for: 30 days}",
]
RECALLS = [
    "{segment: other, entered: last 7 days}",
    "{segment: other, as_of: 2026-01-01}",
    "{not: {segment: other, member_for: {at_least: 14 days}}}",
]


@pytest.fixture
def looks(definition, catalog):
    def of(where: str, more: str = "") -> TimeDependence:
        segment, findings = definition(f"segment: s\nwhere: {where}\n{more}")
        assert findings == []
        return time_dependence(segment, catalog)

    return of


@pytest.mark.parametrize("where", STANDS)
def test_a_rule_that_counts_from_nowhere_stands(looks, where):
    assert looks(where) == TimeDependence(moving=False, recalling=False, timed=frozenset(STANDS[where]))


@pytest.mark.parametrize("where", MOVES)
def test_a_rule_that_counts_from_now_moves(looks, where):
    found = looks(where)
    assert found.moving
    assert not found.recalling


@pytest.mark.parametrize("where", RECALLS)
def test_a_rule_may_ask_for_what_was_published(looks, where):
    assert looks(where).recalling


def test_an_exclusion_counts_as_well(looks):
    assert looks("{everyone: true}", "exclude: {event: purchase, within: last 7 days}").moving
