"""What a run leaves out because nothing can have changed, and what it must not."""

from __future__ import annotations

import datetime as dt
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentation_pipeline.segments.published import read_published

ADULTS = "where: {field: age, operator: greater_than_or_equal, value: 30}"
RECENT = "where: {event: opened, within: last 7 days}"
BUYERS = "where: {event: purchase}"


def evaluated(project, **options):
    """Run, and return the segments that were evaluated."""
    return sorted(result.segment for result in project.run(**options).segments if result.evaluated)


@pytest.fixture(scope="module")
def opened(made, tmp_path_factory):
    project = made[0].copy(tmp_path_factory.mktemp("shop"))
    hour = project.now - dt.timedelta(hours=1)
    project.events(
        ("a", "opened", hour), ("b", "opened", hour - dt.timedelta(days=6)), ("b", "purchase", hour)
    )
    project.table("tag_rows", [{"contact_id": "a", "tag": "x"}])
    project.table("companies", [{"company_id": "x", "size": 5}])
    project.write("lists/guests.csv", "key\na\n")
    project.segment("adults", ADULTS)
    project.segment("buyers", BUYERS)
    project.segment("recent", RECENT)
    project.segment("tagged", "where: {field: tags, operator: has_any, value: [x]}")
    project.segment("guests", "type: static\nmembers: {file: lists/guests.csv, column: key}")
    project.segment("firms", "object: company\nwhere: {everyone: true}")
    project.segment("others", "where: {not: {segment: adults}}")
    project.segment("elders", "where: {all: [{segment: adults}, {not: {segment: others}}]}")
    assert len(evaluated(project)) == 8
    return project


@pytest.fixture
def shop(opened, tmp_path):
    """Eight segments that were just published; `others` and `elders` embed `adults`, `elders` `others`."""
    return opened.copy(tmp_path)


def test_nothing_changed_and_nothing_is_evaluated(shop):
    before = {name: shop.members(name) for name in ("adults", "buyers", "recent", "guests")}
    assert evaluated(shop) == []
    assert {name: shop.members(name) for name in before} == before
    assert read_published(shop.store).record.changed == ()


def test_what_is_left_out_is_as_fresh_as_what_is_evaluated(shop):
    before = shop.state("adults")
    shop.later(hours=1)
    done = {result.segment: result for result in shop.run().segments}
    assert (done["adults"].status, done["adults"].size, done["adults"].evaluated) == ("fresh", 2, False)
    assert done["adults"].seconds == 0
    after = shop.state("adults")
    assert (after["status"], after["last_evaluated_at"], after["run_id"]) == ("fresh", shop.now, "run-000002")
    for told in ("size", "seconds", "rows_scanned", "bytes_scanned", "definition_hash"):
        assert after[told] == before[told]


def test_windows_move_when_no_data_came(shop):
    shop.later(days=2)
    assert evaluated(shop) == ["recent"]
    assert shop.members("recent") == ["a"]


def test_a_window_stands_as_long_as_the_instant_does(shop):
    assert evaluated(shop, as_of=shop.now) == []


def test_full_evaluates_all(shop):
    assert len(evaluated(shop, full=True)) == 8


def test_a_new_row_reaches_those_that_read_its_table(shop):
    shop.contacts(a=50, b=30, c=40)
    assert evaluated(shop) == ["adults", "buyers", "elders", "guests", "others", "recent", "tagged"]
    assert shop.members("others") == []


def test_a_new_row_of_a_satellite_reaches_those_that_read_it(shop):
    shop.table("tag_rows", [{"contact_id": "a", "tag": "x"}, {"contact_id": "b", "tag": "x"}])
    assert evaluated(shop) == ["tagged"]
    assert shop.members("tagged") == ["a", "b"]


def test_new_events_reach_those_that_read_events(shop):
    shop.events(*[("c", "purchase", shop.now)] * 3)
    assert evaluated(shop) == ["buyers", "recent"]
    assert shop.members("buyers") == ["c"]


