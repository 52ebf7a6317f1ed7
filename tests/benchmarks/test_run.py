"""The whole command at a tiny size: every engine in a process of its own, the same members in all."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from benchmarks import runner
from benchmarks.cli import main
from benchmarks.job import Report
from benchmarks.measure import Usage
from benchmarks.peer import Tally
from benchmarks.report.results import PRINTED, load
from benchmarks.runner import Plan, run

PEERS = ("naive", "naive_index", "limit", "duckdb")
TINY = ["--contacts", "2e3", "--segments", "10"]


@pytest.mark.integration
@pytest.mark.timeout(240)
def test_engines_side_by_side_find_the_same_members(tmp_path, capsys):
    rows_file, kept_file = tmp_path / "rows.json", tmp_path / "kept.json"
    files = ["--folder", str(tmp_path / "data"), "--json", str(rows_file), "--results", str(kept_file)]
    main(["run", *TINY, "--peers", ",".join(PEERS), *files])
    rows = json.loads(rows_file.read_text())
    assert [tuple(row) for row in rows] == [PRINTED] * len(rows)
    assert [(row["engine"], row["output"]) for row in rows] == [
        ("segmentation", "memberships"),
        ("segmentation", "everything"),
        *((peer, "memberships") for peer in PEERS),
    ]
    assert all(row["identical"] for row in rows)
    assert all(row["wall_s"] > 0 and row["cpu_s"] > 0 and row["peak_mb"] > 0 for row in rows)
    about, kept = load(kept_file)
    assert about["machine"]["cores"] >= 1
    assert len({row.hash for row in kept if row.output != "load"}) == 1
    assert kept[-1].phases == {}
    ours = next(row for row in kept if row.output == "memberships")
    assert sum(ours.phases.values()) == pytest.approx(ours.cpu_s, abs=0.1)
    assert ("segmentation", "load") in {(row.engine, row.output) for row in kept}
    assert "2,000 contacts × 30,000 events × 10 segments" in capsys.readouterr().out


@pytest.fixture
def pretended(monkeypatch):
    """Engines that cost a second, `naive` with another member than the others in two segments."""

    def start(job):
        wrong = job.engine == "naive"
        tallies = {"a": Tally(2, 5), "b": Tally(1, 3 + wrong), "c": Tally(4 + wrong, 9)}
        return Report(Usage(1, 1, 100), tallies if job.task == "run" else {})

    monkeypatch.setattr(runner, "start", start)
    monkeypatch.setattr("benchmarks.data.generate._write_activities", lambda _data, _seed: None)
    return start


def test_an_engine_that_disagrees_is_named_with_its_segments(pretended, tmp_path):
    rows, disagreements = run(Plan(tmp_path, 10, 1, ("naive", "limit")), lambda _text: None)
    assert [(found.engine, found.segments) for found in disagreements] == [("naive", ("b", "c"))]
    identical = {row.engine: row.identical for row in rows if row.output == "memberships"}
    assert identical == {"segmentation": True, "naive": False, "limit": True}


def test_a_disagreement_fails_the_command(pretended, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["run", "--contacts", "10", "--segments", "1", "--peers", "naive", "--folder", str(tmp_path)])
    assert "naive: b, c" in str(stopped.value.code)


def test_every_engine_runs_once_a_round(pretended, tmp_path):
    rows, _ = run(Plan(tmp_path, 10, 1, ("limit",), rounds=3, everything=False), lambda _text: None)
    runs = [(row.engine, row.round) for row in rows if row.output == "memberships"]
    assert runs == [(name, number) for number in (1, 2, 3) for name in ("segmentation", "limit")]


def test_what_loading_cost_is_remembered(pretended, tmp_path):
    first, _ = run(Plan(tmp_path, 10, 1), lambda _text: None)
    again, _ = run(Plan(tmp_path, 10, 2), lambda _text: None)
    loads = [[row for row in rows if row.output == "load"] for rows in (first, again)]
    assert [row.segments for (row,) in loads] == [1, 2]
    assert loads[0] == [replace(loads[1][0], segments=1)]


def test_an_unknown_engine_is_refused_before_anything_runs(tmp_path):
    with pytest.raises(SystemExit, match="no engine `nope`: segmentation"):
        main(["run", *TINY, "--peers", "nope", "--folder", str(tmp_path)])
    assert list(tmp_path.iterdir()) == []
