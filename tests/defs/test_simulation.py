"""Group `simulation`: an asset a simulation, its checks, and what a broken file leaves of it."""

from __future__ import annotations

import dagster as dg
import polars as pl
import pytest

from segmentation_pipeline.components.simulation_checks import unbalanced
from segmentation_pipeline.simulation.tables import SEGMENT_DAYS

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

MAIL = "{channel: email, priority: 2, repeat: {every_days: 7}}"
KEY = "simulation/rare"
BALANCES = {"claims_add_up", "sizes_add_up"}
FEWER = "won_of_delta_less_than_minus_0_5"
SIMULATION = """
simulation: rare
description: One mail a month.
mode: compare
days: 7
baseline: {policy: default}
proposed: {policy: monthly}
samples: 3
fail_if:
  - {metric: won, operator: greater_than, value: 100000}
  - {metric: won, of: delta, operator: less_than, value: -0.5}
"""


@pytest.fixture
def mailing(published):
    """Segments that write mails, a second policy, and a simulation that compares it."""
    for name, country in (("germans", "de"), ("french", "fr")):
        rule = f"where: {{field: country, operator: equals, value: {country}}}\ndelivery: {MAIL}"
        published.segment(name, rule)
    published.write(
        "segment_definitions/policies/monthly.yaml", "policy: monthly\nrules: [{max: 0, days: 30}]\n"
    )
    published.write("segment_definitions/simulations/rare.yaml", SIMULATION)
    assert published.run(job="recalculate_segments").success
    return published


def specs(team) -> dict[str, dg.AssetSpec]:
    return {one.key.to_user_string(): one for one in team.definitions().resolve_all_asset_specs()}


def test_a_simulation_has_a_page_in_its_group(mailing):
    spec = specs(mailing)[KEY]
    assert spec.group_name == "simulation"
    assert spec.description.startswith("One mail a month.")
    assert {dep.asset_key.to_user_string() for dep in spec.deps} >= {"segment_memberships"}


def test_it_says_what_came_of_it(mailing):
    run = mailing.run(dg.AssetSelection.assets(KEY))
    assert run.success, run.failures
    assert run.said(KEY, "A_messages") > 0
    assert run.said(KEY, "B_messages") == 0
    assert run.said(KEY, "failed") == 1
    assert "| simulation_segment_days | 28 |" in run.said(KEY, "tables")
    assert run.said(KEY, "report").startswith("# rare: A against B\n")
    rows = mailing.store.scan("simulation_runs").collect()
    assert set(rows["run_id"]) == {run.said(KEY, "run")}
    assert run.data_version(KEY) == rows["result_hash"][0]


def test_what_must_not_be_fails_its_own_check_and_stops_nothing(mailing):
    run = mailing.run(dg.AssetSelection.assets(KEY))
    checks = {name: check for (asset, name), check in run.checks.items() if asset == KEY}
    assert set(checks) == {"won_greater_than_100000", "won_of_delta_less_than_minus_0_5", *BALANCES}
    assert {name for name, check in checks.items() if not check.passed} == {
        "won_of_delta_less_than_minus_0_5"
    }
    failed = checks["won_of_delta_less_than_minus_0_5"]
    assert failed.metadata["value"].value < 0
    assert not failed.blocking


def test_a_broken_file_fails_the_check_of_the_definitions_and_nothing_else(mailing):
    mailing.write("segment_definitions/simulations/rare.yaml", SIMULATION.replace("monthly", "montly"))
    mailing.write("segment_definitions/simulations/worse.yaml", "simulation: [")
    found = specs(mailing)
    assert "did you mean `monthly`" in found[KEY].description
    assert "worse.yaml:2:1" in found["simulation/worse"].description
    run = mailing.run(dg.AssetSelection.assets("segment_definitions"))
    check = run.checks["segment_definitions", "definitions_are_valid"]
    assert not check.passed
    assert "simulations/rare.yaml:7:" in check.metadata["findings"].value
    assert mailing.run(job="recalculate_segments").success
    broken = mailing.run(dg.AssetSelection.assets(KEY))
    assert "there is no policy `montly`" in broken.failures["simulate_rare"]


def test_the_night_simulates_nothing(mailing):
    assert not [key for key in mailing.run(job="nightly").materialized if key.startswith("simulation/")]


def test_rows_that_do_not_add_up_are_found():
    row = dict.fromkeys(SEGMENT_DAYS.schema, 0) | {"run_id": "r", "variant": "baseline", "segment_id": "a"}
    rows = [
        {**row, "day": 1, "size": 5, "entered": 5, "claims": 2, "won": 1, "gap": 1},
        {**row, "day": 2, "size": 6, "entered": 2, "exited": 1, "claims": 2, "won": 1, "spent": 1},
        {**row, "day": 3, "size": 6, "entered": 1},
    ]
    found = unbalanced(pl.DataFrame(rows))
    assert found["claims_add_up"]["day"].to_list() == [2]
    assert found["sizes_add_up"]["day"].to_list() == [3]
