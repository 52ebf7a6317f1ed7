"""A run: what it evaluates, what it publishes, and what it leaves alone."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from segmentation_pipeline.errors import DefinitionError, RunFailed, UsageError
from segmentation_pipeline.lake.maintenance import compact
from segmentation_pipeline.segments.published import read_published

ADULTS = "where: {field: age, operator: greater_than_or_equal, value: 30}"


def test_a_run_publishes_members_with_their_keys_and_a_transition_each(published):
    assert published.members("adults") == ["b", "c"]
    assert published.rows("segment_members", "segment_id", "object_key", "object_index", "added_via") == [
        ("adults", "b", 1, "rule_match"),
        ("adults", "c", 2, "rule_match"),
        ("others", "a", 0, "rule_match"),
    ]
    assert published.changes() == [
        ("adults", 1, "entered"),
        ("adults", 2, "entered"),
        ("others", 0, "entered"),
    ]


def test_a_run_is_one_commit_of_the_memberships(published):
    before = published.versions()["segment_memberships"]
    published.contacts(a=50, b=10, c=40)
    published.run()
    assert published.versions()["segment_memberships"] == before + 1


def test_members_that_stay_keep_when_they_were_added(published):
    first = published.now
    published.later(days=1)
    published.contacts(a=50, b=30, c=20)
    published.run()
    rows = published.rows("segment_memberships", "segment_id", "object_index", "added_at")
    assert rows == [("adults", 0, published.now), ("adults", 1, first), ("others", 2, published.now)]


def test_a_run_that_changes_nothing_still_commits_its_record(published):
    rows = published.rows("segment_memberships", "segment_id", "object_index", "added_at")
    transitions = published.changes()
    published.later(hours=1)
    assert published.run().run_id == read_published(published.store).record.run_id == "run-000002"
    assert published.rows("segment_memberships", "segment_id", "object_index", "added_at") == rows
    assert published.changes() == transitions
    assert published.state("adults")["last_evaluated_at"] == published.now


def test_the_first_run_without_definitions_publishes_nothing_and_says_so(project):
    assert project.run().segments == ()
    assert project.rows("segments", "segment_id") == []


def test_an_earlier_as_of_only_previews(published):
    published.segment("adults", ADULTS.replace("30", "10"))
    published.segment("young", "where: {field: age, operator: less_than, value: 30}")
    published.contacts(a=20, b=30, c=40, d=15)
    before = published.versions()
    done = published.run(as_of=published.now - dt.timedelta(days=1))
    assert (done.published, done.run_id) == (False, "preview")
    assert {r.segment: (r.size, r.entered, r.exited) for r in done.segments} == {
        "adults": (4, 2, 0),
        "others": (0, 0, 1),
        "young": (2, 2, 0),
    }
    assert published.versions() == before
    assert published.members("adults") == ["b", "c"]


def test_the_published_as_of_may_stay_where_it_is(published):
    published.contacts(a=50, b=30, c=40)
    assert published.run().published
    assert published.members("adults") == ["a", "b", "c"]


def test_time_that_passes_moves_windows_without_new_data(project):
    project.events(("a", "opened", project.now), ("b", "opened", project.now - dt.timedelta(days=6)))
    project.segment("active", "where: {event: opened, within: last 7 days}")
    project.run()
    assert project.members("active") == ["a", "b"]
    built = project.store.version("event_index_activities")
    project.later(days=2)
    project.run()
    assert project.members("active") == ["a"]
    assert ("active", 1, "exited", "time passed") in project.changes(
        "segment_id", "object_index", "change", "reason"
    )
    assert project.store.version("event_index_activities") == built


def test_the_workspace_may_fix_the_instant(project):
    project.settings = {"as_of": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}
    project.segment("adults", ADULTS)
    assert project.run().as_of == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def test_a_pin_counts_to_the_end_of_its_day_and_gives_its_reason(project):
    project.segment("adults", f"{ADULTS}\npins:\n  - {{key: a, put: in, reason: friend, until: 2026-03-01}}")
    project.run()
    assert project.members("adults") == ["a", "b", "c"]
    assert project.rows("segment_memberships", "object_index", "added_via")[0] == (0, "pin")
    project.later(days=1)
    project.run()
    assert project.members("adults") == ["b", "c"]
    assert project.changes("object_index", "change", "reason") == [
        (0, "entered", "pin"),
        (0, "exited", "time passed"),
        (1, "entered", "definition changed"),
        (2, "entered", "definition changed"),
    ]


def test_a_member_pinned_out_exits_by_the_pin(published):
    published.segment("adults", f"{ADULTS}\npins:\n  - {{key: b, put: out, reason: asked}}")
    published.run()
    assert ("adults", 1, "exited", "pin") in published.changes(
        "segment_id", "object_index", "change", "reason"
    )


def test_a_deleted_definition_empties_its_segment(published):
    published.drop("others")
    done = published.run()
    assert done.removed == {"others": 1}
    assert published.members("others") == published.keyed("others") == []
    assert ("others", 0, "exited", "definition changed") in published.changes(
        "segment_id", "object_index", "change", "reason"
    )
    assert published.rows("segments", "segment_id") == [("adults",)]


def test_a_deactivated_segment_empties_and_comes_back(published):
    rule = "where: {not: {segment: adults}}"
    published.segment("others", f"active: false\n{rule}")
    published.later(days=1)
    published.run()
    assert published.members("others") == published.keyed("others") == []
    state = published.state("others")
    assert (state["status"], state["size"], state["last_evaluated_at"]) == ("inactive", 0, None)
    published.segment("others", rule)
    published.run()
    assert published.members("others") == ["a"]
    mine = [row[1:] for row in published.changes("segment_id", "change", "reason") if row[0] == "others"]
    assert mine == [*[("entered", "definition changed")] * 2, ("exited", "definition changed")]


def test_a_renamed_segment_is_another_segment(published):
    published.drop("others")
    published.segment("the_rest", "where: {not: {segment: adults}}")
    published.run()
    assert published.keyed("others") == []
    assert published.keyed("the_rest") == ["a"]


def test_definitions_that_all_vanish_empty_nothing(published):
    published.drop("adults")
    published.drop("others")
    with pytest.raises(RunFailed, match="not one definition is left of the 2 published segments"):
        published.run()
    assert published.members("adults") == ["b", "c"]


def test_selected_segments_run_alone(published):
    published.contacts(a=50, b=30, c=40)
    before = published.state("others")
    published.later(hours=1)
    done = published.run(select=["adults"])
    assert [result.segment for result in done.segments] == ["adults"]
    assert published.members("adults") == ["a", "b", "c"]
    assert published.members("others") == ["a"]
    assert published.state("others") == before


def test_a_selected_segment_reads_those_it_embeds_as_published(published):
    published.contacts(a=50, b=30, c=40)
    published.run(select=["others"])
    assert published.members("others") == ["a"]


def test_a_selected_run_leaves_removed_broken_inactive_and_new_segments_alone(published):
    for name in ("gone", "bad", "off"):
        published.segment(name, ADULTS)
    published.run()
    before = {name: published.state(name) for name in ("gone", "bad", "off")}
    published.drop("gone")
    published.segment("bad", "where: {field: nonsense, operator: is_empty}")
    published.segment("off", f"active: false\n{ADULTS}")
    published.segment("new", ADULTS)
    published.later(hours=1)
    published.run(select=["adults"])
    assert {name: published.state(name) for name in before} == before
    assert published.rows("segments", "segment_id") == [
        ("adults",),
        ("bad",),
        ("gone",),
        ("off",),
        ("others",),
    ]
    assert published.members("gone") == published.members("off") == ["b", "c"]


def test_an_embedded_segment_that_was_emptied_is_not_read_as_empty(published):
    published.drop("others")
    published.segment("adults", f"active: false\n{ADULTS}")
    published.run()
    published.segment("adults", ADULTS)
    published.segment("others", "where: {not: {segment: adults}}")
    (result,) = published.run(select=["others"]).segments
    assert (result.status, result.size) == ("failed", 0)
    assert "`adults` has never been published" in result.cause


def test_an_unknown_selection_is_wrong_use(published):
    with pytest.raises(UsageError, match="there is no segment `adlts`") as raised:
        published.run(select=["adlts"])
    assert raised.value.hint == "did you mean `adults`?"


def test_full_rewrites_the_members_that_did_not_change(published):
    rows = published.rows("segment_memberships", "segment_id", "object_index", "added_at", "added_via")
    transitions = published.changes()
    published.later(hours=1)
    published.run(full=True)
    assert read_published(published.store).record.changed == ("adults", "others")
    assert (
        published.rows("segment_memberships", "segment_id", "object_index", "added_at", "added_via") == rows
    )
    assert published.changes() == transitions


def test_a_broken_catalog_is_an_error_and_the_last_state_stays(published):
    before = published.versions()
    published.write("catalog.yaml", "objects: {contact: {table: contacts}}")
    with pytest.raises(DefinitionError):
        published.run()
    assert published.versions() == before


def test_without_any_table_there_is_nothing_to_evaluate(tmp_path, project):
    project.settings = {"lake": tmp_path / "elsewhere"}
    project.segment("adults", ADULTS)
    with pytest.raises(RunFailed, match="no table has been imported"):
        project.run()


def test_an_index_is_never_somebody_elses(published):
    """`c` goes, `d` comes: what was published of index 2 stays `c`'s."""
    published.contacts(a=20, b=30, d=60)
    assert published.rows("contacts", "contact_id", "object_index") == [("a", 0), ("b", 1), ("d", 3)]
    published.run()
    assert published.keyed("adults") == ["b", "d"]
    assert ("adults", 2, "exited") in published.changes()


