"""Every kind of condition over days with a change of DST between them: as evaluating each day says."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.index.build import build_index, encode_index
from segmentation_pipeline.rules.clock import Clock
from segmentation_pipeline.rules.definition import Setting
from segmentation_pipeline.rules.definitions import read_local
from segmentation_pipeline.segments.given import Given
from segmentation_pipeline.simulation.day_masks.members import past_members
from segmentation_pipeline.simulation.day_masks.past import past_of

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    born: created_at
    events: [activities]
    relations:
      company: {object: company, key: company_id}
      deals: {object: deal, foreign_key: contact_id, time: closed_at}
    fields:
      contact_id: text
      company_id: text
      country: text
      age: integer
      renewed: date
      seen: datetime
      created_at: datetime
      tags: {type: list, of: text}
  company: {table: companies, key: company_id, fields: {company_id: text, industry: text}}
  deal:
    table: deals
    key: deal_id
    fields: {deal_id: text, contact_id: text, amount: decimal(2), closed_at: datetime}
events:
  activities:
    table: activities
    key: contact_id
    type: kind
    time: at
    id: activity_id
    fields: {channel: text}
    types: {open: {}, buy: {fields: {revenue: decimal(2), items: integer}}, cart: {fields: {due: date}}}
"""
ROWS = """
contacts:
  - {contact_id: a, company_id: x, country: DE, age: 30, renewed: 2026-03-27,
     seen: 2026-03-28T22:59:59.999999Z, tags: [vip]}
  - {contact_id: b, country: FR, renewed: 2026-03-29, seen: 2026-03-28T23:00:00Z,
     created_at: 2026-03-29T21:59:59.999999Z}
  - {contact_id: c, company_id: x, country: DE, age: 41, seen: 2026-03-29T22:00:00Z,
     created_at: 2026-03-29T22:00:00Z}
  - {contact_id: d, age: 17, renewed: 2026-04-02, tags: []}
  - {contact_id: e}
companies: [{company_id: x, industry: steel}]
deals:
  - {deal_id: 1, contact_id: a, amount: 5, closed_at: 2026-03-29T12:00:00Z}
  - {deal_id: 2, contact_id: b, amount: 7, closed_at: 2026-03-30T12:00:00Z}
activities:
  - {contact_id: a, kind: open, at: 2026-03-26T21:59:59.999999Z}
  - {contact_id: a, kind: open, at: 2026-03-28T23:00:00Z, channel: web}
  - {contact_id: a, kind: open, at: 2026-03-29T22:00:00Z}
  - {contact_id: a, kind: buy, at: 2026-03-29T22:00:00Z, revenue: 10.5, items: 1}
  - {contact_id: a, kind: cart, at: 2026-03-29T21:00:00Z, due: 2026-03-30}
  - {contact_id: a, kind: buy, at: 2026-03-31T10:00:00Z, revenue: -3, items: 2}
  - {contact_id: b, kind: buy, at: 2026-03-27T00:00:00Z, revenue: 20}
  - {contact_id: b, kind: cart, at: 2026-03-29T00:00:00Z}
  - {contact_id: b, kind: buy, at: 2026-03-30T00:00:00Z, items: 4}
  - {contact_id: d, kind: open, at: 2026-03-30T22:00:00Z}
  - {contact_id: d, kind: open, at: 2026-03-30T22:00:00Z, channel: web}
"""
AT_ONCE = {
    "a field": "{field: country, operator: equals, value: DE}",
    "its complement": "{field: country, operator: not_equals, value: DE}",
    "nulls left out": "{field: country, operator: not_equals, value: DE, nulls: exclude}",
    "a list": "{field: tags, operator: has_any, value: [vip]}",
    "an empty list": "{field: tags, operator: is_empty}",
    "two fields": "{field: renewed, operator: before, value: {field: seen}}",
    "a date within": "{field: renewed, operator: within, value: last 2 days}",
    "a date not within": "{field: renewed, operator: not_within, value: next 3 days}",
    "a date in this month": "{field: renewed, operator: within, value: this month}",
    "an instant within": "{field: seen, operator: within, value: last 1 days}",
    "an instant yesterday": "{field: seen, operator: on, value: yesterday}",
    "an instant long ago": "{field: seen, operator: on_or_before, value: 24 hours ago}",
    "an absolute day": "{field: seen, operator: on, value: 2026-03-29}",
    "days": "{field: renewed, operator: in, value: [today, yesterday]}",
    "an anniversary": "{field: renewed, operator: anniversary, value: today}",
    "an anniversary of an instant": "{field: seen, operator: anniversary, value: today}",
    "an event": "{event: open}",
    "no event": "{event: open, operator: equals, value: 0}",
    "two in a window": "{event: open, within: last 2 days, operator: greater_than_or_equal, value: 2}",
    "exactly one": "{event: open, within: last 1 days, operator: equals, value: 1}",
    "some numbers": "{event: open, operator: in, value: [0, 2, 3]}",
    "of two kinds": "{event: [open, buy], within: last 2 days, operator: less_than, value: 2}",
    "where": "{event: open, where: {field: channel, operator: equals, value: web}, within: yesterday}",
    "since a day": "{event: open, within: since 2026-03-29}",
    "between days": "{event: buy, within: between 2026-03-29 and 2026-03-30}",
    "calendar": "{event: buy, within: last 1 months, operator: greater_than, value: 1}",
    "a sum": (
        "{event: buy, measure: sum, of: revenue, within: last 3 days, operator: greater_than, value: 7.5}"
    ),
    "a sum of nothing": "{event: buy, measure: sum, of: revenue, operator: less_than, value: 10}",
    "an average": "{event: buy, measure: avg, of: revenue, operator: greater_than, value: 3.7}",
    "no average": "{event: buy, measure: avg, of: items, operator: not_equals, value: 1}",
    "days since the last": "{event: buy, measure: days_since_last, operator: less_than, value: 1}",
    "days since the first": (
        "{event: buy, measure: days_since_first, within: last 3 days, operator: equals, value: 2}"
    ),
    "never": "{event: buy, measure: days_since_last, operator: is_empty}",
    "a ratio": (
        "{ratio: {numerator: {event: buy}, denominator: {event: open}, minimum: 1}, "
        "operator: less_than, value: 0.9}"
    ),
    "a chain": "{sequence: [{event: cart}, {event: buy}], within: last 2 days}",
    "a chain with a gap": "{sequence: [{event: open}, {event: buy}], gap: 1 days, span: 3 days}",
    "a chain without": "{sequence: [{event: open}, {event: cart, not: true}, {event: open}]}",
    "of a parent": "{field: company.industry, operator: equals, value: steel}",
    "everyone": "{everyone: true}",
    "a few of": (
        "{at_least: 2, of: [{event: open}, {event: buy}, {field: age, operator: less_than, value: 18}]}"
    ),
    "embedded": "{not: {segment: listed}}",
}
BY_DAY = {
    "of related rows": "{related: deals, operator: greater_than_or_equal, value: 1}",
    "on a parent": "{on: company, where: {field: industry, operator: equals, value: steel}}",
    "the greatest": "{event: buy, measure: max, of: revenue, operator: greater_than, value: 15}",
    "active days": "{event: open, measure: active_days, operator: equals, value: 2}",
    "a moving filter": "{event: cart, where: {field: due, operator: within, value: next 1 days}}",
    "a chain with an end": "{sequence: [{event: cart}, {event: buy, not: true}], gap: 1 days}",
    "a chain that shares": "{sequence: [{event: open}, {event: open}], same: [channel]}",
    "a rank": "{rank: {field: age}, as: position, order: ascending, operator: equals, value: 1}",
    "a response": (
        "{response: {event: cart, latest: 1, answered_by: [buy], matching: channel}, "
        "operator: equals, value: 0}"
    ),
    "a former member": "{segment: listed, entered: last 2 days}",
}
DAYS = [dt.date(2026, 3, 27) + dt.timedelta(days=n) for n in range(6)]
LISTED = """
type: static
members: [a, d]
pins: [{key: b, put: in, reason: x, until: 2026-03-29}, {key: d, put: out, reason: y}]
"""


