"""Segments one by one: a selection with its dependents, versions of data, bounds of size, the lock."""

from __future__ import annotations

import datetime as dt

import dagster as dg
import pytest

from segmentation_pipeline.components.segment_checks import check_size
from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.segments.publish import SegmentResult
from segmentation_pipeline.segments.published import read_published
from segmentation_pipeline.segments.size_guard import size_breaches

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration


def test_one_segment_with_its_dependents(published):
    run = published.run('key:"segment/germans"+')
    assert run.success
    segments = {name for name in run.materialized if name.startswith("segment/")}
    assert segments == {"segment/germans", "segment/german_buyers"}
    assert {"segment_memberships", "segment_members", "segments", "run_verdict"} <= set(run.materialized)


def test_one_segment_alone(published):
    published.segment("germans", "where: {field: country, operator: equals, value: fr}")
    run = published.run('key:"segment/germans"')
    assert run.success
    assert set(run.materialized) == {"segment/germans"}
    assert run.said("segment/germans", "exited") == 20
    states = read_published(published.store).record.segments
    assert states["buyers"].run_id != states["germans"].run_id


def test_a_bad_segment_elsewhere_does_not_fail_a_selection(published):
    published.segment("buyers", "where: {field: cuontry, operator: equals, value: de}")
    run = published.run('key:"segment/germans" or key:"segment_memberships"+')
    assert run.success


def test_checks_by_themselves_speak_of_the_last_run_and_publish_nothing(published):
    version = published.store.version("segment_memberships")
    run = published.run(dg.AssetSelection.checks_for_assets(dg.AssetKey(["segment", "buyers"])))
    assert {key: check.passed for key, check in run.checks.items()} == {
        ("segment/buyers", "fresh"): True,
        ("segment/buyers", "size_within_bounds"): True,
    }
    assert run.checks["segment/buyers", "size_within_bounds"].metadata["size"].value == 30
    assert run.checks["segment/buyers", "size_within_bounds"].metadata["size_before"].value == 0
    assert run.materialized == {}
    assert published.store.version("segment_memberships") == version


def test_the_memberships_alone_evaluate_everything(published):
    published.segment("germans", "where: {field: country, operator: equals, value: fr}")
    run = published.run("segment_memberships")
    assert run.rows("segment_memberships") == 20 + 30 + 15
    assert "germans" in read_published(published.store).record.changed


def test_a_segment_deleted_since_loading_is_named(published, monkeypatch):
    loaded = published.definitions()
    (published.project / "segment_definitions/segments/german_buyers.yaml").unlink()
    monkeypatch.setattr(type(published), "definitions", lambda *_args, **_more: loaded)
    run = published.run(job="recalculate_segments")
    check = run.checks["segment/german_buyers", "fresh"]
    assert not check.passed
    assert "no definition any more" in check.description
    assert run.rows("segment_memberships") == 50


def test_an_unchanged_segment_keeps_its_data_version(published):
    first, second = (published.run(job="recalculate_segments") for _ in range(2))
    names = [name for name in first.materialized if name.startswith("segment/")]
    assert len(names) == 3
    assert [first.data_version(name) for name in names] == [second.data_version(name) for name in names]
    assert first.data_version("profile_index_contact") == second.data_version("profile_index_contact")
    assert [second.said(name, "evaluated") for name in names] == [False] * len(names)
    assert [second.said(name, "status") for name in names] == ["fresh"] * len(names)
    assert second.said("segment_memberships", "unchanged") == len(names)


def test_new_data_changes_the_data_version_of_those_that_read_it(published):
    before = published.run(job="recalculate_segments")
    with (published.project / "data/shop.csv").open("a") as shop:
        shop.write("a99,c39,purchase,2026-06-29T10:00:00Z,5.00\n")
    after = published.run(job="nightly")
    changed = {
        n
        for n in after.materialized
        if before.materialized.get(n)
        and n.startswith("segment/")
        and before.data_version(n) != after.data_version(n)
    }
    assert changed == {"segment/buyers", "segment/german_buyers"}


def test_time_alone_changes_the_data_version(published):
    published.segment("recent", "where: {event: purchase, within: last 10 days}")
    before = published.run(job="recalculate_segments")
    settings = published.project / "segmentation.toml"
    settings.write_text(settings.read_text().replace("2026-06-30", "2026-07-05"))
    after = published.run(job="recalculate_segments")
    assert after.said("segment/recent", "exited") > 0
    assert before.data_version("segment/recent") != after.data_version("segment/recent")
    assert before.data_version("segment/germans") == after.data_version("segment/germans")


def test_a_run_into_the_past_publishes_nothing(published, monkeypatch):
    monkeypatch.setenv("SEGMENTATION_AS_OF", "2026-01-01T00:00:00Z")
    run = published.run(job="recalculate_segments")
    assert "nothing was published" in run.failures["evaluate_segments"]


def test_a_size_out_of_its_declared_bounds_is_an_error_that_blocks_nothing(published):
    with (published.project / "data/shop.csv").open("a") as shop:
        shop.writelines(f"b{n},c{n},purchase,2026-06-29T10:00:00Z,5.00\n" for n in range(30, 40))
    night = published.run(job="nightly")
    check = night.checks["segment/buyers", "size_within_bounds"]
    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.ERROR
    assert "from 30 to 40" in check.description
    assert night.success


def test_a_jump_without_declared_bounds_is_a_warning(published):
    published.segment("germans", "where: {everyone: true}")
    check = published.run(job="recalculate_segments").checks["segment/germans", "size_within_bounds"]
    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.WARN


@pytest.mark.parametrize(
    ("before", "size", "declared", "breached"),
    [
        (100, 300, {"at_least": 1}, 0),
        (0, 4, {"at_least": 5}, 1),
        (5, 6, {"at_most": 5}, 1),
        (100, 130, {"change_at_most": "30%"}, 0),
        (100, 69, {"change_at_most": "30 %"}, 1),
        (0, 50, {"change_at_most": "30%"}, 0),
        (10, 1, {"at_least": 5, "change_at_most": "1%"}, 2),
    ],
)
def test_bounds_of_size(before, size, declared, breached):
    assert len(list(size_breaches(before, size, declared))) == breached


@pytest.mark.parametrize(
    ("before", "size", "passed"), [(19, 100, True), (20, 30, True), (20, 31, False), (20, 9, False)]
)
def test_without_bounds_a_segment_of_some_size_may_change_by_half(before, size, passed):
    came, left = max(size - before, 0), max(before - size, 0)
    result = SegmentResult("fans", size, came, left, "fresh", None, 0.0)
    assert check_size("fans", None, result).passed is passed


def test_a_writer_that_does_not_end_is_named(published):
    with lake_lock(published.project / "data" / "lake", "import of contacts"):
        run = published.run('key:"segment/germans"', wait_seconds=0.2)
    assert "import of contacts" in run.failures["evaluate_segments"]


def test_a_run_waits_for_another_writer(published):
    import threading

    released = threading.Event()

    def hold() -> None:
        with lake_lock(published.project / "data" / "lake", "segmentation run"):
            holding.set()
            released.wait(20)

    holding = threading.Event()
    other = threading.Thread(target=hold)
    other.start()
    holding.wait(20)
    timer = threading.Timer(1.0, released.set)
    started = dt.datetime.now(dt.UTC)
    timer.start()
    run = published.run('key:"segment/germans"', wait_seconds=60)
    other.join()
    assert run.success
    assert dt.datetime.now(dt.UTC) - started > dt.timedelta(seconds=1)
