"""What an editor accepts and marks in a segment's file."""

# ruff: noqa: E501 — one case, one line

from __future__ import annotations

import pytest

from segmentation_pipeline.rules import reading
from segmentation_pipeline.rules.measures import MEASURES
from segmentation_pipeline.rules.operators import OPERATORS
from segmentation_pipeline.schemas.measured import EVERY_MEASURE

GOOD = """
{all: [{field: email, operator: is_not_empty}, {everyone: true}]}
{any: [{field: industry, operator: equals, value: technology}]}
{not: {segment: vip}}
{at_least: 2, of: [{segment: a}, {segment: b}, {segment: c}]}
{field: industry, operator: in, value: [technology, retail]}
{field: company.size, operator: in, value: ["51-200", "201-500"]}
{field: company.parent.country, operator: equals, value: Germany}
{field: custom.age, operator: between, value: [18, "30"]}
{field: 'custom."account manager"', operator: contains, value: [smith, jones], case: sensitive}
{field: do_not_contact, operator: is_true}
{field: do_not_contact, operator: equals, value: "TRUE"}
{field: tags, operator: has_any, value: [vip]}
{field: tags, operator: in, value: [[a, b], [c]]}
{field: created_at, operator: within, value: last 30 days}
{field: custom.birth_date, operator: anniversary, value: today + 2 days}
{field: created_at, operator: before, value: {field: updated_at}}
{field: email, operator: in, value: {file: lists/vip.csv, column: email}}
{field: country, operator: not_equals, value: 5, nulls: exclude}
{field: email, operator: is_empty, observed_for: 30 days}
{event: purchase}
{event: [email_opened, email_clicked], within: last 30 days, operator: greater_than_or_equal, value: 3}
{event: purchase, measure: sum, of: revenue, within: last 90 days, operator: greater_than, value: 500}
{event: purchase, where: {field: currency, operator: equals, value: EUR}, within: {numberOfDaysPrevious: 30}}
{event: purchase, measure: last, of: product, operator: starts_with, value: A}
{event: login, measure: active_periods, period: 3 days, each: 2, operator: equals, value: 4}
{event: login, measure: longest_streak, operator: greater_than, value: 4}
{event: login, measure: active_days, operator: greater_than, value: 4}
{event: purchase, measure: median, of: revenue, operator: less_than, value: "12.50"}
{event: purchase, none: {field: currency, operator: equals, value: EUR}}
{related: opportunities, where: {field: stage, operator: equals, value: won}}
{related: opportunities, where: {field: account.tier, operator: equals, value: strategic}}
{related: opportunities, measure: max, of: amount, operator: greater_than, value: 1000}
{related: sessions, within: last 7 days, operator: greater_than_or_equal, value: 3}
{related: opportunities, all: {not: {field: stage, operator: equals, value: lost}}}
{ratio: {numerator: {event: email_opened}, denominator: {event: email_delivered}, minimum: 5}, operator: less_than, value: 0.1}
{response: {event: email_sent, latest: 3, answered_by: [email_opened, email_clicked], matching: message_id}, operator: equals, value: 3}
{rank: {event: purchase, measure: sum, of: revenue}, among: vip, as: ntile, buckets: 5, order: ascending, method: quantile, operator: equals, value: 5}
{rank: {field: engagement_score}, as: percentile, order: descending, operator: less_than_or_equal, value: 10}
{sequence: [{event: cart}, {event: purchase, not: true}, {event: support_ticket}], gap: 2 days, span: 7 days, same: [session_id], within: last 30 days}
{segment: vip, entered: last 7 days}
{segment: trial, left: last 7 days}
{segment: trial, member_for: {at_least: 14 days}}
{segment: vip, as_of: 2026-01-01}
{on: company, where: {all: [{field: size, operator: in, value: ["10000+"]}, {segment: target_accounts}]}}
{on: company, where: {related: contacts, operator: greater_than, value: 3}}
"""
BAD = """
[]
{}
{all: []}
{all: {everyone: true}}
{everyone: false}
{at_least: 0, of: [{everyone: true}]}
{filed: email, operator: is_empty}
{field: emial, operator: is_empty}
{field: email, operator: is_emtpy}
{field: email, operator: is_empty, value: x}
{field: email, operator: greater_than, value: x}
{field: email, operator: equals}
{field: email, operator: equals, value: null}
{field: email, operator: in, value: []}
{field: email, operator: equals, value: x, case: maybe}
{field: industry, operator: equals, value: technologies}
{field: company.size, operator: in, value: ["51-201"]}
{field: custom.age, operator: equals, value: old}
{field: custom.age, operator: between, value: [1, 2, 3]}
{field: do_not_contact, operator: equals, value: maybe}
{field: sessions.device, operator: is_empty}
{event: purchases}
{event: []}
{event: purchase, measure: sum, operator: greater_than, value: 5}
{event: purchase, measure: count, of: revenue, operator: greater_than, value: 5}
{event: purchase, measure: sum, of: revenue}
{event: purchase, measure: total, of: revenue, operator: greater_than, value: 5}
{event: purchase, operator: contains, value: 5}
{event: purchase, each: 2}
{event: purchase, where: {field: nothing, operator: is_empty}}
{event: purchase, where: {segment: vip}}
{event: purchase, any: {field: product, operator: is_empty}, operator: equals, value: 2}
{related: company}
{related: opportunities, where: {field: stage, operator: equals, value: winning}}
{ratio: {numerator: {event: email_opened}}, operator: less_than, value: 0.1}
{response: {event: email_sent, latest: 3}, operator: equals, value: 3}
{rank: {field: engagement_score}, as: ntile, order: ascending, operator: equals, value: 5}
{rank: {field: engagement_score}, as: percentile, operator: equals, value: 5}
{sequence: []}
{sequence: [{event: cart}], gap: two days}
{segment: vip, entered: last 7 days, left: last 7 days}
{segment: trial, member_for: 14 days}
{on: opportunities, where: {everyone: true}}
{on: company, where: {field: seniority, operator: is_empty}}
{segment: vip, observed_for: 30}
"""


