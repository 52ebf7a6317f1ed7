"""`segmentation simulate`: the example of one week under two policies, in every form."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from segmentation_pipeline.lake.store import DeltaStore

pytestmark = pytest.mark.integration

EXAMPLE = Path(__file__).parents[2] / "segment_definitions" / "examples" / "one_week"
NAME = "lower_email_cap"
VARIES = re.compile(r"(?<=recorded )( *\|? *)\d{4}-\d\d-\d\d \d\d:\d\d UTC|\b[0-9a-f]{12}\b")


@pytest.fixture(scope="module")
def evaluated(segmentation, tmp_path_factory):
    """The example with its data imported and evaluated."""
    folder = tmp_path_factory.mktemp("one week") / "example"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("lake"))
    for table in ("contacts", "activities"):
        assert segmentation("import", table, "--project", folder).status == 0
    assert segmentation("run", "--project", folder).status == 0
    return folder


@pytest.fixture
def week(evaluated, tmp_path):
    """A copy that a test may change, and in which every run is the first."""
    return Path(shutil.copytree(evaluated, tmp_path / "copy"))


def test_the_totals_are_those_of_the_worked_example(segmentation, week):
    outcome = segmentation("simulate", NAME, "--project", week, "--json")
    assert outcome.status == 1
    assert list(outcome.json) == ["run", "simulation", "mode", "variants", "failed"]
    first, second = outcome.json["variants"]
    assert list(first) == ["variant", "contacts", "won", "reasons"]
    assert (first["contacts"], first["won"], second["won"]) == (5, 11, 8)
    assert {name: number for name, number in first["reasons"].items() if number} == {
        "suppressed": 7,
        "quiet": 4,
        "gap": 9,
        "cooldown": 4,
        "cap": 4,
        "outranked": 3,
        "group_loser": 7,
        "spent": 8,
    }
    assert second["reasons"]["cap"] == 10
    assert outcome.json["failed"] == ["won of promo less than 2"]


@pytest.mark.parametrize("form", ["table", "markdown", "json"])
def test_the_report(segmentation, week, golden, form):
    outcome = segmentation("simulate", NAME, "--project", week, "--format", form)
    assert outcome.status == 1
    golden(f"simulate_{form}", VARIES.sub("…", outcome.out))


def test_a_file_has_the_form_of_its_suffix(segmentation, week, tmp_path):
    for suffix, begins in ((".html", "<!doctype html>"), (".md", "# lower_email_cap"), (".json", "{")):
        file = tmp_path / f"report{suffix}"
        outcome = segmentation("simulate", NAME, "--project", week, "--output", file)
        assert (outcome.status, outcome.out) == (1, f"written: {file}\n")
        assert file.read_text(encoding="utf-8").lstrip().startswith(begins)
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["simulation"] == NAME


def test_html_needs_a_file(segmentation, week):
    outcome = segmentation("simulate", NAME, "--project", week, "--format", "html")
    assert outcome.status == 2
    assert "--output report.html" in outcome.err
    assert not DeltaStore(week / "lake").exists("simulation_runs")


def test_without_a_condition_that_fails_the_status_is_0(segmentation, week):
    file = week / "simulations" / f"{NAME}.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("value: 2}", "value: 1}"), encoding="utf-8")
    outcome = segmentation("simulate", NAME, "--project", week)
    assert outcome.status == 0
    assert "Nothing that must not be is the case." in outcome.out


def test_a_name_that_is_not_there(segmentation, week):
    outcome = segmentation("simulate", "lower_email_cup", "--project", week)
    assert outcome.status == 2
    assert f"did you mean `{NAME}`?" in outcome.err


def test_a_file_that_is_wrong_is_shown_with_its_line(segmentation, week):
    file = week / "simulations" / f"{NAME}.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("one_email", "one_mail"), encoding="utf-8")
    outcome = segmentation("simulate", NAME, "--project", week)
    assert outcome.status != 0
    assert "there is no policy `one_mail`" in outcome.err
    assert f"{NAME}.yaml:6:" in outcome.err
