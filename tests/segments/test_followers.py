"""Transitions, registry and keyed members are functions of the memberships' versions, whatever happens."""

from __future__ import annotations

import shutil

import pytest

from segmentation_pipeline.errors import LakeError, RunFailed
from segmentation_pipeline.lake.store import DeltaStore

ADULTS = "where: {field: age, operator: greater_than_or_equal, value: 30}"
FOLLOWERS = ("segment_transitions", "segments", "segment_members")
MEMBERS = ("segment_id", "object_key", "object_index", "added_at", "added_via")


class StopError(Exception):
    """Ends a run where a kill would."""


def stop_after(monkeypatch, table):
    """Let runs end right after their commit of a table."""
    commit = DeltaStore._commit

    def stopping(self, target, *arguments, **options):
        version = commit(self, target, *arguments, **options)
        if target.name == table:
            raise StopError
        return version

    monkeypatch.setattr(DeltaStore, "_commit", stopping)


def stopped_run(project, table):
    with pytest.MonkeyPatch.context() as patch:
        stop_after(patch, table)
        with pytest.raises(StopError):
            project.run()


def state(project):
    """Everything published, runs' ids and seconds left out."""
    registry = [
        (
            row["segment_id"],
            row["status"],
            row["size"],
            row["contactable"],
            row["definition"],
            row["last_evaluated_at"],
        )
        for row in project.store.scan("segments").sort("segment_id").collect().to_dicts()
    ]
    transitions = project.changes("segment_id", "object_index", "change", "at", "reason")
    return registry, transitions, project.rows("segment_members", *MEMBERS)


@pytest.mark.parametrize("table", ["segment_memberships", *FOLLOWERS])
def test_the_next_run_follows_what_a_stopped_one_committed(published, table):
    published.contacts(a=50, b=10, c=40)
    stopped_run(published, table)
    published.run()
    assert published.members("adults") == published.keyed("adults") == ["a", "c"]
    mine = [row[1:] for row in published.changes() if row[0] == "adults"]
    assert mine == [(0, "entered"), (1, "entered"), (1, "exited"), (2, "entered")]
    assert published.state("adults")["size"] == 2


def test_several_stopped_runs_are_followed_one_by_one(published):
    """What one run changed and the next changed back was published: both stay on record."""
    published.contacts(a=50, b=30, c=40)
    stopped_run(published, "segment_memberships")
    published.contacts(a=20, b=30, c=40)
    published.later(hours=1)
    stopped_run(published, "segment_transitions")
    published.later(hours=1)
    published.run()
    mine = [
        row for row in published.changes("object_index", "change", "at", "segment_id") if row[3] == "adults"
    ]
    assert [row[:2] for row in mine if row[0] == 0] == [(0, "entered"), (0, "exited")]
    assert published.keyed("adults") == ["b", "c"]


def test_a_run_that_cannot_start_still_follows_the_last(published):
    published.contacts(a=50, b=30, c=40)
    stopped_run(published, "segment_memberships")
    published.drop("adults")
    published.drop("others")
    with pytest.raises(RunFailed):
        published.run()
    assert published.keyed("adults") == ["a", "b", "c"]


@pytest.mark.parametrize("table", [*FOLLOWERS, "segment_definitions"])
def test_a_table_deleted_by_hand_is_made_again(published, table):
    published.later(hours=1)
    published.contacts(a=50, b=10, c=40)
    published.run()
    before = state(published)
    shutil.rmtree(published.root / "lake" / table)
    published.run()
    assert state(published) == before


def test_transitions_that_cannot_be_made_again_are_a_clear_error(published):
    published.contacts(a=50, b=10, c=40)
    published.run()
    shutil.rmtree(published.root / "lake" / "segment_transitions")
    store = published.store.open("segment_memberships")
    store.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    with pytest.raises(
        RunFailed, match="versions -1 and 0 of `segment_memberships` are no longer readable"
    ) as raised:
        published.run()
    assert raised.value.where == "segment_transitions"


def test_memberships_deleted_by_hand_are_noticed(published):
    """A new table would count from 0, and its followers would wait for versions they have seen."""
    published.run()
    shutil.rmtree(published.root / "lake" / "segment_memberships")
    with pytest.raises(RunFailed, match="follows version 1 of `segment_memberships`") as raised:
        published.run()
    assert "put the folder" in raised.value.hint
    for table in FOLLOWERS:
        shutil.rmtree(published.root / "lake" / table)
    published.run()
    assert published.keyed("adults") == ["b", "c"]


