"""The site as files: what is on its pages, what is left out, whose folders it touches."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from segmentation_pipeline.conflicts.tables import OVERLAPS
from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.simulation.tables import RUNS

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
PAGES = (
    "index.html",
    "reports/review.html",
    "segments/adults.html",
    "segments/young.html",
    "style.css",
    "tables.html",
)


def test_a_page_a_segment_and_report_and_the_tables(shop):
    site = shop.build()
    assert site.pages == PAGES
    assert site.left_out == ()
    assert "segment_analytics" in shop.page("tables.html")


def test_texts_are_escaped(shop):
    shop.build()
    for name in PAGES[:-2]:
        page = shop.page(name)
        assert "<script>alert" not in page
        assert "<others>" not in page
        assert "a<b" not in page
    assert "Adults &amp; &lt;others&gt;" in shop.page("segments/adults.html")
    assert "Shop &amp; Sons" in shop.page("index.html")


def test_a_segments_page_says_rule_neighbours_tests_and_owner(shop):
    shop.build()
    page = shop.page("segments/adults.html")
    assert "age is at least 30" in page
    assert "adults are 30 or older" in page
    assert "team@shop.example" in page
    assert '<a href="young.html">' in page
    assert '<a href="../tables.html#contacts">' in page


def test_a_segment_that_was_never_evaluated_has_a_page(shop):
    shop.write("segments/new.yaml", "segment: new\nwhere: {field: age, operator: equals, value: 3}\n")
    shop.build()
    assert "not evaluated yet" in shop.page("segments/new.html")


def test_a_broken_segment_is_named_on_the_index_with_its_fault(shop):
    shop.build()
    shop.write("segments/young.yaml", "segment: young\nwhere: {field: agee, operator: is_empty}\n")
    site = shop.build()
    assert "segments/young.html" not in site.pages
    index = shop.page("index.html")
    assert "Definitions that cannot be read" in index
    assert "segments/young.yaml:2" in index
    assert "agee" in index
    assert 'href="segments/young.html"' not in index
    assert 'href="young.html"' not in shop.page("segments/adults.html")


def test_a_report_that_cannot_be_made_is_named_and_left_out(shop):
    shop.write("reports/bad.yaml", "report: bad\ntitle: Bad\nsegments: [nobody]\n")
    site = shop.build()
    assert "reports/bad.html" not in site.pages
    (said,) = site.left_out
    assert "bad.yaml" in said
    assert "nobody" in said
    assert "nobody" in shop.page("index.html")


def test_the_last_run_of_a_simulation_has_a_page(shop):
    row = {
        "run_id": "sim-000001",
        "variant": "baseline",
        "simulation": "fewer_mails",
        "mode": "replay",
        "policy": "default",
        "definitions": "worktree",
        "from_day": NOW.date(),
        "to_day": NOW.date(),
        "contacts": 2,
        "contacts_wanted": 0,
        "contacts_never_won": 0,
        "sample_percent": 100.0,
        "result_hash": "hash of the first",
        "policy_hash": "p",
        "definitions_hash": "d",
        "declaration": "{simulation: fewer_mails, mode: replay}",
    }
    later = {**row, "run_id": "sim-000002", "result_hash": "another one"}
    unread = "{simulation: of_another_time, days: no}"
    old = {**row, "run_id": "sim-000003", "simulation": "of_another_time", "declaration": unread}
    shop.store.append(RUNS, pl.DataFrame([row, later, old], schema=RUNS.schema))
    site = shop.build()
    assert "simulations/fewer_mails.html" in site.pages
    assert 'href="simulations/fewer_mails.html"' in shop.page("index.html")
    assert "another one" in shop.page("simulations/fewer_mails.html")
    (said,) = site.left_out
    assert said.startswith("simulation of_another_time, sim-000003: ")


def test_a_test_file_that_cannot_be_read_is_named_and_stops_nothing(shop):
    shop.write("tests/broken.yaml", "test: [\n")
    site = shop.build()
    assert "segments/adults.html" in site.pages
    (said,) = site.left_out
    assert "broken.yaml" in said


def test_no_link_leads_to_a_segment_that_is_gone(shop):
    row = {"segment_a": "adults", "segment_b": "gone", "overlap": 1, "share_of_a": 1.0, "share_of_b": 1.0}
    shop.store.replace(OVERLAPS, pl.DataFrame([row], schema=OVERLAPS.schema))
    shop.build()
    page = shop.page("segments/adults.html")
    assert "gone" in page
    assert "gone.html" not in page


def test_pages_of_what_is_gone_are_removed(shop):
    shop.build()
    (shop.root / "segment_definitions" / "segments" / "young.yaml").unlink()
    (shop.root / "segment_definitions" / "reports" / "review.yaml").unlink()
    shop.build()
    assert not (shop.site / "segments" / "young.html").exists()
    assert not (shop.site / "reports" / "review.html").exists()


def test_a_folder_that_holds_something_else_is_refused_and_left_alone(shop):
    shop.site.mkdir()
    (shop.site / "index.html").write_text("mine")
    with pytest.raises(UsageError, match="holds other files"):
        shop.build()
    assert [(path.name, path.read_text()) for path in shop.site.iterdir()] == [("index.html", "mine")]


def test_written_twice_it_is_the_same(shop):
    shop.build()
    first = {name: shop.page(name) for name in PAGES}
    shop.build()
    assert {name: shop.page(name) for name in PAGES} == first


def test_before_anything_ran_there_is_a_site(shop):
    for path in sorted((shop.root / "lake").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    site = shop.build()
    assert "segments/adults.html" in site.pages
    assert "review.yaml" in site.left_out[0]
