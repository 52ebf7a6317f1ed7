from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.maintenance.pins import pinned_versions
from segmentation_pipeline.maintenance.upkeep import Upkeep
from segmentation_pipeline.segments.published import memberships_at, read_published

KEYS = ["action", "table", "files", "rows"]


@pytest.fixture(scope="module")
def imported_and_run(segmentation, tmp_path_factory):
    """A project that was imported into and run twice."""
    folder = tmp_path_factory.mktemp("used")
    project = folder / "project"
    segmentation("init", project)
    activities = folder / "activities.csv"
    activities.write_text("contact_id,activity_type,occurred_at\np0,email_opened,2026-01-01\n")
    assert segmentation("import", "activities", activities, "--project", project).status == 0
    for plans in (("pro", "free", "pro"), ("free", "pro", "pro")):
        file = folder / "people.csv"
        rows = [f"p{number},{plan}" for number, plan in enumerate(plans)]
        file.write_text("contact_id,plan\n" + "\n".join(rows) + "\n", encoding="utf-8")
        assert segmentation("import", "contacts", file, "--project", project).status == 0
        assert segmentation("run", "--project", project).status == 0
    return project


@pytest.fixture
def used(imported_and_run, tmp_path):
    return shutil.copytree(imported_and_run, tmp_path / "project")


def test_what_a_dry_run_says_is_done(segmentation, used):
    said = segmentation("maintain", "--dry-run", "--project", used, "--json").json
    assert list(said[0]) == KEYS
    assert any(task["action"] == "compact" and task["files"] > 1 for task in said)
    assert segmentation("maintain", "--project", used, "--json").json == said
    assert segmentation("maintain", "--project", used).out == "nothing to do\n"


def test_after_maintenance_a_run_finds_everything(segmentation, used):
    before = segmentation("list", "--project", used, "--json").json
    segmentation("maintain", "--project", used)
    assert segmentation("run", "--full", "--project", used).status == 0
    sizes = {row["segment"]: row["size"] for row in before}
    assert {
        row["segment"]: row["size"] for row in segmentation("list", "--project", used, "--json").json
    } == sizes


def test_what_repair_and_replay_read_survives(used):
    store = DeltaStore(used / "data" / "lake")
    catalog = load_catalog(used / "segment_definitions" / "catalog.yaml")
    published = read_published(store)
    pins = pinned_versions(store, catalog)
    assert pins["segment_memberships"] == {published.version, published.version - 1}
    assert published.record is not None
    assert published.record.inputs.items() >= {"contacts": store.version("contacts")}.items()
    held = {name: {at: rows(store, name, at) for at in versions} for name, versions in pins.items()}
    upkeep = Upkeep(store, catalog, datetime.now(UTC), timedelta(days=90), timedelta(0))
    assert [task for task in upkeep.maintain() if task.action == "vacuum"]
    assert {name: {at: rows(store, name, at) for at in versions} for name, versions in pins.items()} == held
    assert memberships_at(store, published.version - 1) is not None


def rows(store, name, version):
    frame = store.scan(name, version).collect()
    return frame.sort([column for column in frame.columns if not frame[column].dtype.is_nested()]).rows()


def test_versions_stay_a_day_at_least(segmentation, project):
    assert segmentation("maintain", "--keep-days", 0, "--project", project).status == 2