def test_an_index_deleted_by_hand_is_built_again(published):
    shutil.rmtree(published.root / "lake" / "profile_index_contact")
    published.contacts(a=50, b=30, c=40)
    published.run()
    assert published.keyed("adults") == ["a", "b", "c"]


def test_publish_turned_off_takes_the_keyed_members_away(published):
    transitions = published.changes()
    published.segment("adults", f"publish: false\n{ADULTS}")
    published.run()
    assert (published.keyed("adults"), published.members("adults")) == ([], ["b", "c"])
    assert published.changes() == transitions
    assert published.state("adults")["publish"] is False


def test_publish_turned_on_brings_them(published):
    published.segment("adults", f"publish: false\n{ADULTS}")
    published.run()
    before = published.rows("segment_memberships", "segment_id", "object_index", "added_at")
    published.later(hours=1)
    published.segment("adults", ADULTS)
    published.run()
    assert published.keyed("adults") == ["b", "c"]
    assert published.rows("segment_memberships", "segment_id", "object_index", "added_at") == before


def test_publish_counts_even_where_the_rule_cannot_run(published):
    shutil.rmtree(published.root / "lake" / "contacts")
    published.table("companies", [{"company_id": "x", "size": 1}])
    published.segment("adults", f"publish: false\n{ADULTS}")
    published.run()
    assert published.rows("segment_members", "object_key") == [("a",)]


def test_a_new_name_changes_the_registry_alone(published):
    members = published.rows("segment_members", *MEMBERS)
    published.segment("adults", f"name: Grown-ups\ndescription: Who may vote.\n{ADULTS}")
    published.run()
    row = published.state("adults")
    assert (row["name"], row["description"]) == ("Grown-ups", "Who may vote.")
    assert row["updated_at"] == row["created_at"] == published.now
    assert published.rows("segment_members", *MEMBERS) == members


def test_the_registry_tells_a_changed_definition_from_a_new_one(published):
    first = published.now
    published.later(days=1)
    published.segment("adults", ADULTS.replace("30", "40"))
    published.run()
    row = published.state("adults")
    assert (row["created_at"], row["updated_at"]) == (first, published.now)
    assert len(published.rows("segment_definitions", "segment_id", "definition")) == 3


def test_a_follower_that_cannot_be_written_leaves_the_memberships_committed(published, monkeypatch):
    published.contacts(a=50, b=30, c=40)
    inner = DeltaStore.append_stream

    def full(self, target, *arguments, **options):
        if target.name == "segment_transitions":
            raise LakeError("no space left", where=target.name)
        return inner(self, target, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(DeltaStore, "append_stream", full)
        with pytest.raises(LakeError):
            published.run()
    assert published.members("adults") == ["a", "b", "c"]
    published.run()
    assert ("adults", 0, "entered") in published.changes()


def test_a_changed_catalog_is_a_changed_definition(project):
    project.table("tag_rows", [{"contact_id": "a", "tag": "x"}, {"contact_id": "b", "tag": "y"}])
    project.segment("tagged", "where: {field: tags, operator: has_any, value: [x, b]}")
    project.run()
    path = project.root / "segment_definitions" / "catalog.yaml"
    path.write_text(path.read_text().replace("value: tag}", "value: contact_id}"))
    project.later(hours=1)
    project.run()
    late = [row for row in project.changes("at", "object_index", "change", "reason") if row[0] == project.now]
    said = "definition changed"
    assert late == [(project.now, 0, "exited", said), (project.now, 1, "entered", said)]


def test_an_edit_that_a_selected_run_did_not_evaluate_is_not_called_time(published):
    """`others` alone was run after `adults` was edited; later, both move for the edit's sake."""
    published.segment("adults", ADULTS.replace("30", "35"))
    published.run(select=["others"])
    published.later(hours=1)
    published.run()
    late = [row for row in published.changes("at", "segment_id", "reason") if row[0] == published.now]
    said = "definition changed"
    assert late == [(published.now, "adults", said), (published.now, "others", said)]