def lines(text):
    return [line for line in text.splitlines() if line]


def definition(where, rest=""):
    return f"{{segment: s, where: {where}{rest}}}"


@pytest.mark.parametrize("where", lines(GOOD))
def test_a_condition_as_the_language_writes_it(fault, where):
    assert fault("segment", definition(where)) is None


@pytest.mark.parametrize("where", lines(BAD))
def test_a_condition_that_is_marked(fault, where):
    assert fault("segment", definition(where)) is not None


def test_the_object_decides_which_names_there_are(fault):
    tier = "{field: tier, operator: equals, value: strategic}"
    assert fault("segment", definition(tier, ", object: crm_account")) is None
    assert fault("segment", definition(tier)) is not None
    assert fault("segment", definition(tier, ", object: crm_acount")) is not None


def test_events_belong_to_their_object(fault):
    assert fault("segment", definition("{event: page_view}", ", object: session")) is None
    assert fault("segment", definition("{event: page_view}")) is not None
    assert fault("segment", definition("{event: page_view}", ", object: company")) is not None


WHOLE = [
    "{segment: s, type: static, members: [a, 12, x@example.com]}",
    "{segment: s, type: static, members: {file: a.csv, column: email}}",
    "{segment: s, type: suppression, members: []}",
    "{segment: s, type: suppression, where: {everyone: true}, exclude: {segment: t}}",
    "{segment: s, name: 2026, where: {everyone: true}, labels: [a], active: false, time_zone: Europe/Paris}",
    "{segment: s, where: {everyone: true}, pins: [{key: 7, put: in, reason: why, until: 2026-12-31}]}",
    "{segment: s, where: {everyone: true}, expect: {size: {at_least: 100, change_at_most: 30%}}}",
    "{segment: s, where: {everyone: true}, delivery: {channel: email, priority: 9, repeat: {every_days: 14}}}",
]
WRONG = [
    "{where: {everyone: true}}",
    "{segment: S, where: {everyone: true}}",
    "{segment: s}",
    "{segment: s, type: static, where: {everyone: true}}",
    "{segment: s, members: [a]}",
    "{segment: s, type: suppression}",
    "{segment: s, type: dynamc, where: {everyone: true}}",
    "{segment: s, where: {everyone: true}, lables: [a]}",
    "{segment: s, where: {everyone: true}, pins: [{key: a, put: in}]}",
    "{segment: s, where: {everyone: true}, expect: {size: {change_at_most: 30}}}",
    "{segment: s, where: {everyone: true}, delivery: {priority: 9}}",
    "{segment: s, where: {everyone: true}, exclude: {segments: t}}",
]


@pytest.mark.parametrize("text", WHOLE)
def test_a_whole_definition(fault, text):
    assert fault("segment", text) is None


@pytest.mark.parametrize("text", WRONG)
def test_a_definition_that_is_marked(fault, text):
    assert fault("segment", text) is not None


def test_every_kind_of_condition_that_is_read_is_described(schemas):
    named = schemas["segment.schema.json"]["$defs"]
    keys = {key for kind in named["contact.condition"]["anyOf"] for key in _required(kind, named)}
    assert set(reading._KINDS) <= keys


def _required(shape, named):
    return named[shape["$ref"].removeprefix("#/$defs/")]["required"] if "$ref" in shape else shape["required"]


def test_every_operator_and_measure_is_offered(schemas):
    named = schemas["segment.schema.json"]["$defs"]
    assert named["operator"]["enum"] == list(OPERATORS)
    assert set(MEASURES) <= set(named["measure"]["enum"]) == set(EVERY_MEASURE)


def test_the_names_of_the_catalog_are_offered(shipped, schemas):
    named = schemas["segment.schema.json"]["$defs"]
    assert named["contact.field.values.contact.custom_plan_tier"]["enum"] == ["custom.plan_tier"]
    one, several = named["contact.event"]["properties"]["event"]["anyOf"]
    sources = (shipped.events[name] for name in shipped.objects["contact"].events)
    assert one["enum"] == [event for source in sources for event in source.types]
    assert several["items"] == one
    assert named["contact.related"]["properties"]["related"]["enum"][-1] == "crm_events"
