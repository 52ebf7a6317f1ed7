"""Rules about the tests of segments."""

from __future__ import annotations

from segmentation_pipeline.rules.checks.rule import Rule, one

_TEST = """\
test: buyers
as_of: {as_of}
given:
  contacts: [{row}]
segments:
  buyers: {{where: {{event: purchase}}}}
"""


def _test(*, as_of: str = "2026-06-30T00:00:00Z", row: str = "{contact_id: a}", end: str) -> dict[str, str]:
    return dict(one("tests/example.yaml", _TEST.format(as_of=as_of, row=row) + end))


_GOOD = _test(end="expect: {buyers: []}")

TESTS = (
    Rule(
        "test-shape",
        "syntactic",
        "A test lacks a key, has one that means nothing, or one with a value it cannot take.",
        "A test has `test`, `given`, `segments`, `expect` and more; editors complete them by the schema.",
        _GOOD,
        _test(end="expects: {buyers: []}"),
    ),
    Rule(
        "expects-nothing",
        "syntactic",
        "A test expects nothing, so it cannot fail.",
        "Write `expect` with the members, or `expect_error`.",
        _GOOD,
        _test(end=""),
    ),
    Rule(
        "test-as-of",
        "syntactic",
        "`as_of` of a test is no instant, or depends on the day the test runs.",
        "Write an instant such as `2026-06-30T00:00:00Z`.",
        _GOOD,
        _test(as_of="3 days ago", end="expect: {buyers: []}"),
    ),
    Rule(
        "test-rows",
        "semantic",
        "A row given to a test does not fit the catalog.",
        "Write a value of the column's type; times may be written as `as_of - 2 days`.",
        _test(row="{contact_id: a, age: 20}", end="expect: {buyers: []}"),
        _test(row="{contact_id: a, age: old}", end="expect: {buyers: []}"),
    ),
)
