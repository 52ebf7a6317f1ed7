# ruff: noqa: E501 — tables of cases, one a line, the rule as its author writes it
"""What conditions read as, and every error of the language with its place."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from segmentation_pipeline.catalog import types
from segmentation_pipeline.rules.moments import Day, RelativeInstant
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
from segmentation_pipeline.rules.windows import Rolling

TEXT, INTEGER = types.Text(), types.Integer()
COUNTRY, AGE = Field(("country",), TEXT), Field(("custom.age",), types.Integer())
FRENCH = Compare(COUNTRY, "equals", "FR")
SOME = "greater_than_or_equal"


def count(source, where=None, within=None):
    return Measure(source, "count", INTEGER, None, where, within)


OPENED = Events("activities", ("email_opened",))
DEALS = Related("opportunities", "opportunity")
WON = Compare(Field(("stage",), TEXT), "equals", "won")
LAST_30 = Rolling("last", 30, "day")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{field: country, operator: equals, value: FR}", FRENCH),
        ("{all: [{field: country, operator: equals, value: FR}]}", All((FRENCH,))),
        ("{any: [{field: country, operator: equals, value: FR}, {everyone: true}]}", Any((FRENCH, Everyone()))),
        ("{not: {field: country, operator: equals, value: FR}}", Not(FRENCH)),
        ("{at_least: 1, of: [{everyone: true}, {everyone: true}]}", AtLeast(1, (Everyone(), Everyone()))),
        ("{segment: vip}", InSegment("vip")),
        ("{segment: all_contacts}", Everyone()),
        ("{field: country, operator: is_empty}", Compare(COUNTRY, "is_empty")),
        ("{field: country, operator: contains, value: r}", Compare(COUNTRY, "contains", "r", ignore_case=True)),
        ("{field: country, operator: contains, value: r, case: sensitive}", Compare(COUNTRY, "contains", "r")),
        ("{field: country, operator: equals, value: fr, case: insensitive}",
         Compare(COUNTRY, "equals", "fr", ignore_case=True)),
        ("{field: country, operator: not_equals, value: FR, nulls: exclude}",
         Compare(COUNTRY, "not_equals", "FR", nulls_excluded=True)),
        ("{field: country, operator: not_equals, value: FR, nulls: include}", Compare(COUNTRY, "not_equals", "FR")),
        ("{field: country, operator: equals, value: 012}", Compare(COUNTRY, "equals", "012")),
        ("{field: country, operator: equals, value: no}", Compare(COUNTRY, "equals", "no")),
        ("{field: country, operator: equals, value: 'null'}", Compare(COUNTRY, "equals", "null")),
        ('{field: country, operator: equals, value: "e\\u0301"}', Compare(COUNTRY, "equals", "é")),
        ("{field: country, operator: starts_with, value: [a, b]}",
         Compare(COUNTRY, "starts_with", ("a", "b"), ignore_case=True)),
        ("{field: country, operator: matches, value: '^F'}", Compare(COUNTRY, "matches", "^F")),
        ("{field: custom.age, operator: between, value: ['18', 30]}", Compare(AGE, "between", (18, 30))),
        ("{field: custom.age, operator: equals, value: 1e1}", Compare(AGE, "equals", 10)),
        ("{field: custom.age, operator: less_than, value: {field: min_age}}",
         Compare(AGE, "less_than", Field(("min_age",), INTEGER))),
        ("{field: custom.lifetime_value, operator: equals, value: 0.10}",
         Compare(Field(("custom.lifetime_value",), types.Decimal(2)), "equals", Decimal("0.1"))),
        ("{field: do_not_contact, operator: equals, value: 'TRUE'}",
         Compare(Field(("do_not_contact",), types.Boolean()), "equals", True)),
        ("{field: company.country, operator: equals, value: FR}",
         Compare(Field(("company", "country"), TEXT), "equals", "FR")),
        ("{field: company.parent.country, operator: equals, value: FR}",
         Compare(Field(("company", "parent", "country"), TEXT), "equals", "FR")),
        ("{field: custom.account manager, operator: is_empty}", Compare(Field(("custom.account manager",), TEXT), "is_empty")),
        ("{field: 'dotted.\"a.b\"', operator: is_empty}", Compare(Field(("dotted.a.b",), TEXT), "is_empty")),
        ("{field: tags, operator: has_any, value: [vip]}",
         Compare(Field(("tags",), types.ListOf(TEXT)), "has_any", ("vip",))),
        ("{field: tags, operator: contains, value: vip}",
         Compare(Field(("tags",), types.ListOf(TEXT)), "contains", "vip", ignore_case=True)),
        ("{field: tags, operator: in, value: [[a], [b, c]]}",
         Compare(Field(("tags",), types.ListOf(TEXT)), "in", (("a",), ("b", "c")))),
        ("{field: created_at, operator: within, value: last 30 days}",
         Compare(Field(("created_at",), types.Datetime()), "within", LAST_30)),
        ("{field: created_at, operator: within, value: {numberOfDaysPrevious: 30}}",
         Compare(Field(("created_at",), types.Datetime()), "within", LAST_30)),
        ("{field: created_at, operator: after, value: 30 days ago}",
         Compare(Field(("created_at",), types.Datetime()), "after", RelativeInstant(-30, "day"))),
        ("{field: seen_on, operator: equals, value: 2026-03-31}",
         Compare(Field(("seen_on",), types.Date()), "equals", Day(dt.date(2026, 3, 31)))),
        ("{field: seen_on, operator: anniversary, value: today + 2 days}",
         Compare(Field(("seen_on",), types.Date()), "anniversary", Day(None, ((2, "day"),)))),
        ("{field: seen_on, operator: anniversary, value: next 7 days}",
         Compare(Field(("seen_on",), types.Date()), "anniversary", Rolling("next", 7, "day"))),
        ("{event: email_opened}", Compare(count(OPENED), SOME, 1)),
        ("{event: [email_opened, cart], operator: equals, value: 0}",
         Compare(count(Events("activities", ("cart", "email_opened"))), "equals", 0)),
        ("{event: email_opened, where: {field: campaign_id, operator: equals, value: x}, within: last 30 days}",
         Compare(count(OPENED, Compare(Field(("campaign_id",), TEXT), "equals", "x"), LAST_30), SOME, 1)),
        ("{event: purchase, measure: sum, of: revenue, operator: greater_than, value: 9.5}",
         Compare(Measure(Events("activities", ("purchase",)), "sum", types.Decimal(4),
                         Field(("revenue",), types.Decimal(4))), "greater_than", Decimal("9.5"))),
        ("{event: purchase, measure: days_since_last, operator: less_than, value: 3}",
         Compare(Measure(Events("activities", ("purchase",)), "days_since_last", INTEGER), "less_than", 3)),
        ("{related: opportunities, operator: equals, value: 2}", Compare(count(DEALS), "equals", 2)),
        ("{related: opportunities, any: {field: stage, operator: equals, value: won}}", Compare(count(DEALS, WON), SOME, 1)),
        ("{related: opportunities, none: {field: stage, operator: equals, value: won}}", Compare(count(DEALS, WON), "equals", 0)),
        ("{related: opportunities, all: {field: stage, operator: equals, value: won}}",
         All((Compare(count(DEALS), SOME, 1), Compare(count(DEALS, Not(WON)), "equals", 0)))),
        ("{related: opportunities, where: {field: amount, operator: greater_than, value: 1}, any: {field: stage, operator: equals, value: won}, within: last 30 days}",
         Compare(count(DEALS, All((Compare(Field(("amount",), types.Decimal(2)), "greater_than", Decimal(1)), WON)), LAST_30), SOME, 1)),
    ],
)  # fmt: skip
def test_a_condition_reads_as(rule, text, expected):
    assert rule(text) == expected


@pytest.mark.parametrize(
    ("measure", "of", "kind"),
    [
        ("sum", "quantity", types.Integer()),
        ("sum", "revenue", types.Decimal(4)),
        ("avg", "quantity", types.Decimal(18)),
        ("min", "occurred_at", types.Datetime()),
        ("max", "revenue", types.Decimal(4)),
        ("count_distinct", "product", types.Integer()),
        ("first", "product", types.Text()),
        ("last", "processed", types.Boolean()),
    ],
)
def test_a_measure_has_the_type_of_its_result(rule, measure, of, kind):
    values = {
        "processed": "{operator: is_true}",
        "product": "{operator: is_empty}",
        "occurred_at": "{operator: is_empty}",
    }
    compared = (
        "operator: is_empty" if of in values and measure != "count_distinct" else "operator: equals, value: 1"
    )
    assert rule(f"{{event: purchase, measure: {measure}, of: {of}, {compared}}}").operand.type == kind


ERRORS = {
    # shape
    "a list": ("‸[{everyone: true}]", "condition-shape", "a condition is a mapping"),
    "a word": ("‸everyone", "condition-shape", "a condition is a mapping"),
    "nothing": ("‸null", "condition-shape", "a condition is a mapping"),
    "no kind": ("‸{operator: equals, value: 1}", "condition-shape", "a condition needs one of"),
    "a misspelled kind": ("‸{feild: country, operator: is_empty}", "condition-shape", "found `feild`"),
    "an unknown key": ("{field: country, ‸oprator: is_empty}", "unknown-key", "unknown key `oprator`"),
    "a window on a field": ("{field: created_at, operator: is_empty, ‸within: last 3 days}", "unknown-key", "`within`"),
    "two kinds": ("{field: country, operator: is_empty, ‸event: cart}", "unknown-key", "unknown key `event`"),
    "everyone false": ("{everyone: ‸false}", "condition-shape", "takes only `true`"),
    "not a list below not": ("{not: ‸[{everyone: true}]}", "condition-shape", "a condition is a mapping"),
    "one condition below all": ("{all: ‸{everyone: true}}", "condition-shape", "takes a list"),
    # 12: empty things
    "an empty all": ("{‸all: []}", "empty-group", "`all` is empty"),
    "an empty any": ("{‸any: []}", "empty-group", "`any` is empty"),
    "an empty of": ("{at_least: 1, ‸of: []}", "empty-group", "`of` is empty"),
    "an empty list": ("{field: country, operator: in, value: ‸[]}", "empty-list", "empty list of values"),
    "an empty has_any": ("{field: tags, operator: has_any, value: ‸[]}", "empty-list", "empty list of values"),
    "an empty list of parts": ("{field: country, operator: contains, value: ‸[]}", "empty-list", "empty list"),
    "an empty list of events": ("{event: ‸[]}", "empty-list", "empty list of types"),
    "null in a list": ("{field: country, operator: in, value: [a, ‸null]}", "null-value", "is_empty"),
    "an empty part": ("{field: country, operator: contains, value: ‸''}", "empty-pattern", "empty text"),
    "an empty part in a list": ("{field: country, operator: ends_with, value: [a, ‸'']}", "empty-pattern", "empty"),
    "an empty pattern": ("{field: country, operator: matches, value: ‸''}", "empty-pattern", "empty regular"),
    "too many of a group": ("{at_least: ‸3, of: [{everyone: true}, {everyone: true}]}", "at-least", "from 1 to 2"),
    "none of a group": ("{at_least: ‸0, of: [{everyone: true}]}", "at-least", "from 1 to 1"),
    "half of a group": ("{at_least: ‸1.5, of: [{everyone: true}]}", "at-least", "whole number"),
    "true of a group": ("{at_least: ‸true, of: [{everyone: true}]}", "at-least", "whole number"),
    # 2 and 4: values
    "a null value": ("{field: country, operator: equals, value: ‸null}", "null-value", "`is_empty`"),
    "no value at all": ("{field: country, operator: equals, value: ‸~}", "null-value", "`is_empty`"),
    "no value": ("‸{field: country, operator: equals}", "value-missing", "needs a `value`"),
    "a value too many": ("{field: country, operator: is_empty, ‸value: x}", "value-not-taken", "takes no value"),
    "a word for a number": ("{field: custom.age, operator: equals, value: ‸'5x'}", "value-type", "'5x'` is not a number"),
    "the field of the word": ("{field: custom.age, operator: equals, value: ‸5x}", "value-type", "field `custom.age`"),
    "half an integer": ("{field: custom.age, operator: equals, value: ‸5.5}", "value-type", "not a whole number"),
    "an integer too large": ("{field: custom.age, operator: equals, value: ‸9223372036854775808}", "value-type", "64 bits"),
    "infinity": ("{field: engagement_score, operator: equals, value: ‸.inf}", "value-type", "is not a number"),
    "not a number": ("{field: engagement_score, operator: equals, value: ‸.nan}", "value-type", "is not a number"),
    "a number too large": ("{field: engagement_score, operator: equals, value: ‸1e999}", "value-type", "too large"),
    "cents of cents": ("{field: custom.lifetime_value, operator: equals, value: ‸0.001}", "value-type", "2 digits"),
    "maybe": ("{field: do_not_contact, operator: equals, value: ‸maybe}", "value-type", "true, false, 1 or 0"),
    "an unknown value": ("{field: industry, operator: equals, value: ‸tech}", "value-type", "not one of its values"),
    "an unknown value in a list": ("{field: status, operator: in, value: [active, ‸gone]}", "value-type", "'gone'`"),
    "a value in another case": ("{field: status, operator: equals, value: ‸Active, case: insensitive}", "value-type", "'Active'`"),
    "no date": ("{field: seen_on, operator: equals, value: ‸2026-02-30}", "value-type", "2026-02-30"),
    "a date as written elsewhere": ("{field: seen_on, operator: before, value: ‸31/03/2026}", "value-type", "is not a moment"),
    "one letter for a unit": ("{field: seen_on, operator: before, value: ‸30 d ago}", "value-type", "is not a moment"),
    "a list for one": ("{field: country, operator: equals, value: ‸[a, b]}", "value-shape", "takes one value"),
    "one for a list": ("{field: country, operator: in, value: ‸FR}", "value-shape", "takes a list"),
    "one of a pair": ("{field: custom.age, operator: between, value: ‸[1]}", "value-shape", "takes two values"),
    "three of a pair": ("{field: custom.age, operator: between, value: ‸[1, 2, 3]}", "value-shape", "takes two values"),
    "a list in a list": ("{field: country, operator: in, value: [‸[a]]}", "value-shape", "a single value"),
    "a mapping for a value": ("{field: country, operator: equals, value: ‸{text: a}}", "value-shape", "{field: …}"),
    "several elements": ("{field: tags, operator: contains, value: ‸[a, b]}", "value-shape", "takes one element"),
    # 5: between
    "a reversed between": ("{field: custom.age, operator: between, ‸value: [9, 3]}", "reversed-between", "reversed"),
    "a reversed not_between": ("{field: custom.age, operator: not_between, ‸value: [9, 3]}", "reversed-between", "reversed"),
    "a reversed pair of days": ("{field: seen_on, operator: between, ‸value: [2026-02-01, 2026-01-01]}", "reversed-between", "reversed"),
    "a reversed pair of moments": ("{field: created_at, operator: between, ‸value: [now, 3 days ago]}", "reversed-between", "reversed"),
    # operators
    "an unknown operator": ("{field: country, operator: ‸is, value: a}", "unknown-operator", "unknown operator `is`"),
    "no operator": ("‸{field: country}", "missing-key", "`operator` is missing"),
    "an operator of text": ("{field: custom.age, operator: ‸contains, value: 1}", "operator-not-for-type", "does not fit"),
    "an operator of numbers": ("{field: country, operator: ‸greater_than, value: 1}", "operator-not-for-type", "country"),
    "an operator of times": ("{field: country, operator: ‸within, value: today}", "operator-not-for-type", "does not fit"),
    "an operator of lists": ("{field: country, operator: ‸has_any, value: [a]}", "operator-not-for-type", "does not fit"),
    "an operator of booleans": ("{field: country, operator: ‸is_true}", "operator-not-for-type", "does not fit"),
    "text of an enum": ("{field: industry, operator: ‸contains, value: tech}", "operator-not-for-type", "enum"),
    "an operator of text on a count": ("{event: cart, operator: ‸contains, value: a}", "operator-not-for-type", "measure `count`"),
    # options
    "an unknown case": ("{field: country, operator: equals, value: a, ‸case: lower}", "unknown-option", "`case: lower`"),
    "a case of numbers": ("{field: custom.age, operator: equals, value: 1, ‸case: sensitive}", "option-not-for-type", "`case`"),
    "a case of nothing": ("{field: country, operator: is_empty, ‸case: sensitive}", "option-not-for-type", "`case`"),
    "unknown nulls": ("{field: country, operator: equals, value: a, ‸nulls: drop}", "unknown-option", "`nulls: drop`"),
    # 3: patterns
    "an open bracket": ("{field: country, operator: matches, value: ‸'[a'}", "regex", "is not a regular expression"),
    "look-around": ("{field: country, operator: matches, value: ‸'(?=a)'}", "regex", "look-around"),
    # fields and paths
    "an unknown field": ("{field: ‸contry, operator: is_empty}", "unknown-field", "did you mean `country`"),
    "an unknown part": ("{field: ‸custom.colour, operator: is_empty}", "unknown-field", "custom.colour"),
    "a struct": ("{field: ‸custom, operator: is_empty}", "unknown-field", "has parts"),
    "a relation": ("{field: ‸company, operator: is_empty}", "unknown-field", "is a relation"),
    "an unknown field of a parent": ("{field: ‸company.sise, operator: is_empty}", "unknown-field", "`company`"),
    "a relation of many rows": ("{field: ‸opportunities.amount, operator: is_empty}", "unknown-field", "related: opportunities"),
    "a path of dots": ("{field: ‸company..size, operator: is_empty}", "unknown-field", "is not a path"),
    "a path that ends": ("{field: ‸company., operator: is_empty}", "unknown-field", "is not a path"),
    "an open quote": ("{field: ‸'custom.\"a', operator: is_empty}", "unknown-field", "is not a path"),
    "a field of null": ("{field: ‸null, operator: is_empty}", "condition-shape", "takes one name"),
    "against an unknown field": ("{field: custom.age, operator: less_than, value: ‸{field: aeg}}", "unknown-field", "aeg"),
    "against another type": ("{field: custom.age, operator: less_than, value: ‸{field: country}}", "field-comparison", "text"),
    "against many fields": ("{field: country, operator: in, value: ‸{field: city}}", "value-shape", "takes a list"),
    "a list against a field": ("{field: tags, operator: equals, value: ‸{field: country}}", "field-comparison", "with a field"),
    "a measure against a field": ("{event: cart, operator: equals, value: ‸{field: min_age}}", "field-comparison", "with a field"),
    # 7: windows
    "one letter for days": ("{field: created_at, operator: within, value: ‸last 30 d}", "window", "is not a window"),
    "m": ("{event: cart, within: ‸last 3 m}", "window", "is not a window"),
    "no days": ("{event: cart, within: ‸last 0 days}", "window", "at least 1"),
    "a moment for a window": ("{event: cart, within: ‸30 days ago}", "window", "is not a window"),
    "a reversed window": ("{event: cart, within: ‸between 2026-02-01 and 2026-01-01}", "window", "reversed"),
    "a window out of time": ("{event: cart, within: ‸last 9999 years}", "window", "years 1 to 9999"),
    "a window of rows without a time": ("{related: remarks, ‸within: last 3 days}", "rows-without-time", "have no time"),
    "the first of rows without a time": ("{related: remarks, ‸measure: first, of: text, operator: is_empty}", "rows-without-time", "no time"),
    "days since rows without a time": ("{related: remarks, ‸measure: days_since_last, operator: equals, value: 1}", "rows-without-time", "no time"),
    # measures
    "an unknown event": ("{event: ‸purchas}", "unknown-event", "no event `purchas`"),
    "an unknown event among others": ("{event: [cart, ‸carte]}", "unknown-event", "`carte`"),
    "an unknown relation": ("{related: ‸opportunitys}", "unknown-relation", "`opportunitys`"),
    "one related row": ("{related: ‸company}", "relation-direction", "not one to many"),
    "an unknown measure": ("{event: cart, ‸measure: total, operator: equals, value: 1}", "unknown-measure", "`total`"),
    "a sum of nothing": ("‸{event: purchase, measure: sum, operator: equals, value: 1}", "missing-key", "needs `of`"),
    "a count of something": ("{event: purchase, ‸of: revenue}", "unknown-key", "takes no `of`"),
    "a sum of text": ("{event: purchase, measure: sum, ‸of: product, operator: equals, value: 1}", "measure-not-for-type", "does not fit"),
    "the least text": ("{event: purchase, measure: min, ‸of: product, operator: is_empty}", "measure-not-for-type", "does not fit"),
    "the first list": ("{related: opportunities, measure: first, ‸of: tags, operator: is_empty}", "measure-not-for-type", "list of text"),
    "an unknown field of events": ("{event: purchase, measure: sum, ‸of: revenu, operator: equals, value: 1}", "unknown-field", "revenue"),
    "a field of another event": ("{event: cart, where: {field: ‸revenue, operator: is_empty}}", "unknown-field", "it belongs to"),
    "a sum without a threshold": ("‸{event: purchase, measure: sum, of: revenue}", "missing-key", "`operator` is missing"),
    "a value without an operator": ("‸{event: purchase, value: 3}", "missing-key", "`operator` is missing"),
    "periods of a count": ("{event: cart, ‸period: 3 days, operator: equals, value: 1}", "unknown-key", "active_periods"),
    "options without an operator": ("{event: cart, ‸nulls: exclude}", "unknown-key", "`nulls`"),
    "a measure of a quantifier": ("{related: opportunities, any: {everyone: true}, ‸measure: sum}", "unknown-key", "`measure`"),
    "a segment in rows": ("{event: cart, where: {‸segment: vip}}", "condition-in-rows", "inside a measure"),
    "events in rows": ("{related: opportunities, where: {not: {‸event: cart}}}", "condition-in-rows", "inside a measure"),
    # 11: embedding
    "one segment twice": ("{any: [{segment: vip}, {segment: ‸vip}]}", "embedded-twice", "stands twice"),
    "another object's everyone": ("‸{segment: all_companys}", "embedded-object", "company"),
    # composites, sequences, histories, parents
    "a sequence of one step": ("{sequence: ‸[{event: cart}]}", "sequence-shape", "at least two steps"),
    "a sequence in which nothing happens": ("{sequence: ‸[{event: cart, not: true}, {event: purchase, not: true}]}", "no-step-happens", "must happen"),
    "a gap of months": ("{sequence: [{event: cart}, {event: purchase}], gap: ‸1 month}", "duration", "minutes, hours, days or weeks"),
    "the same field of one step only": ("{sequence: [{event: cart}, {event: purchase}], same: [‸revenue]}", "unknown-field", "belongs to"),
    "a parent with many rows": ("{on: ‸opportunities, where: {everyone: true}}", "relation-direction", "is not one row"),
    "an unknown parent": ("{on: ‸compani, where: {everyone: true}}", "unknown-relation", "no relation `compani`"),
    "a ratio of averages": ("{ratio: {numerator: {event: purchase, ‸measure: avg, of: revenue}, denominator: {event: cart}}, operator: less_than, value: 1}", "ratio-measure", "a count or a sum"),
    "a ratio with two windows": ("{ratio: {numerator: {event: purchase, ‸within: today}, denominator: {event: cart}}, within: today, operator: less_than, value: 1}", "window-twice", "at the ratio and at its"),
    "a ratio without a denominator": ("{ratio: ‸{numerator: {event: cart}}, operator: less_than, value: 1}", "missing-key", "`denominator`"),
    "a rank without an order": ("‸{rank: {event: purchase}, as: position, operator: equals, value: 1}", "missing-key", "`order` is missing"),
    "a rank by text": ("{rank: ‸{field: country}, as: position, order: ascending, operator: equals, value: 1}", "rank-type", "only numbers and dates"),
    "buckets of a position": ("{rank: {event: purchase}, as: position, ‸buckets: 5, order: ascending, operator: equals, value: 1}", "unknown-key", "belongs to `as: ntile`"),
    "a bucket that is not there": ("{rank: {event: purchase}, as: ntile, buckets: 5, order: ascending, operator: equals, ‸value: 6}", "value-type", "buckets 1 to 5"),
    "two histories": ("{segment: vip, entered: today, ‸left: today}", "exclusive-keys", "exclude each other"),
    "a stay without a length": ("{segment: vip, member_for: ‸14 days}", "condition-shape", "at_least: 14 days"),
    "a median of text": ("{event: purchase, measure: median, ‸of: product, operator: equals, value: 1}", "measure-not-for-type", "does not fit"),
    "periods without a length": ("‸{event: cart, measure: active_periods, operator: equals, value: 1}", "missing-key", "`period` is missing"),
    "observed events": ("{event: cart, where: {field: activity_id, operator: is_empty, ‸observed_for: 1 day}}", "observed-for", "`born`"),
    "a file of values that is not there": ("{field: country, operator: in, value: {file: ‸a.csv, column: id}}", "csv-file", "no file `a.csv`"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "rule_id", "message"), ERRORS.values(), ids=ERRORS)
def test_an_error_says_what_and_where(definition, mark, text, rule_id, message):
    marked = mark(f"segment: s\nwhere: {text}\n")
    segment, findings = definition(marked.plain)
    assert segment is None
    (finding,) = findings
    assert finding.rule == rule_id
    assert message in f"{finding.message} {finding.hint}"
    assert (finding.at.file, finding.at.line, finding.at.column) == ("s.yaml", *marked.place)
    assert finding.segment == "s"


def test_every_error_of_a_rule_is_found_at_once(definition):
    _, findings = definition(
        """segment: s
where:
  all:
    - {field: contry, operator: is_empty}
    - any:
        - {field: country, operator: like, value: a}
        - {event: purchase, where: {field: nothing, operator: is_empty}}
    - not: {field: custom.age, operator: equals, value: old}
exclude: {all: []}
"""
    )
    assert [(finding.rule, finding.at.line, finding.at.column) for finding in findings] == [
        ("unknown-field", 4, 15), ("unknown-operator", 6, 38), ("unknown-field", 7, 44),
        ("value-type", 8, 57), ("empty-group", 9, 11),
    ]  # fmt: skip


def test_columns_count_characters_not_bytes(definition):
    _, findings = definition(
        "segment: s\nwhere: {all: [{field: city, operator: equals, value: Zürich}, {field: x, operator: is_empty}]}\n"
    )
    assert findings[0].at.column == 71


def test_a_list_of_a_hundred_thousand_values_is_read(rule):
    values = ", ".join(f"v{number}" for number in range(100_000))
    assert len(rule(f"{{field: country, operator: in, value: [{values}]}}").value) == 100_000
