"""Rules about policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.rules.checks.rule import Rule, several

if TYPE_CHECKING:
    from collections.abc import Mapping

_FANS = """\
segment: fans
where: {field: age, operator: greater_than, value: 3}
delivery: {channel: email, exclusivity_group: lifecycle}
"""


def _policy(lines: str) -> Mapping[str, str]:
    return several({"segments/fans.yaml": _FANS, "policies/default.yaml": f"policy: default\n{lines}"})


_GOOD = _policy("exclusive_groups: [lifecycle]\nrules:\n  - {max: 2, days: 7, channel: email}")

POLICIES = (
    Rule(
        "policy-shape",
        "syntactic",
        "A policy lacks a key, has one that means nothing, or one with a value it cannot take.",
        "A policy has its file's name; a rule has `cooldown_days`, or `max` and `days`.",
        _GOOD,
        _policy("rules:\n  - {max: 2, channel: email}"),
    ),
    Rule(
        "policy-name",
        "semantic",
        "A policy names a channel on which nothing is sent, or a group without a segment.",
        "Write it as the `delivery:` blocks of the segments do.",
        _GOOD,
        _policy("rules:\n  - {max: 2, days: 7, channel: mail}"),
    ),
)
