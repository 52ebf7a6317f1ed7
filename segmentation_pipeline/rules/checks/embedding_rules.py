"""Rules about segments that embed segments. A diamond, one segment embedded on two ways, is fine."""

from __future__ import annotations

from segmentation_pipeline.rules.checks.rule import Rule, segments, several

_DIAMOND = segments(
    base="{event: login}",
    left="{all: [{segment: base}, {event: cart}]}",
    right="{all: [{segment: base}, {event: purchase}]}",
    top="{any: [{segment: left}, {segment: right}]}",
)

EMBEDDINGS = (
    Rule(
        "unknown-segment",
        "semantic",
        "A segment is named that no file defines.",
        "Correct the id, or write the segment.",
        segments(buyers="{event: purchase}", others="{not: {segment: buyers}}"),
        segments(buyers="{event: purchase}", others="{not: {segment: buyrs}}"),
    ),
    Rule(
        "embeds-self",
        "semantic",
        "A segment embeds itself.",
        "Take the embedding out; for those who were members there is `entered`.",
        segments(buyers="{event: purchase}", loyal="{all: [{segment: buyers}, {event: login}]}"),
        segments(loyal="{all: [{segment: loyal}, {event: login}]}"),
    ),
    Rule(
        "cycle",
        "semantic",
        "Segments embed each other in a loop, so that none can be evaluated first.",
        "Take one of the embeddings out; the message shows the whole loop.",
        _DIAMOND,
        segments(one="{segment: two}", two="{segment: three}", three="{segment: one}"),
    ),
    Rule(
        "embeds-cycle",
        "semantic",
        "A segment embeds one that stands in a loop.",
        "Mend the loop; this segment is fine.",
        segments(one="{segment: two}", two="{segment: three}", three="{event: login}"),
        segments(one="{segment: two}", two="{segment: three}", three="{segment: two}"),
    ),
    Rule(
        "embeds-broken",
        "semantic",
        "A segment embeds one that has findings of its own; it is held back, and named in `status`.",
        "Mend the other segment; this one is fine.",
        segments(buyers="{event: purchase}", others="{not: {segment: buyers}}"),
        segments(buyers="{event: purchas}", others="{not: {segment: buyers}}"),
    ),
    Rule(
        "embedded-twice",
        "syntactic",
        "One segment stands twice in one group.",
        "Take one of them out; perhaps another segment was meant.",
        _DIAMOND,
        segments(buyers="{event: purchase}", both="{all: [{segment: buyers}, {segment: buyers}]}"),
    ),
    Rule(
        "embedded-object",
        "semantic",
        "A segment embeds one that holds other objects.",
        "Reach the other object with `on:`, or embed a segment of the same object.",
        several(
            {
                "segments/large.yaml": "segment: large\nobject: company\n"
                "where: {field: employees, operator: greater_than, value: 500}",
                "segments/staff.yaml": "segment: staff\nwhere: {on: company, where: {segment: large}}",
            }
        ),
        several(
            {
                "segments/large.yaml": "segment: large\nobject: company\n"
                "where: {field: employees, operator: greater_than, value: 500}",
                "segments/staff.yaml": "segment: staff\nwhere: {segment: large}",
            }
        ),
    ),
    Rule(
        "embedded-inactive",
        "semantic",
        "A segment embeds one that is switched off.",
        "Activate it, or take it out of this rule.",
        segments(old="{event: login}", new="{not: {segment: old}}"),
        several(
            {
                "segments/old.yaml": "segment: old\nactive: false\nwhere: {event: login}",
                "segments/new.yaml": "segment: new\nwhere: {not: {segment: old}}",
            }
        ),
    ),
    Rule(
        "built-in-history",
        "semantic",
        "A rule asks for the past of a segment of all objects, which nobody publishes.",
        "Ask for the past of a segment that a file defines, or for a date of the object.",
        segments(buyers="{event: purchase}", fresh="{segment: buyers, entered: last 7 days}"),
        segments(fresh="{segment: all_contacts, entered: last 7 days}"),
    ),
)