def test_a_changed_members_file_reaches_its_segment(shop):
    shop.write("lists/guests.csv", "key\na\nc\n")
    assert evaluated(shop) == ["guests"]
    assert shop.members("guests") == ["a", "c"]


def test_a_changed_rule_reaches_those_that_embed_it(shop):
    shop.segment("adults", ADULTS.replace("30", "40"))
    assert evaluated(shop) == ["adults", "elders", "others"]
    assert shop.members("elders") == ["c"]


def test_a_changed_segment_in_the_middle_leaves_what_it_embeds_alone(shop):
    shop.segment("others", "where: {all: [{not: {segment: adults}}, {everyone: true}]}")
    assert evaluated(shop) == ["elders", "others"]


def test_a_new_description_is_no_change_of_the_rule(shop):
    shop.segment("adults", f"description: Who may vote.\n{ADULTS}")
    assert evaluated(shop) == []
    assert shop.state("adults")["description"] == "Who may vote."


def test_a_new_segment_is_evaluated_alone_and_reads_the_others_as_published(shop):
    shop.segment("young", "where: {segment: others}")
    assert evaluated(shop) == ["young"]
    assert shop.members("young") == ["a"]


def test_a_pin_that_expires(shop):
    shop.segment("adults", f"{ADULTS}\npins: [{{key: a, put: in, reason: friend, until: 2026-03-01}}]")
    assert evaluated(shop) == ["adults", "elders", "others"]
    shop.later(hours=1)
    assert evaluated(shop) == ["recent"]
    assert shop.members("adults") == ["a", "b", "c"]
    shop.later(days=1)
    assert evaluated(shop) == ["adults", "elders", "others", "recent"]
    assert shop.members("adults") == ["b", "c"]


def test_events_of_the_future_become_visible(shop):
    tomorrow = shop.now + dt.timedelta(days=1)
    shop.events(*[("c", "purchase", tomorrow)] * 3)
    shop.run()
    assert shop.members("buyers") == []
    shop.later(hours=1)
    assert evaluated(shop) == ["buyers", "recent"]
    shop.later(days=1)
    assert evaluated(shop) == ["buyers", "recent"]
    assert shop.members("buyers") == ["c"]
    shop.later(days=1)
    assert evaluated(shop) == ["recent"]


def test_what_was_published_is_read_anew_by_every_run(shop):
    shop.segment("new", "where: {segment: adults, entered: last 7 days}")
    shop.run()
    assert evaluated(shop) == ["new"]


def test_a_changed_catalog_is_another_reading_of_everything(shop):
    path = shop.root / "segment_definitions" / "catalog.yaml"
    path.write_text(path.read_text().replace("plan: text", "plan: text\n      note: text"))
    assert len(evaluated(shop)) == 8


def test_a_table_made_anew_is_another_table(shop):
    """It counts its versions from 0 again."""
    shutil.rmtree(shop.root / "lake" / "companies")
    shop.table("companies", [{"company_id": "y", "size": 5}])
    assert shop.store.version("companies") == 0
    assert evaluated(shop) == ["firms"]


def test_a_segment_that_failed_is_tried_again_with_those_that_embed_it(shop):
    shop.settings = {"max_scan_bytes": 80}
    done = {result.segment: result.status for result in shop.run(select=["adults", "others"]).segments}
    assert done == {"adults": "failed", "others": "stale"}
    shop.settings = {}
    assert evaluated(shop) == ["adults", "elders", "others"]
    assert shop.state("elders")["status"] == "fresh"


def test_a_source_that_is_not_trusted_stops_what_is_unchanged_too(shop):
    shop.write("sources.yaml", "sources: {shop: {table: contacts, files: [x.csv], stale_after: 2 days}}")
    done = {result.segment: result.status for result in shop.run().segments}
    assert done == {name: "fresh" if name == "firms" else "stale" for name in done}


