"""A simulation of ``mode: what_if`` from its file to its tables: members, winners, and the limit on churn."""

from __future__ import annotations

import pytest

from segmentation_pipeline.errors import DefinitionError
from segmentation_pipeline.simulation.run import simulate

MAIL = "delivery: {channel: email, priority: "
WELCOME = f"where: {{field: age, operator: greater_than_or_equal, value: 30}}\n{MAIL}50}}"
FILE = """
simulation: younger
mode: what_if
baseline: {policy: default}
proposed: {policy: default, definitions: "folder:next"}
breakdowns: [country]
samples: 5
fail_if:
  - {metric: churn_percent, operator: greater_than, value: LIMIT}
"""


@pytest.fixture
def shop(project):
    """In the folder ``next`` `welcome` loses f and gains a; `promo` gets who is left."""
    project.drop("others")
    project.drop("adults")
    project.segment("welcome", WELCOME)
    project.segment("promo", f"where: {{everyone: true}}\n{MAIL}10}}")
    project.elsewhere(project.root / "next").segment(
        "welcome", WELCOME.replace("greater_than_or_equal, value: 30", "between, value: [18, 40]")
    )
    return project


def run(project, limit=100):
    project.write("simulations/younger.yaml", FILE.replace("LIMIT", str(limit)))
    return simulate(project.workspace, "younger", as_of=project.now, now=lambda: project.now)


def test_what_moves_and_who_wins_instead(shop):
    found = run(shop)
    moved = found["what_if_segments"].select(
        "segment_id", "size_before", "size_after", "entered", "exited", "retained"
    )
    assert moved.rows() == [("welcome", 4, 4, 1, 1, 3)]
    won = found["simulation_segment_days"].select("variant", "segment_id", "size", "entered", "won").rows()
    assert sorted(won) == [
        ("baseline", "promo", 6, 0, 2),
        ("baseline", "welcome", 4, 0, 4),
        ("proposed", "promo", 6, 0, 2),
        ("proposed", "welcome", 4, 0, 4),
    ]
    switches = (
        found["simulation_switches"].select("winner_baseline", "winner_proposed", "contact_days").rows()
    )
    assert set(switches) == {
        ("welcome", "welcome", 3),
        ("promo", "promo", 1),
        ("welcome", "promo", 1),
        ("promo", "welcome", 1),
    }


def test_every_row_is_of_the_recorded_run(shop):
    found = run(shop)
    for table in ("what_if_segments", "what_if_changes", "what_if_samples", "what_if_conflicts"):
        stored = shop.store.scan(table).collect() if shop.store.exists(table) else None
        assert found[table].is_empty() if stored is None else set(stored["run_id"]) == {found.run}
    assert found["what_if_changes"]["attribute"].unique().sort().to_list() == [None, "country"]


@pytest.mark.parametrize(("limit", "failed"), [(50, ()), (49.9, ("churn_percent greater than 49.9",))])
def test_a_limit_on_churn(shop, limit, failed):
    assert run(shop, limit).failed == failed


def test_the_same_again_has_the_same_result(shop):
    hashes = {run(shop)["simulation_runs"]["result_hash"][0] for _ in range(2)}
    assert len(hashes) == 1


@pytest.mark.parametrize("line", ["sample_percent: 10", "to: 2026-02-01"])
def test_what_is_of_replays_only_is_refused(shop, line):
    shop.write("simulations/younger.yaml", FILE.replace("LIMIT", "100") + line)
    with pytest.raises(DefinitionError, match="about today and everybody"):
        simulate(shop.workspace, "younger", as_of=shop.now, now=lambda: shop.now)