def test_every_input_is_pinned_at_the_start(published, monkeypatch):
    """An import that slips in while a run evaluates does not show in it."""
    from segmentation_pipeline.segments import publish as module

    inner = module.evaluate_basis

    def slipping(*arguments):
        published.contacts(a=99, b=99, c=99)
        return inner(*arguments)

    monkeypatch.setattr(module, "evaluate_basis", slipping)
    pinned = published.store.version("contacts")
    published.run()
    assert published.members("adults") == ["b", "c"]
    assert read_published(published.store).record.inputs["contacts"] == pinned


def test_a_compaction_is_no_run(published):
    compact(published.store, "segment_memberships")
    record = read_published(published.store).record
    assert record is not None
    published.contacts(a=50, b=30, c=40)
    published.run()
    assert ("adults", 0, "entered", "data changed") in published.changes(
        "segment_id", "object_index", "change", "reason"
    )


def test_many_segments_are_compared_each_with_its_own(project):
    for number in range(70):
        project.segment(f"s{number}", f"where: {{field: age, operator: greater_than, value: {number}}}")
    project.run()
    project.contacts(a=20, b=30, c=10)
    done = project.run()
    exits = {result.segment: result.exited for result in done.segments}
    assert exits == {f"s{number}": int(10 <= number < 40) for number in range(70)}
    sizes = project.store.scan("segment_memberships").group_by("segment_id").agg(pl.len()).collect()
    assert sizes.height == 30


