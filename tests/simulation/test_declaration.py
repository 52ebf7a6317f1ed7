"""Simulations as files: every fault is found at its line, and names are told from near ones."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.errors import DefinitionError, UsageError
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.simulation.declaration import Condition, Simulation
from segmentation_pipeline.simulation.figures import holds
from segmentation_pipeline.simulation.reading import find_simulation, simulation_findings
from segmentation_pipeline.simulation.run import days_of

FAULTS = [
    ("mode: replays", 2, "`mode`: Input should be 'what_if', 'replay', 'forecast' or 'compare'"),
    ("mode: replay\nday: 7", 3, "unknown key `day`"),
    ("mode: replay\ndays: 0", 3, "`days`: Input should be greater than or equal to 1"),
    ("mode: compare", 2, "`mode: compare` needs `proposed`"),
    ("mode: compare\nproposed: {policy: default}", 3, "`proposed` is the same as `baseline`"),
    ("mode: compare\nproposed: {policy: caped}", 3, "there is no policy `caped`"),
    (
        "mode: replay\nbaseline: {definitions: main}",
        3,
        "`baseline.definitions`: `main` is no place of definitions",
    ),
    ("mode: replay\nbaseline: {definitions: 'folder:nowhere'}", 3, "there is no folder `nowhere`"),
    (
        "mode: what_if\nproposed: {policy: capped}\nbreakdowns: [country, contry]",
        4,
        "there is no field to count by `contry`",
    ),
    (
        (
            "mode: replay\nfail_if:\n  - {metric: won, operator: less_than, value: 1}\n"
            "  - {metric: p98_contacts_in_7_days, operator: less_than, value: 1}"
        ),
        5,
        "unknown metric `p98_contacts_in_7_days` (allowed: claims, won,",
    ),
    (
        "mode: replay\nfail_if: [{metric: new_conflicts, operator: greater_than, value: 0}]",
        3,
        "`mode: replay` does not count `new_conflicts`",
    ),
    (
        "mode: replay\nfail_if: [{metric: starved_segments, operator: greater_than, value: 0, channel: sms}]",
        3,
        "`starved_segments` is not counted by channel",
    ),
    (
        "mode: replay\nfail_if: [{metric: won, operator: less_than, value: 1, channel: smss}]",
        3,
        "there is no channel `smss`",
    ),
    (
        "mode: replay\nfail_if: [{metric: won, operator: less_than, value: 1, segment: prom}]",
        3,
        "there is no segment `prom`",
    ),
    (
        "mode: replay\nfail_if: [{metric: won, operator: less_than, value: 1, of: delta}]",
        3,
        "`of: delta`: there is no `proposed`",
    ),
]


@pytest.mark.parametrize(("text", "line", "message"), FAULTS)
def test_a_fault_is_found_where_it_stands(week, text, line, message):
    week.simulation("faulty", text)
    definitions = read_definitions(week.workspace)
    (finding,) = simulation_findings(week.workspace, definitions)
    assert finding.message.startswith(message)
    assert (finding.at.file, finding.at.line) == ("segment_definitions/simulations/faulty.yaml", line)


def test_a_misspelt_name_has_a_hint(week):
    week.simulation("faulty", "mode: replay\nbaseline: {policy: defolt}")
    (finding,) = simulation_findings(week.workspace, read_definitions(week.workspace))
    assert finding.hint == "did you mean `default`?"


def test_a_simulation_with_faults_does_not_run(week):
    week.simulation("faulty", "mode: compare")
    with pytest.raises(DefinitionError, match="needs `proposed`"):
        week.simulate("faulty")


def test_nobody_simulates_with_a_broken_definition(week):
    week.segment("promo", None, "where: {field: nothing, operator: is_empty}")
    with pytest.raises(DefinitionError, match="unknown field `nothing`"):
        week.simulate("replayed")


def test_an_unknown_simulation_has_a_hint(week):
    with pytest.raises(UsageError, match="did you mean `compared`"):
        find_simulation(week.workspace, read_definitions(week.workspace), "compare")


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("as_of", "last"),
    [
        ("2026-06-07T21:59:59.999999", "2026-06-07"),  # the last microsecond of Sunday in Berlin
        ("2026-06-07T21:59:59.999998", "2026-06-06"),
        ("2026-06-07T22:00:00", "2026-06-07"),
    ],
)
def test_the_last_day_is_the_last_that_is_over(as_of, last):
    said = Simulation(simulation="s", mode="replay", days=3)
    days = days_of(said, instant(as_of), "Europe/Berlin")
    assert (len(days), days[-1].isoformat()) == (3, last)


def test_a_day_that_is_not_over_cannot_be_replayed():
    said = Simulation(simulation="s", mode="replay", days=3, to=dt.date(2026, 6, 7))
    with pytest.raises(UsageError, match="the last day that is, is 2026-06-06"):
        days_of(said, instant("2026-06-07T12:00:00"), "Europe/Berlin")


@pytest.mark.parametrize(
    ("of", "operator", "value", "expected"),
    [
        (None, "greater_than", 5, True),
        (None, "greater_than", 6, False),
        ("baseline", "less_than_or_equal", 4, True),
        ("delta", "equals", 2, True),
        ("delta_percent", "greater_than_or_equal", 50, True),
        ("delta_percent", "not_equals", 50, False),
    ],
)
def test_conditions_ask_the_proposed_side_unless_they_say(of, operator, value, expected):
    condition = Condition(metric="won", operator=operator, value=value, of=of)
    assert holds(condition, {"baseline": 4.0, "proposed": 6.0}) is expected


def test_a_figure_that_there_is_none_of_fails_nothing():
    condition = Condition(metric="win_rate", operator="less_than", value=1)
    assert not holds(condition, {"baseline": None})
