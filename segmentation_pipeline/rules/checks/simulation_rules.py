"""Rules about simulations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.rules.checks.rule import Rule, several

if TYPE_CHECKING:
    from collections.abc import Mapping

_FANS = """\
segment: fans
where: {field: age, operator: greater_than, value: 3}
delivery: {channel: email}
"""


def _simulation(lines: str) -> Mapping[str, str]:
    return several(
        {
            "segments/fans.yaml": _FANS,
            "policies/weekly.yaml": "policy: weekly\nrules: [{max: 1, days: 7}]",
            "simulations/trial.yaml": f"simulation: trial\n{lines}",
        }
    )


_GOOD = _simulation(
    "mode: compare\nproposed: {policy: weekly}\n"
    "fail_if: [{metric: p99_contacts_in_7_days, operator: greater_than, value: 1, channel: email}]"
)

SIMULATIONS = (
    Rule(
        "simulation-shape",
        "syntactic",
        "A simulation lacks a key, has one that means nothing, or one with a value it cannot take.",
        "A simulation has its file's name and a `mode`; `what_if` and `compare` need `proposed`, too.",
        _GOOD,
        _simulation("mode: compare\ndays: 30"),
    ),
    Rule(
        "simulation-name",
        "semantic",
        "A simulation names a policy, a folder, a channel, a segment or a field that does not exist.",
        "Policies lie in `policies/`; nobody is counted by a list or by personal data.",
        _GOOD,
        _simulation("mode: compare\nproposed: {policy: weakly}"),
    ),
    Rule(
        "simulation-metric",
        "semantic",
        "`fail_if` names a metric that there is not, or that is not counted so.",
        "The metrics, and by what each is counted, stand in docs/simulation.md.",
        _GOOD,
        _simulation("mode: replay\nfail_if: [{metric: never_won_segment, operator: greater_than, value: 0}]"),
    ),
)
