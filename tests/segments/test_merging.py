"""Merged contacts in a run: who leaves and why, what their primaries gain, and what undoing brings back."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.rules.definitions import load_definitions
from segmentation_pipeline.segments import merging
from segmentation_pipeline.segments.examination import examine
from segmentation_pipeline.segments.members import published_members

OBJECT = "    key: contact_id\n    events: [activities]\n"
MERGES = """tables:
  contact_merges:
    key: [merge_id]
    columns: {merge_id: text, primary_id: text, merged_id: text, merged_at: datetime,
              action: {type: enum, values: [merge, undo]}}
"""
ADULTS = "where: {field: age, operator: greater_than_or_equal, value: 30}"


def merge(project, *rows):
    """Replace the table of merges: (merged, primary, action) in the order of time."""
    project.table(
        "contact_merges",
        [
            {
                "merge_id": f"m{number}",
                "primary_id": primary,
                "merged_id": merged,
                "merged_at": project.now + dt.timedelta(seconds=number),
                "action": action,
            }
            for number, (merged, primary, action) in enumerate(rows)
        ],
    )


def reasons(project):
    return project.changes("run_id", "segment_id", "object_index", "change", "reason")[-20:]


@pytest.fixture
def shop(project):
    """Contacts a (20), b (30) and c (40), each with an event, after a run."""
    path = project.root / "segment_definitions" / "catalog.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace(OBJECT, f"{OBJECT}    merges: contact_merges\n").replace("tables:\n", MERGES)
    path.write_text(text, encoding="utf-8")
    project.events(*((key, "opened", project.now - dt.timedelta(hours=1)) for key in "abc"))
    project.segment("adults", ADULTS)
    project.segment("openers", "where: {event: opened, operator: greater_than_or_equal, value: 2}")
    project.run()
    return project


def test_a_merged_contact_leaves_and_its_primary_has_its_events(shop):
    merge(shop, ("b", "a", "merge"))
    results = {result.segment: result for result in shop.run().segments}
    assert (shop.members("adults"), shop.members("openers")) == (["c"], ["a"])
    assert all(results[name].evaluated for name in ("adults", "openers"))
    assert [row[1:] for row in reasons(shop) if row[0] == "run-000002"] == [
        ("adults", 1, "exited", "merged"),
        ("openers", 0, "entered", "data changed"),
    ]
    assert shop.keyed("adults") == ["c"]


def test_undoing_brings_everything_back_with_its_reason(shop):
    merge(shop, ("b", "a", "merge"))
    shop.run()
    merge(shop, ("b", "a", "merge"), ("b", "a", "undo"))
    shop.run()
    assert (shop.members("adults"), shop.members("openers")) == (["b", "c"], [])
    assert [row[1:] for row in reasons(shop) if row[0] == "run-000003"] == [
        ("adults", 1, "entered", "merged"),
        ("openers", 0, "exited", "data changed"),
    ]


def test_where_the_last_run_can_no_longer_be_read_an_undoing_has_no_reason_of_its_own(shop, monkeypatch):
    merge(shop, ("b", "a", "merge"))
    shop.run()
    merge(shop, ("b", "a", "merge"), ("b", "a", "undo"))

    def forgotten(*_arguments):
        raise LakeError("its files are gone")

    with monkeypatch.context() as patch:
        patch.setattr(merging, "redirects_in", forgotten)
        shop.run()
    assert ("adults", 1, "entered", "data changed") in [row[1:] for row in reasons(shop)]


def test_what_happens_to_a_merged_contact_counts_as_its_primary(shop):
    merge(shop, ("b", "a", "merge"))
    shop.run()
    hour = shop.now - dt.timedelta(hours=1)
    shop.events(*((key, "opened", hour) for key in "abbc"))
    shop.contacts(a=20, b=99, c=40)
    shop.segment("openers", "where: {event: opened, operator: greater_than_or_equal, value: 3}")
    shop.run()
    assert (shop.members("openers"), shop.members("adults")) == (["a"], ["c"])


def test_a_merge_that_changes_nothing_that_is_read_is_a_change_all_the_same(shop):
    assert not any(result.evaluated for result in shop.run().segments)
    merge(shop, ("a", "c", "merge"))
    assert any(result.evaluated for result in shop.run().segments)
    assert not any(result.evaluated for result in shop.run().segments)


def test_keys_and_emails_of_merged_contacts_name_their_primary(shop):
    shop.segment("listed", "type: static\nmembers: [b, C@x.org, nobody]")
    shop.segment("kept", f"{ADULTS}\npins:\n  - {{key: B@X.org, put: out, reason: asked}}")
    merge(shop, ("b", "c", "merge"))
    shop.run()
    assert (shop.members("listed"), shop.members("kept")) == (["c"], [])
    assert shop.state("listed")["pending"] == ["nobody"]


def test_an_email_that_another_contact_has_now_is_that_contact_alone(shop):
    shop.table(
        "contacts",
        [
            {"contact_id": "a", "age": 20, "email": "b@x.org"},
            {"contact_id": "b", "age": 30, "email": "b@x.org"},
            {"contact_id": "c", "age": 40, "email": "c@x.org"},
        ],
    )
    shop.segment("listed", "type: static\nmembers: [b@x.org]")
    merge(shop, ("b", "c", "merge"))
    shop.run()
    assert shop.members("listed") == ["a"]
    assert [verdict(shop, "listed", key).member for key in "ac"] == [True, False]


def verdict(project, segment, key):
    catalog = load_catalog(project.workspace.catalog_file)
    definitions = load_definitions(project.root / "segment_definitions", catalog)
    snapshot = project.store.snapshot(catalog.table_names())
    frames = {name: snapshot.scan(name) for name in snapshot.versions}
    return examine(definitions, definitions.segments[segment], key, frames, project.now)


def test_explaining_a_merged_contact_explains_its_primary(shop):
    shop.segment("listed", "type: static\nmembers: [b, B@x.org]")
    merge(shop, ("b", "a", "merge"))
    found = verdict(shop, "openers", "b")
    assert (found.key, found.member, found.where.value) == ("a", True, 2)
    assert verdict(shop, "listed", "a").member
    assert not verdict(shop, "listed", "c").member


def test_the_past_members_still_name_a_contact_that_was_merged_since(shop):
    before = shop.now
    shop.later(days=1)
    merge(shop, ("b", "a", "merge"))
    shop.run()
    catalog = load_catalog(shop.workspace.catalog_file)
    definitions = load_definitions(shop.root / "segment_definitions", catalog)
    found = published_members(shop.store, catalog, definitions.segments["adults"], before)
    assert sorted(found.frame.collect()["contact_id"]) == ["b", "c"]
    assert found.total == 2


def test_merges_that_cannot_be_read_fail_what_reads_contacts_and_keep_its_members(shop):
    shop.segment("firms", "object: company\nwhere: {everyone: true}")
    shop.table("companies", [{"company_id": "x", "size": 5}])
    merge(shop, ("b", "a", "merge"), ("a", "b", "merge"))
    results = {result.segment: result for result in shop.run().segments}
    assert results["adults"].status == "failed"
    assert "go in a circle" in results["adults"].cause
    assert shop.members("adults") == ["b", "c"]
    assert (results["firms"].status, results["firms"].size) == ("fresh", 1)