@pytest.fixture(scope="module")
def catalog():
    return read_catalog(read_documents(CATALOG, "catalog.yaml")[0])


@pytest.fixture(scope="module")
def index(catalog):
    rows = read_documents(ROWS, "rows.yaml")[0]
    return build_index(catalog, Given(catalog, Clock(0, "UTC")).frames(rows))


def read(catalog, zone, **rules):
    but_e = "exclude: {field: contact_id, operator: equals, value: e}"
    texts = {"listed": LISTED, **{name: f"{{where: {rule}, {but_e}}}" for name, rule in rules.items()}}
    nodes = {name: read_documents(text, f"{name}.yaml")[0] for name, text in texts.items()}
    definitions = read_local(nodes, Setting(catalog, zone, None), 0, None)
    assert not definitions.errors, definitions.errors
    return definitions


ALL = {f"s{number}": rule for number, rule in enumerate((AT_ONCE | BY_DAY).values())}
NAMES = dict(zip(AT_ONCE | BY_DAY, ALL, strict=True))


@pytest.fixture(scope="module", params=["Europe/Berlin", "America/New_York"])
def told(catalog, index, request):
    """The members on each day, by segment: all at once, and evaluated day by day."""
    definitions = read(catalog, request.param, **ALL)
    rows = encode_index(index) if request.param == "Europe/Berlin" else index
    past = past_of(catalog, rows, DAYS, "Europe/Berlin")
    names = ["listed", *ALL]
    found = past_members(definitions, past, names)
    at_once = {name: [] for name in names}
    by_day = {name: [] for name in names}
    for day in range(len(DAYS)):
        again = evaluate_index(definitions, past.index_at(day), past.days.instant(day))
        words = found.words(names, day)[0]
        for rank, name in enumerate(names):
            at_once[name].append(found.contacts[(words >> rank) & 1 != 0].tolist())
            by_day[name].append(again.members[name].to_list())
    return at_once, by_day


