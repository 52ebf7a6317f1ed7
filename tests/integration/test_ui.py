"""What a data team sees: the lineage with its groups, a segment's page, a check that failed."""

from __future__ import annotations

import polars as pl
import pytest
from playwright.sync_api import expect

from segmentation_pipeline.lake.store import DeltaStore

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

JOBS = "/locations/segmentation_pipeline.definitions/jobs"


def materialize(ui, page, job: str, partition: str | None = None) -> dict[str, str]:
    """Start a job as a user does, by its buttons, and wait for its end."""
    before = len(ui.runs())
    page.goto(f"{ui.address}{JOBS}/{job}")
    page.get_by_role("button", name="Materialize all").click()
    if partition is not None:
        page.get_by_role("button", name=partition, exact=True).click()
        page.get_by_role("button", name="Launch 1 run").click()
    return ui.wait_for_run(before + 1)


def open_asset(ui, page, key: str, view: str = "overview") -> None:
    page.goto(f"{ui.address}/assets/{key}?view={view}")


@pytest.fixture(scope="module")
def night(ui, browser):
    """The night, started in the browser on a project that nobody had run."""
    context = browser.new_context()
    context.set_default_timeout(90_000)
    try:
        run = materialize(ui, context.new_page(), "nightly", "Latest")
    finally:
        context.close()
    assert run["jobName"] == "nightly"
    assert run["status"] == "SUCCESS"
    return ui


@pytest.fixture(scope="module")
def store(night):
    return DeltaStore(night.project / "data" / "lake")


@pytest.fixture
def broken(night, page):
    """The same project after someone misspelled a field, reloaded and evaluated in the browser."""
    file = night.project / "segment_definitions" / "segments" / "partners.yaml"
    sound = file.read_text(encoding="utf-8")
    file.write_text(
        "segment: partners\nwhere: {field: cuontry, operator: equals, value: de}\n", encoding="utf-8"
    )
    try:
        page.goto(f"{night.address}/asset-groups")
        page.get_by_role("button", name="Reload definitions").click()
        expect(page.get_by_text("Definitions reloaded")).to_be_visible()
        yield materialize(night, page, "recalculate_segments")
    finally:
        file.write_text(sound, encoding="utf-8")


def test_the_lineage_shows_the_groups_from_left_to_right(night, page):
    page.goto(f"{night.address}/asset-groups")
    boxes = []
    for group in ("ingestion", "features", "segments"):
        node = page.locator("svg foreignObject").get_by_text(group, exact=True).first
        expect(node).to_be_visible()
        boxes.append(node.bounding_box())
    assert [box["x"] for box in boxes] == sorted({box["x"] for box in boxes})
    expect(page.get_by_role("button", name="Materialize all")).to_be_visible()


def test_the_page_of_a_segment_says_what_it_is_and_how_large(night, store, page):
    size = store.scan("segments").filter(pl.col("segment_id") == "vip").select("size").collect().item()
    open_asset(night, page, "segment/vip")
    expect(page.get_by_text("The customers everyone should know by name.")).to_be_visible()
    expect(page.get_by_text("the sum of revenue over purchase events of activities")).to_be_visible()
    expect(page.get_by_text("sales@example.com").first).to_be_visible()
    expect(page.get_by_text("Row count", exact=True).locator("xpath=..")).to_contain_text(str(size))
    assert size > 0


def test_the_events_of_a_segment_plot_its_size(night, page):
    open_asset(night, page, "segment/vip", "events")
    expect(page.get_by_text("segment_memberships/segment_id=vip").first).to_be_visible()
    expect(page.get_by_text("entered", exact=True).first).to_be_visible()


def test_a_bad_segment_shows_on_its_check_and_in_the_verdict(broken, night, page, tmp_path):
    assert broken["status"] == "FAILURE"
    open_asset(night, page, "segment/partners", "checks")
    expect(page.get_by_text("fresh", exact=True).first).to_be_visible()
    expect(page.get_by_text("Failed", exact=True).first).to_be_visible()
    expect(page.get_by_text("unknown field `cuontry`").first).to_be_visible()

    page.screenshot(path=tmp_path / "failed_check.png")

    open_asset(night, page, "segment_definitions", "checks")
    expect(page.get_by_text("Failed", exact=True).first).to_be_visible()
    expect(page.get_by_text("segment_definitions/segments/partners.yaml:2:").first).to_be_visible()
    page.screenshot(path=tmp_path / "invalid_definitions.png")

    page.goto(f"{night.address}/runs/{broken['runId']}")
    expect(page.get_by_text("could not be evaluated and keep their last good members").first).to_be_visible()
    page.screenshot(path=tmp_path / "verdict.png")

    open_asset(night, page, "segment/vip", "checks")
    expect(page.get_by_text("Passed", exact=True).first).to_be_visible()
