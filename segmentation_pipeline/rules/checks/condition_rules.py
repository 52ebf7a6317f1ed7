"""Rules about conditions: their keys, groups and fields."""

from __future__ import annotations

from segmentation_pipeline.rules.checks.rule import Rule, definition, segments, where

CONDITIONS = (
    Rule(
        "condition-shape",
        "syntactic",
        "A condition, or a part of one, is not written in any of the forms there are.",
        "A condition is a mapping such as `{field: …, operator: …}`; several stand under `all:` or `any:`.",
        where("\n  all:\n    - {event: login}\n    - {event: purchase}"),
        where("\n  - {event: login}\n  - {event: purchase}"),
    ),
    Rule(
        "unknown-key",
        "syntactic",
        "A key means nothing where it stands.",
        "Take it out, or correct its spelling.",
        where("{event: purchase, within: last 30 days}"),
        where("{event: purchase, witin: last 30 days}"),
    ),
    Rule(
        "missing-key",
        "syntactic",
        "A condition lacks a key that it needs.",
        "Write the key that the message names.",
        where("{field: country, operator: equals, value: FR}"),
        where("{field: country, value: FR}"),
    ),
    Rule(
        "exclusive-keys",
        "syntactic",
        "Two keys that exclude each other stand in one condition.",
        "Write two conditions under `all:`.",
        segments(
            buyers="{event: purchase}",
            lost="\n  all:\n    - {segment: buyers, entered: last 30 days}\n"
            "    - {segment: buyers, left: last 7 days}",
        ),
        segments(
            buyers="{event: purchase}", lost="{segment: buyers, entered: last 30 days, left: last 7 days}"
        ),
    ),
    Rule(
        "empty-group",
        "syntactic",
        "A group has no conditions to combine.",
        "Take the group out, or write a condition; for everyone there is `{everyone: true}`.",
        where("{any: [{event: login}, {event: purchase}]}"),
        where("{any: []}"),
    ),
    Rule(
        "at-least",
        "syntactic",
        "`at_least` asks for more conditions than its group has, or for none.",
        "Write a whole number from 1 to the number of conditions under `of`.",
        where("{at_least: 1, of: [{event: login}, {event: purchase}]}"),
        where("{at_least: 3, of: [{event: login}, {event: purchase}]}"),
    ),
    Rule(
        "condition-in-rows",
        "syntactic",
        "Inside a measure stands a condition that only an object can meet.",
        "Inside a measure, name fields of its rows; ask for events or segments beside the measure.",
        where("{event: purchase, where: {field: revenue, operator: greater_than, value: 100}}"),
        where("{event: purchase, where: {event: login}}"),
    ),
    Rule(
        "unknown-field",
        "semantic",
        "A field is named that the object, the event or the table does not have.",
        "Take a name from the catalog; a field of a parent is written `relation.field`.",
        where("{field: company.name, operator: is_empty}"),
        where("{field: compny.name, operator: is_empty}"),
    ),
    Rule(
        "unknown-relation",
        "semantic",
        "A relation is named that the object does not have.",
        "Take a name from `relations:` of the object in the catalog.",
        where("{related: orders}"),
        where("{related: ordrs}"),
    ),
    Rule(
        "relation-direction",
        "semantic",
        "`related` names a relation to one row, or `on` a relation to many.",
        "`on` tests the one parent of an object, `related` counts the many rows that point at it.",
        where("{on: company, where: {field: employees, operator: greater_than, value: 50}}"),
        where("{on: orders, where: {field: amount, operator: greater_than, value: 50}}"),
    ),
    Rule(
        "observed-for",
        "semantic",
        "`observed_for` asks how long an object exists, and the catalog does not say since when.",
        "Name the field with `born:` of the object in the catalog.",
        where("{event: purchase, operator: equals, value: 0, observed_for: 90 days}"),
        definition("object: company\nwhere: {field: name, operator: is_not_empty, observed_for: 90 days}"),
    ),
)

TIMES = (
    Rule(
        "window",
        "syntactic",
        "A text is not a window of time.",
        "Write it as `last 30 days`, `this month`, `since 2026-01-01`, `between 2026-01-01 and today`.",
        where("{event: purchase, within: last 30 days}"),
        where("{event: purchase, within: 30 days ago}"),
    ),
    Rule(
        "moment",
        "syntactic",
        "A text is not a moment.",
        "Write it as `2026-06-30T00:00:00Z`, `2026-06-30`, `today` or `3 days ago`.",
        segments(buyers="{event: purchase}", then="{segment: buyers, as_of: 2026-06-30}"),
        segments(buyers="{event: purchase}", then="{segment: buyers, as_of: last 30 days}"),
    ),
    Rule(
        "duration",
        "syntactic",
        "A text is not a length of time, or has no fixed length where it needs one.",
        "Write it as `2 days` or `90 minutes`; months and years differ in length.",
        where("{sequence: [{event: cart}, {event: purchase}], gap: 2 days}"),
        where("{sequence: [{event: cart}, {event: purchase}], gap: 1 month}"),
    ),
    Rule(
        "rows-without-time",
        "semantic",
        "A window or a measure of time stands on related rows that have no time.",
        "Name the column with `time:` of the relation in the catalog.",
        where("{related: orders, within: last 30 days}"),
        where("{related: notes, within: last 30 days}"),
    ),
    Rule(
        "window-twice",
        "syntactic",
        "A ratio has a window, and one of its parts another.",
        "Write `within` at the ratio, or at its parts.",
        where(
            "\n  ratio: {numerator: {event: purchase}, denominator: {event: cart}}\n"
            "  within: last 90 days\n  operator: less_than\n  value: 0.1"
        ),
        where(
            "\n  ratio: {numerator: {event: purchase, within: last 30 days}, denominator: {event: cart}}\n"
            "  within: last 90 days\n  operator: less_than\n  value: 0.1"
        ),
    ),
)