@pytest.mark.parametrize("said", [*AT_ONCE, *BY_DAY])
def test_a_condition_holds_on_the_days_on_which_it_held(told, said):
    at_once, by_day = told
    assert at_once[NAMES[said]] == by_day[NAMES[said]]


def test_members_and_pins_are_those_of_the_day(told):
    at_once, by_day = told
    assert at_once["listed"] == by_day["listed"]
    # a is pinned by nobody, b until Sunday and born on it, d pinned out though listed.
    assert at_once["listed"] == [[0], [0], [0, 1], [0], [0], [0]]


@pytest.mark.parametrize("said", [*AT_ONCE, *BY_DAY])
def test_most_conditions_are_computed_for_all_days_at_once(catalog, index, said):
    definitions = read(catalog, "Europe/Berlin", asked=ALL[NAMES[said]])
    found = past_members(definitions, past_of(catalog, index, DAYS, "Europe/Berlin"), ["asked"])
    assert bool(found.by_day) == (said in BY_DAY)


def test_a_window_that_falls_back_is_evaluated_day_by_day(catalog, index):
    """A month clamped to 28 February begins earlier than the day before, once Berlin's clocks go forward."""
    definitions = read(catalog, "America/New_York", asked=AT_ONCE["calendar"])
    found = past_members(definitions, past_of(catalog, index, DAYS, "Europe/Berlin"), ["asked"])
    assert len(found.by_day) == 1


def test_who_is_born_after_the_end_of_a_day_is_no_member_of_it(catalog, index):
    definitions = read(catalog, "UTC", asked="{everyone: true}")
    found = past_members(definitions, past_of(catalog, index, DAYS, "Europe/Berlin"), ["asked"])
    assert found.sizes.tolist() == [[2, 2, 3, 4, 4, 4]]
    assert found.entered.tolist() == [[2, 0, 1, 1, 0, 0]]
    assert found.exited.tolist() == [[0, 0, 0, 0, 0, 0]]


def test_sizes_add_up(catalog, index):
    definitions = read(catalog, "Europe/Berlin", asked=AT_ONCE["exactly one"])
    found = past_members(definitions, past_of(catalog, index, DAYS, "Europe/Berlin"), ["asked", "listed"])
    before = found.sizes[:, :-1]
    assert (found.sizes[:, 1:] == before + found.entered[:, 1:] - found.exited[:, 1:]).all()
    assert found.exited.sum() > 0


def test_slices_lie_in_blocks_and_make_the_whole(catalog, index):
    definitions = read(catalog, "UTC", asked="{everyone: true}")
    found = past_members(definitions, past_of(catalog, index, DAYS, "UTC", size=3), ["asked"])
    parts = list(found.slices(2))
    assert [(part.start, part.stop) for part in parts] == [(0, 2), (2, 3), (3, 5)]
    whole = found.words(["nobody", "asked"], 5)
    assert [found.words(["nobody", "asked"], 5, part)[0].tolist() for part in parts] == [
        whole[0, part].tolist() for part in parts
    ]
    assert whole.tolist() == [[2, 2, 2, 2, 0]]


def test_a_segment_that_cannot_be_evaluated_is_left_out_and_says_why(catalog, index):
    rule = "{all: [{field: age, operator: equals, value: 1}, {segment: listed}]}"
    definitions = read(catalog, "UTC", asked=rule)
    lacking = build_index(catalog, {"contacts": index.profiles["contact"].drop("age")})
    found = past_members(definitions, past_of(catalog, lacking, DAYS, "UTC"), ["asked", "listed"])
    assert found.segments == ("listed",)
    assert "age" in found.failed["asked"].cause
