"""Rules about measures of events and rows, ratios, responses, ranks and sequences."""

from __future__ import annotations

from segmentation_pipeline.rules.checks.rule import Rule, where

_PER_CART = (
    "\n  ratio: {numerator: {event: purchase%s}, denominator: {event: cart}}\n"
    "  operator: less_than\n  value: 0.1"
)
_RANKED = "{rank: {%s}, as: percentile, order: descending, operator: less_than_or_equal, value: 10}"

MEASURES = (
    Rule(
        "unknown-event",
        "semantic",
        "An event type is named that the object, or the catalog, does not have.",
        "Take a name from `types:` of the events in the catalog.",
        where("{event: purchase}"),
        where("{event: purchas}"),
    ),
    Rule(
        "event-sources",
        "semantic",
        "Events of several sources stand together where they must be of one.",
        "Write one condition for each source, combined by `all:` or `any:`.",
        where("{any: [{event: purchase}, {event: page_view}]}"),
        where("{event: [purchase, page_view]}"),
    ),
    Rule(
        "unknown-measure",
        "syntactic",
        "There is no such measure.",
        "Write `count`, `sum`, `avg`, `days_since_last` or another of the rule language's table.",
        where("{event: purchase, measure: sum, of: revenue, operator: greater_than, value: 100}"),
        where("{event: purchase, measure: total, of: revenue, operator: greater_than, value: 100}"),
    ),
    Rule(
        "measure-not-for-type",
        "semantic",
        "The measure does not fit the type of the field it computes with.",
        "Sum and average numbers; the smallest and the greatest are those of numbers and dates.",
        where("{event: purchase, measure: sum, of: revenue, operator: greater_than, value: 100}"),
        where("{event: purchase, measure: sum, of: product, operator: greater_than, value: 100}"),
    ),
    Rule(
        "ratio-measure",
        "syntactic",
        "A part of a ratio is neither a count nor a sum.",
        "Leave `measure` out for a count, or write `measure: sum` with `of`.",
        where(_PER_CART % ""),
        where(_PER_CART % ", measure: avg, of: revenue"),
    ),
    Rule(
        "rank-type",
        "semantic",
        "Only numbers and dates have a rank.",
        "Rank by a number, a date or a measure.",
        where(_RANKED % "field: age"),
        where(_RANKED % "field: country"),
    ),
    Rule(
        "sequence-shape",
        "syntactic",
        "A sequence is not a list of at least two steps.",
        "Write `sequence: [{event: cart}, {event: purchase}]`; one step alone is a condition on an event.",
        where("{sequence: [{event: cart}, {event: purchase}]}"),
        where("{sequence: [{event: cart}]}"),
    ),
    Rule(
        "no-step-happens",
        "syntactic",
        "Every step of a sequence is negated, so that nothing needs to happen.",
        "Leave `not` out of at least one step.",
        where("{sequence: [{event: cart}, {event: purchase, not: true}]}"),
        where("{sequence: [{event: cart, not: true}, {event: purchase, not: true}]}"),
    ),
)
