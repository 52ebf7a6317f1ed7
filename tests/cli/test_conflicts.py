"""`segmentation conflicts`, on definitions with everything wrong, and on the shipped ones."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import get_args

import pytest

from segmentation_pipeline.conflicts.model import FindingName
from segmentation_pipeline.conflicts.tables import FINDINGS, OVERLAPS, RELATIONS, TABLES
from segmentation_pipeline.lake.store import DeltaStore

EXAMPLE = Path(__file__).parents[2] / "segment_definitions" / "examples" / "conflicting"
MADE_UP = re.compile(r'"witness": ".*\\"rows\\": \{\\".*"')


@pytest.fixture(scope="module")
def evaluated(segmentation, tmp_path_factory):
    """The twenty definitions of the example with their data imported and evaluated."""
    folder = tmp_path_factory.mktemp("conflicting") / "example"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("lake"))
    for table in ("contacts", "activities"):
        assert segmentation("import", table, "--project", folder).status == 0
    assert segmentation("run", "--project", folder).status == 0
    return folder


@pytest.fixture
def conflicting(evaluated, tmp_path):
    """A copy that a test may change."""
    return Path(shutil.copytree(evaluated, tmp_path / "copy"))


def test_twenty_definitions_show_every_finding(segmentation, evaluated):
    assert len(list(EXAMPLE.glob("segments/*.yaml"))) == 20
    found = segmentation("conflicts", "--project", evaluated, "--json").json["findings"]
    assert {row["finding"] for row in found} == set(get_args(FindingName))


def test_the_table(segmentation, evaluated, golden):
    outcome = segmentation("conflicts", "--project", evaluated)
    assert outcome.status == 1
    golden("conflicts", outcome.out)


def test_the_markdown(segmentation, evaluated, golden):
    outcome = segmentation("conflicts", "--project", evaluated, "--format", "markdown")
    assert outcome.status == 1
    golden("conflicts_markdown", outcome.out)


def test_the_json(segmentation, evaluated, golden):
    outcome = segmentation("conflicts", "--project", evaluated, "--format", "json")
    assert outcome.status == 1
    assert {name: list(rows[0]) for name, rows in outcome.json.items()} == {
        "findings": FINDINGS.schema.names(),
        "relations": RELATIONS.schema.names(),
        "overlaps": OVERLAPS.schema.names(),
    }
    # Which of many customers is made up to show something is the solver's choice.
    golden("conflicts_json", MADE_UP.sub('"witness": "…"', outcome.out))


def test_the_shipped_definitions_have_no_error(segmentation, sample, golden):
    outcome = segmentation("conflicts", "--project", sample, "--limit", "12")
    assert outcome.status == 0
    golden("conflicts_shipped", outcome.out)


def test_the_rules_alone_need_no_run(segmentation, tmp_path):
    folder = shutil.copytree(EXAMPLE, tmp_path / "fresh", ignore=shutil.ignore_patterns("lake"))
    outcome = segmentation("conflicts", "--no-data", "--project", folder)
    assert outcome.status == 1
    assert "the rules alone: members were not looked at" in outcome.out
    assert "error[shadowed]" in outcome.out
    assert "value_not_in_data" not in outcome.out


def test_one_segment_is_what_concerns_it(segmentation, evaluated):
    found = segmentation("conflicts", "good_scores", "--project", evaluated, "--json")
    assert found.status == 1
    assert {row["segment"] for row in found.json["findings"]} == {"top_scores", None}
    assert all("good_scores" in (row["segment_a"], row["segment_b"]) for row in found.json["relations"])


def test_without_an_error_among_those_chosen_the_status_is_0(segmentation, evaluated):
    assert segmentation("conflicts", "not_on_free", "--project", evaluated).status == 0


def test_two_segments_are_shown_with_what_proves_it(segmentation, evaluated):
    disjoint = segmentation("conflicts", "pro_offer", "enterprise_offer", "--project", evaluated).out
    assert "pro_offer where: plan equals" in disjoint
    overlap = segmentation("conflicts", "german_spring", "young_spring", "--project", evaluated).out
    assert "in both is" in overlap


def test_an_unknown_segment_is_wrong_use(segmentation, evaluated):
    outcome = segmentation("conflicts", "top_score", "--project", evaluated)
    assert outcome.status == 2
    assert "did you mean `top_scores`" in outcome.err


def test_publish_writes_the_tables(segmentation, conflicting):
    assert segmentation("conflicts", "--publish", "--project", conflicting).status == 1
    store = DeltaStore(conflicting / "lake")
    version = store.version("segment_memberships")
    assert {table.name: store.transaction(table.name, "segment_memberships") for table in TABLES} == {
        table.name: version for table in TABLES
    }
    claims = store.scan("contact_claims").collect()
    assert set(claims["scope"]) == {"group:plans", "group:scores", "group:spring", "channel:email"}


@pytest.mark.parametrize("option", [("--no-data",), ("--as-of", "2026-06-01")])
def test_publish_takes_no_other_instant(segmentation, evaluated, option):
    outcome = segmentation("conflicts", "--publish", *option, "--project", evaluated)
    assert outcome.status == 2


def test_data_that_came_after_the_run_is_not_held_against_proofs(segmentation, conflicting):
    more = conflicting / "data" / "contacts.csv"
    more.write_text(more.read_text() + "c-99,de,20,pro,active,false,99,2026-06-01\n")
    assert segmentation("import", "contacts", "--project", conflicting).status == 0
    outcome = segmentation("conflicts", "--project", conflicting)
    assert "proofs were not held against the members: data came in after the last run" in outcome.out
