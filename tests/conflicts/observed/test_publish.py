"""The tables of the group `conflicts`: whole, following a run, and good at any instant."""

from __future__ import annotations

import pytest

from segmentation_pipeline.conflicts.publish import publish_conflicts
from segmentation_pipeline.conflicts.tables import CLAIMS, FINDINGS, OVERLAPS, RELATIONS, TABLES
from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.lake.store import DeltaStore

GROUPLESS = "where: {field: age, operator: less_than, value: 30}"


def versions(store) -> dict[str, int]:
    return {table.name: store.version(table.name) for table in TABLES if store.exists(table.name)}


def test_the_tables_are_as_declared_and_follow_the_run(shop):
    publish_conflicts(shop.store, shop.analyse())
    version = shop.store.version("segment_memberships")
    for table in TABLES:
        assert shop.store.schema(table.name) == table.schema
        assert shop.store.transaction(table.name, "segment_memberships") == version
        said = shop.store.commit_metadata(table.name, shop.store.version(table.name))
        assert said["run_id"] == "run-000001"
        assert said["definitions_hash"]


def test_a_row_of_each(shop):
    publish_conflicts(shop.store, shop.analyse())

    def rows(table):
        return shop.store.scan(table.name).collect().to_dicts()

    relation = next(
        row for row in rows(RELATIONS) if row["segment_b"] == "young" and row["segment_a"] == "old"
    )
    assert relation["relation"] == "disjoint"
    said = [(one["segment"], one["path"]) for one in relation["explanation"]]
    assert said == [("old", "where"), ("young", "where")]
    assert (relation["same_group"], relation["same_channel"], relation["witness"]) == (True, True, None)
    assert {row["finding"] for row in rows(FINDINGS)} == {"coverage_gap"}
    overlap = next(
        row for row in rows(OVERLAPS) if row["segment_a"] == "active" and row["segment_b"] == "young"
    )
    assert {**overlap, "as_of": None} == {
        "segment_a": "active",
        "segment_b": "young",
        "size_a": 5,
        "size_b": 5,
        "overlap": 2,
        "jaccard": 0.25,
        "share_of_a": 0.4,
        "share_of_b": 0.4,
        "same_group": False,
        "same_channel": True,
        "relation": "overlap",
        "as_of": None,
    }
    claims = sorted(rows(CLAIMS), key=lambda row: row["object_index"])
    assert [(row["object_index"], row["scope"], row["winner"], row["decided_by"]) for row in claims] == [
        (0, "channel:email", "young", "priority"),
        (2, "channel:email", "young", "priority"),
        (4, "channel:email", "active", "tie_break"),
        (6, "channel:email", "active", "tie_break"),
    ]


def test_claims_that_are_settled_go(shop):
    publish_conflicts(shop.store, shop.analyse())
    shop.segment("active", "where: {field: active, operator: is_true}")
    shop.run()
    publish_conflicts(shop.store, shop.analyse())
    assert shop.store.scan(CLAIMS.name).collect().is_empty()


def test_the_same_look_again_is_the_same(shop):
    publish_conflicts(shop.store, shop.analyse())
    before = {table.name: shop.store.scan(table.name).collect() for table in TABLES}
    publish_conflicts(shop.store, shop.analyse())
    for name, rows in before.items():
        assert shop.store.scan(name).collect().sort(rows.columns[:3]).equals(rows.sort(rows.columns[:3]))


@pytest.mark.parametrize("done", range(4))
def test_a_writer_that_dies_leaves_every_table_as_some_run_wrote_it(shop, monkeypatch, done):
    publish_conflicts(shop.store, shop.analyse())
    before = versions(shop.store)
    shop.segment("active", GROUPLESS)
    shop.run()
    made = []
    commit = DeltaStore._commit

    def dies(self, table, *arguments, **options):
        if len(made) == done:
            raise KeyboardInterrupt
        made.append(table.name)
        return commit(self, table, *arguments, **options)

    monkeypatch.setattr(DeltaStore, "_commit", dies)
    with pytest.raises(KeyboardInterrupt):
        publish_conflicts(shop.store, shop.analyse())
    monkeypatch.undo()
    assert versions(shop.store) == {name: at + (name in made) for name, at in before.items()}
    publish_conflicts(shop.store, shop.analyse())
    version = shop.store.version("segment_memberships")
    assert {shop.store.transaction(table.name, "segment_memberships") for table in TABLES} == {version}


def test_rules_alone_are_not_published(shop):
    with pytest.raises(RunFailed, match="follow the members of a run"):
        publish_conflicts(shop.store, shop.analyse(data=False))
    assert versions(shop.store) == {}