def test_objects_pass_in_ranges_however_small(published, monkeypatch):
    """More objects than are held at once: members, keys and transitions come out in parts, and whole."""
    from segmentation_pipeline.evaluation import positions
    from segmentation_pipeline.segments import changes, keyed_members
    from segmentation_pipeline.segments import published as memberships

    for module in (changes, keyed_members, positions):
        monkeypatch.setattr(module, "STEP", 2)
    monkeypatch.setattr(memberships, "_WHOLE", 0)
    ages = {f"k{number}": 20 + number for number in range(5)}
    published.later(days=1)
    published.contacts(a=20, c=40, **ages, z=50)
    published.run()
    assert published.members("adults") == published.keyed("adults") == ["c", "z"]
    published.contacts(a=50, c=40, **{key: age + 8 for key, age in ages.items()}, z=10)
    published.run()
    assert published.members("adults") == published.keyed("adults") == ["a", "c", "k2", "k3", "k4"]
    rows = published.rows("segment_memberships", "segment_id", "object_index", "added_at")
    assert [row[:2] for row in rows if row[2] < published.now] == [("adults", 2)]
    assert [row[1:] for row in published.changes() if row[0] == "adults"] == [
        (0, "entered"),
        (1, "entered"),
        (1, "exited"),
        (2, "entered"),
        (5, "entered"),
        (6, "entered"),
        (7, "entered"),
        (8, "entered"),
        (8, "exited"),
    ]
