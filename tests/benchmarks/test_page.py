"""Ratios, goals, the table, the charts and the page that are made of kept rows."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from benchmarks.report.chart import axis_over, line_chart
from benchmarks.report.goals import compare
from benchmarks.report.page import write_page
from benchmarks.report.results import Row, load, save
from benchmarks.report.table import markdown_table
from benchmarks.scaling import Sweep

OURS = Row("segmentation", 1_000_000, 15_000_000, 300, "memberships", 2.0, 4.0, 300.0, True, 7, "abc")
NAIVE = replace(OURS, engine="naive", wall_s=30.0, cpu_s=48.0)
LIMIT = replace(OURS, engine="limit", wall_s=1.0, cpu_s=2.0)


def test_the_ratio_of_a_peer_is_theirs_by_ours_and_the_least_of_the_rounds():
    second = [replace(OURS, round=2, cpu_s=6.0), replace(NAIVE, round=2, cpu_s=48.0)]
    naive = compare([OURS, NAIVE, *second])[1]
    assert naive.cpu_ratios == (8.0, 12.0)
    assert naive.met is False
    assert compare([OURS, NAIVE])[1].met is True


def test_the_ratio_of_the_limit_is_ours_by_its_and_the_largest_of_the_rounds():
    limit = compare([OURS, LIMIT, replace(OURS, round=2, cpu_s=8.0), replace(LIMIT, round=2)])[1]
    assert limit.cpu_ratios == (4.0, 2.0)
    assert limit.met is False


def test_seconds_are_medians_of_the_rounds():
    rows = [replace(OURS, round=number, cpu_s=cpu) for number, cpu in enumerate((9.0, 1.0, 2.0), 1)]
    assert compare(rows)[0].cpu_s == 2.0


def test_one_round_that_disagrees_is_shown():
    rows = [OURS, NAIVE, replace(OURS, round=2), replace(NAIVE, round=2, identical=False)]
    assert "| NO |" in markdown_table(compare(rows))


def test_loading_has_no_ratio():
    loaded = replace(OURS, output="load", identical=None)
    assert compare([loaded, replace(loaded, engine="naive"), OURS])[1].cpu_ratios == ()


def test_rows_come_back_as_they_were_kept(tmp_path):
    save(tmp_path / "a.json", [OURS, NAIVE], "2026-11-21")
    about, rows = load(tmp_path / "a.json")
    assert rows == [OURS, NAIVE]
    assert about["taken"] == "2026-11-21"
    assert about["machine"]["packages"]["polars"]


def test_the_page_has_a_table_a_size_and_its_charts(tmp_path):
    docs, results = tmp_path / "docs", tmp_path / "results"
    docs.mkdir()
    few = replace(OURS, segments=10, cpu_s=0.8, phases={"evaluate": 0.5})
    save(results / "a.json", [OURS, NAIVE, few], "2026-11-21")
    written = [path.name for path in write_page(docs, results)]
    assert written == ["benchmarks.md", "benchmarks-segments.svg"]
    page = (docs / "benchmarks.md").read_text()
    assert "## 1,000,000 contacts × 15,000,000 events × 300 segments" in page
    assert "| naive | memberships | 30.00 | 48.00 | 300 | 12.0× | 15.0× | ≥ 10× at 300 | yes |" in page
    assert "× 10 segments" not in page
    assert "| 1,000,000 | 15,000,000 | 10 | 7 | 2.00 | 0.80 | 0.50 | 300 |" in page
    assert "{" not in page.replace("{tables}", "")


def test_the_page_has_what_loading_files_cost(tmp_path):
    save(tmp_path / "a.json", [OURS, NAIVE], "2026-11-21")
    step = {"engine": "ours", "step": "index", "wall_s": 1.25, "cpu_s": 2.0, "peak_mb": 1300.0}
    document = {"contacts": 1000, "events": 15_000, "machine": {}, "rows": [step]}
    (tmp_path / "ingest-1e3.json").write_text(json.dumps(document))
    write_page(tmp_path, tmp_path)
    page = (tmp_path / "benchmarks.md").read_text()
    assert "## CSV of 1,000 contacts and 15,000 activities" in page
    assert "| ours | index | 1.2 | 2.0 | 1,300 |" in page


def test_no_page_is_made_of_nothing(tmp_path):
    with pytest.raises(FileNotFoundError, match="no results"):
        write_page(tmp_path, tmp_path / "none")


def test_a_chart_is_an_image_with_a_labelled_line_each():
    lines = {"ours": [(10, 1.0), (1000, 9.0)], "naive & co": [(10, 9.1), (100, 9.2)]}
    root = ET.fromstring(line_chart("Time", "segments", "seconds", lines))
    texts = [node.text for node in root.iter() if node.tag.endswith("text")]
    assert {"Time", "segments", "seconds", "ours", "naive & co", "10", "100", "1,000"} <= set(texts)
    heights = sorted(
        float(node.get("y")) for node in root.iter() if node.text in ("ours", "naive & co") and node.get("y")
    )
    assert heights[1] - heights[0] >= 12


def test_an_axis_holds_its_values_between_powers_of_ten():
    axis = axis_over([3, 250], 0, 300)
    assert axis.ticks() == [1, 10, 100, 1000]
    assert axis.at(10) == pytest.approx(100)
    assert axis_over([10], 0, 1).ticks() == [10, 100]


def test_a_sweep_runs_each_size_once():
    sizes = Sweep(segments=(10, 100), contacts=(100_000, 1_000_000)).sizes()
    assert sizes == [(1_000_000, 10), (1_000_000, 100), (100_000, 100)]