def test_a_selected_run_does_not_hide_what_it_left_behind(shop):
    """`others` alone is evaluated on new data; `adults` and with it `others` again are due later."""
    shop.contacts(a=50, b=30, c=40)
    assert evaluated(shop, select=["others"]) == ["others"]
    assert shop.members("others") == ["a"]
    assert evaluated(shop, select=["adults", "others", "elders"]) == ["adults", "elders", "others"]
    assert shop.members("others") == []


def test_a_stopped_run_is_no_excuse(shop, monkeypatch):
    from segmentation_pipeline.segments import publish as module

    shop.segment("adults", ADULTS.replace("30", "40"))
    with monkeypatch.context() as patch:
        patch.setattr(module, "catch_up", lambda *_: None)
        shop.run()
    assert evaluated(shop) == []
    assert shop.keyed("adults") == ["c"]


RULES = (
    ADULTS,
    ADULTS.replace("30", "35"),
    "where: {field: age, operator: is_empty}",
    RECENT,
    BUYERS,
    "where: {event: purchase, measure: days_since_last, operator: less_than, value: 2}",
    "where: {field: tags, operator: has_any, value: [x]}",
    f"{ADULTS}\npins: [{{key: a, put: in, reason: r, until: 2026-03-02}}]",
    "type: static\nmembers: [a, z]",
)
NAMES = ("s0", "s1", "s2")
EDITS = st.one_of(
    st.tuples(st.just("rule"), st.sampled_from(NAMES), st.sampled_from(RULES)),
    st.tuples(st.just("embed"), st.sampled_from(NAMES[1:]), st.sampled_from(["", "not: "])),
    st.tuples(st.just("ages"), st.integers(20, 45), st.integers(20, 45)),
    st.tuples(st.just("events"), st.sampled_from(["purchase", "opened"]), st.integers(-60, 240)),
    st.tuples(st.just("tags"), st.sampled_from(["a", "b"]), st.sampled_from(["x", "y"])),
    st.tuples(st.just("time"), st.integers(0, 80), st.none()),
    st.tuples(st.just("select"), st.sampled_from(NAMES), st.none()),
)


def edit(project, kind, first, second):
    match kind:
        case "rule":
            project.segment(first, second)
        case "embed":
            embedded = NAMES[NAMES.index(first) - 1]
            inner = f"{{segment: {embedded}}}"
            project.segment(first, f"where: {{{second}{inner}}}" if second else f"where: {inner}")
        case "ages":
            project.contacts(a=first, b=second, c=None)
        case "events":
            project.events(
                ("a", first, project.now + dt.timedelta(hours=second)), ("b", "opened", project.now)
            )
        case "tags":
            project.table("tag_rows", [{"contact_id": first, "tag": second}])
        case "time":
            project.later(hours=first)


def published(project):
    rows = project.rows("segment_memberships", "segment_id", "object_index", "added_at", "added_via")
    states = [project.state(name) for name in NAMES]
    told = ("status", "size", "pending", "last_evaluated_at", "definition_hash")
    return rows, [tuple(state[key] for key in told) for state in states], project.changes()


@pytest.mark.integration
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(EDITS, min_size=2, max_size=5))
def test_what_is_left_out_would_not_have_changed(made, tmp_path_factory, edits):
    """Runs that leave out what is unchanged publish the same as runs that evaluate everything."""
    sparing = made[0].copy(tmp_path_factory.mktemp("sparing"))
    sparing.events(("a", "opened", sparing.now))
    sparing.table("tag_rows", [{"contact_id": "a", "tag": "x"}])
    for name in NAMES:
        sparing.segment(name, ADULTS)
    thorough = sparing.copy(tmp_path_factory.mktemp("thorough"))
    for project, full in ((sparing, False), (thorough, True)):
        project.run(full=full)
        for kind, first, second in edits:
            edit(project, kind, first, second)
            project.run(full=full, select=[first] if kind == "select" else None)
    assert published(sparing) == published(thorough)
