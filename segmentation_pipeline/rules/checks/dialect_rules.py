"""Rules about what other formats say, as `segmentation translate` reads them."""

from __future__ import annotations

from segmentation_pipeline.rules.checks.rule import Rule, one, several

_GROUP = "- {mainOperator: include, conjunction: and, %s}"


def _filter(condition: str) -> dict[str, str]:
    return dict(one("filter_rules.yaml", f"{{operator: AND, conditions: [{condition}]}}"))


def _contact(condition: str) -> dict[str, str]:
    return dict(one("contact_rules.yaml", f"{{match: all, conditions: [{condition}]}}"))


def _group(body: str, names: str | None = None) -> dict[str, str]:
    rule = one("rule_groups.yaml", _GROUP % body)
    return dict(rule) if names is None else dict(several({**rule, "names.yaml": names}))


def _row(row: str, focus: str = "property", seed: str = "crm-contact", more: str = "") -> str:
    return f"segmentObject: {seed}, conditionFocus: {focus}, g0: {{{row}}}{more}"


_FRENCH = "{field: country, operator: equals, value: FR}"
_ADULT = "key: age, condition: '>=', value: 18"
_BOUGHT = "key: purchase, condition: '>=', value: 1"
_LAST = ", dateRangeFilter: {type: previous-period, numberOfDaysPrevious: %s}"


def _typed(kind: str) -> dict[str, str]:
    rule = f"{{operator: AND, conditions: [{_FRENCH}]}}"
    return dict(one("filter_rules.yaml", f"type: {kind}\nfilter_rules: {rule}"))


DIALECTS = (
    Rule(
        "dialect-shape",
        "syntactic",
        "A rule of another format is not written as that format writes it.",
        "Compare it with the examples of the format in the page on dialects.",
        _filter(_FRENCH),
        one("filter_rules.yaml", "{operator: AND, conditions: 3}"),
    ),
    Rule(
        "dialect-word",
        "syntactic",
        "An operator, a type or another word is none that the format has.",
        "The page on dialects lists every word there is.",
        _filter(_FRENCH),
        _filter("{field: country, operator: resembles, value: FR}"),
    ),
    Rule(
        "dialect-static",
        "syntactic",
        "The segment is a list of members, not a rule.",
        "Write a segment of `type: static` with its `members`.",
        _typed("dynamic"),
        _typed("static"),
    ),
    Rule(
        "dialect-value",
        "syntactic",
        "A value is not a single one or a list, as the format has them.",
        "Write one value, or a list of them.",
        _filter(_FRENCH),
        _filter("{field: country, operator: equals, value: {code: FR}}"),
    ),
    Rule(
        "dialect-ambiguous",
        "syntactic",
        "The rule could mean two things, and the format does not say which.",
        "Write the one that is meant: the message names them.",
        _filter("{field: country, operator: contains, value: F}"),
        _filter("{field: country, operator: contains, value: [F, D]}"),
    ),
    Rule(
        "dialect-field",
        "semantic",
        "The catalog has no field of the name that the rule uses.",
        "Declare it, or map the name under `fields:` of a names file.",
        _filter(_FRENCH),
        _filter("{field: nation, operator: equals, value: FR}"),
    ),
    Rule(
        "dialect-type",
        "semantic",
        "The rule says another type of a field than the catalog.",
        "Correct the rule, or the catalog.",
        _contact("{field: age, operator: equals, value: 30, dataType: number}"),
        _contact("{field: age, operator: equals, value: '30', dataType: string}"),
    ),
    Rule(
        "dialect-object",
        "semantic",
        "The catalog has no object for one of the rule's, or none such a condition can stand on.",
        "Declare it, or name another under `objects:` of a names file.",
        _group(_row(_ADULT)),
        _group(_row("key: amount, condition: '>', value: 5", seed="crm-quote")),
    ),
    Rule(
        "dialect-no-way",
        "semantic",
        "No relation of the catalog leads to the object, or the rows, that the rule speaks of.",
        "Declare the relation, or translate with another `--object`.",
        _group(_row("key: orders, condition: '>=', value: 2", focus="relationship")),
        _group(_row("key: invoices, condition: '>=', value: 2", focus="relationship")),
    ),
    Rule(
        "dialect-event",
        "semantic",
        "The rule does not say which event it means, or the catalog does not have it.",
        "Name one event, or map its name under `events:` of a names file.",
        _group(_row(_BOUGHT, focus="ecommerce-event")),
        _group(_row("key: checkout, condition: '>=', value: 1", focus="ecommerce-event")),
    ),
    Rule(
        "dialect-property",
        "syntactic",
        "`property`, which measures events and rows, stands at a field.",
        "Take it out.",
        _group(_row(_ADULT)),
        _group(_row(_ADULT + ", property: sum")),
    ),
    Rule(
        "dialect-segment",
        "semantic",
        "An embedded segment has no id here, or stands where no segment can.",
        "Name it under `segments:` of a names file.",
        _group("embeddedSegmentId: 64f0c2", names="segments: {64f0c2: loyal}"),
        _group("embeddedSegmentId: 64f0c2"),
    ),
    Rule(
        "dialect-date-range",
        "syntactic",
        "A date range is incomplete, or stands on something that has no date.",
        "Write the missing part, or use `lifetime-of-the-object`.",
        _group(_row(_BOUGHT, focus="ecommerce-event", more=_LAST % 30)),
        _group(_row(_BOUGHT, focus="ecommerce-event", more=_LAST % 0)),
    ),
    Rule(
        "names-file",
        "syntactic",
        "A names file has a section or an operator that does not exist.",
        "Its sections are `fields`, `objects`, `events`, `segments`, `conditions`, `ways` and `metrics`.",
        _group(_row(_ADULT), names="fields: {years: age}"),
        _group(_row(_ADULT), names="field: {years: age}"),
    ),
)
