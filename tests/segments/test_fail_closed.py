"""Whatever is wrong with one segment: it keeps its last good members, says why, and the others go on."""

from __future__ import annotations

import datetime as dt
import shutil

import polars as pl
import pytest

from segmentation_pipeline.errors import DefinitionError
from segmentation_pipeline.ingest.records import IMPORT_JOBS
from segmentation_pipeline.lake.tables import Table

ADULTS = "where: {field: age, operator: greater_than_or_equal, value: 30}"
BUYERS = "where: {event: purchase}"


@pytest.fixture(scope="module")
def opened(made, tmp_path_factory):
    project = made[0].copy(tmp_path_factory.mktemp("shop"))
    project.events(("b", "purchase", project.now), ("c", "opened", project.now))
    project.segment("adults", ADULTS)
    project.segment("buyers", BUYERS)
    project.segment("lookers", "where: {not: {segment: buyers}}")
    project.run()
    project.contacts(a=50, b=30, c=40)
    project.later(hours=1)
    return project


@pytest.fixture
def shop(opened, tmp_path):
    """`adults` reads contacts alone; `buyers` reads activities, and `lookers` embeds it.

    They were published an hour ago; since then `a` has grown up.
    """
    return opened.copy(tmp_path)


def kept(shop, status, cause):
    """Assert that `buyers` kept its members with this status, and that only it and `lookers` did not run."""
    assert shop.members("adults") == ["a", "b", "c"]
    assert shop.state("adults")["status"] == "fresh"
    assert shop.members("buyers") == shop.keyed("buyers") == ["b"]
    assert shop.members("lookers") == ["a", "c"]
    state = shop.state("buyers")
    assert state["status"] == status
    assert cause in state["cause"]
    assert state["last_evaluated_at"] == shop.now - dt.timedelta(hours=1)
    assert shop.state("lookers")["status"] == "stale"
    assert "buyers" in shop.state("lookers")["cause"]
    assert not [row for row in shop.changes("segment_id", "at") if row[0] != "adults" and row[1] == shop.now]


def retype(shop, table, **casts):
    frame = shop.store.scan(table).collect().cast(casts)
    shop.store.replace(Table(table, frame.schema), frame)


def test_a_definition_that_does_not_validate(shop):
    shop.segment("buyers", "where: {event: purchased}")
    shop.run()
    kept(shop, "failed", "segment_definitions/segments/buyers.yaml:2:")


def test_a_definition_that_is_no_yaml(shop):
    shop.segment("buyers", "where: {event: [")
    shop.run()
    kept(shop, "failed", "segment_definitions/segments/buyers.yaml:")


def test_a_broken_definition_that_becomes_good_again(shop):
    shop.segment("buyers", "where: {event: purchased}")
    shop.run()
    shop.segment("buyers", BUYERS)
    shop.run()
    assert shop.state("buyers")["status"] == shop.state("lookers")["status"] == "fresh"
    assert shop.state("buyers")["cause"] is None
    assert shop.members("buyers") == ["b"]


def test_a_missing_column(shop):
    shop.segment(
        "buyers", "where: {event: purchase, measure: sum, of: revenue, operator: greater_than, value: 1}"
    )
    frame = shop.store.scan("activities").drop("revenue").collect()
    shop.store.replace(Table("activities", frame.schema), frame)
    shop.run()
    kept(shop, "failed", "column `revenue` of table `activities` is missing")


def test_a_retyped_column(shop):
    retype(shop, "activities", occurred_at=pl.String)
    shop.run()
    kept(shop, "failed", "column `occurred_at` of table `activities` is String")


def test_a_column_that_no_rule_reads_harms_nobody(shop):
    retype(shop, "contacts", plan=pl.Int64)
    shop.run()
    assert {result.status for result in shop.run().segments} == {"fresh"}


def test_a_key_of_another_type(shop):
    retype(shop, "activities", contact_id=pl.Binary)
    shop.run()
    kept(shop, "failed", "column `contact_id` of table `activities` is Binary")


def test_a_missing_table(shop):
    shutil.rmtree(shop.root / "lake" / "activities")
    shop.run()
    kept(shop, "failed", "table `activities` has not been imported")


def test_a_table_whose_files_are_gone(shop):
    for file in (shop.root / "lake" / "activities").rglob("*.parquet"):
        file.unlink()
    shop.run()
    kept(shop, "stale", "table `activities` cannot be read")


def test_a_table_whose_files_are_damaged(shop):
    """Its rows can still be counted from the end of the file; reading them fails."""
    shop.events(("b", "purchase", shop.now), ("c", "opened", shop.now), ("c", "opened", shop.now))
    newest = max(
        (shop.root / "lake" / "activities").rglob("*.parquet"), key=lambda file: file.stat().st_mtime_ns
    )
    content = bytearray(newest.read_bytes())
    content[4:200] = bytes(196)
    newest.write_bytes(content)
    shop.run()
    kept(shop, "failed", "`activities` or `contacts` cannot be read")


def test_objects_without_their_index(shop):
    """Numbering them anew would make other contacts members: nothing of contacts is evaluated."""
    frame = shop.store.scan("contacts").drop("object_index").collect()
    shop.store.replace(Table("contacts", frame.schema), frame)
    shop.run()
    assert shop.state("adults")["status"] == "failed"
    assert shop.state("adults")["cause"] == "table `contacts` has no integer column `object_index`"
    assert shop.rows("segment_memberships", "segment_id", "object_index")[:2] == [
        ("adults", 1),
        ("adults", 2),
    ]


def test_one_object_gone_leaves_the_other_alone(shop):
    shop.table("companies", [{"company_id": "x", "size": 5}])
    shop.segment("firms", "object: company\nwhere: {everyone: true}")
    shop.run()
    shutil.rmtree(shop.root / "lake" / "contacts")
    shop.table("companies", [{"company_id": "x", "size": 5}, {"company_id": "y", "size": 5}])
    done = {result.segment: (result.status, result.size) for result in shop.run().segments}
    assert done == {
        "adults": ("failed", 3),
        "buyers": ("failed", 1),
        "firms": ("fresh", 2),
        "lookers": ("failed", 2),
    }
    assert shop.keyed("firms") == ["x", "y"]
    assert shop.keyed("adults") == ["a", "b", "c"]


def shrink(shop, rows):
    shop.events(*[("b", "purchase", shop.now - dt.timedelta(minutes=number)) for number in range(rows)])


def test_a_table_that_shrank_by_more_than_half(shop):
    shrink(shop, 10)
    shop.run()
    shop.later(hours=1)
    shop.events(*[("c", "purchase", shop.now)] * 4)
    shop.run()
    assert shop.state("buyers")["status"] == "stale"
    assert "shrank from 10 to 4 rows, more than 50%" in shop.state("buyers")["cause"]
    assert shop.members("buyers") == ["b"]
    shop.events(*[("c", "purchase", shop.now)] * 4)
    shop.run()
    assert "shrank from 10 to 4 rows" in shop.state("buyers")["cause"], (
        "the loss is not forgotten by the next run"
    )
    shop.events(*[("c", "purchase", shop.now)] * 6)
    shop.run()
    assert shop.state("buyers")["status"] == "fresh"
    assert shop.members("buyers") == ["c"]


def test_a_table_that_was_missing_is_still_compared_with_what_it_was(shop):
    shrink(shop, 10)
    shop.run()
    shutil.rmtree(shop.root / "lake" / "activities")
    shop.run()
    shop.events(("c", "purchase", shop.now))
    shop.run()
    assert "shrank from 10 to 1 rows" in shop.state("buyers")["cause"]


def test_a_source_may_allow_its_table_to_shrink(shop):
    shop.write("sources.yaml", "sources: {shop: {table: activities, files: [x.csv], max_shrink: 95%}}")
    shrink(shop, 10)
    shop.run()
    shrink(shop, 1)
    shop.run()
    assert shop.state("buyers")["status"] == "fresh"


def jobs(shop, *finished):
    rows = [
        {"job": f"import-{n}", "table": "activities", "status": status, "finished_at": at}
        for n, (at, status) in enumerate(finished)
    ]
    shop.store.replace(IMPORT_JOBS, pl.DataFrame(rows, schema=IMPORT_JOBS.schema))


def test_a_stale_source(shop):
    shop.write("sources.yaml", "sources: {shop: {table: activities, files: [x.csv], stale_after: 2 days}}")
    jobs(shop, (shop.now - dt.timedelta(days=3), "completed"), (shop.now, "failed"))
    shop.run()
    kept(
        shop,
        "stale",
        "source `shop` of table `activities` is stale: its last import ended at 2026-02-26 13:00 UTC",
    )


def test_a_source_that_was_imported_in_time(shop):
    shop.write("sources.yaml", "sources: {shop: {table: activities, files: [x.csv], stale_after: 2 days}}")
    jobs(shop, (shop.now - dt.timedelta(days=1), "partially_completed"))
    shop.run()
    assert shop.state("buyers")["status"] == "fresh"


def test_a_source_that_was_never_imported(shop):
    shop.write("sources.yaml", "sources: {shop: {table: activities, files: [x.csv], stale_after: 2 days}}")
    shop.run()
    kept(shop, "stale", "it was never imported")


def test_sources_that_cannot_be_read_are_an_error_and_the_last_state_stays(shop):
    before = shop.versions()
    shop.write("sources.yaml", "sources: {shop: {table: nowhere, files: [x.csv]}}")
    with pytest.raises(DefinitionError, match="unknown table `nowhere`"):
        shop.run()
    assert shop.versions() == before


def test_a_scan_that_is_too_large_is_refused_by_name(shop):
    shop.settings = {"max_scan_bytes": 130}
    shop.run()
    kept(shop, "failed", "`buyers` would read 232 bytes, over `max_scan_bytes` of 130")


def test_a_dependent_is_skipped_with_the_path(shop):
    shop.segment("deep", "where: {segment: lookers}")
    shop.run()
    shutil.rmtree(shop.root / "lake" / "activities")
    shop.run()
    assert shop.state("deep")["cause"] == "deep → lookers → buyers: table `activities` has not been imported"


def test_members_of_one_object_never_become_those_of_another(shop):
    shop.table("companies", [{"company_id": "x", "size": 50}])
    shop.segment("adults", "object: company\nwhere: {everyone: true}")
    shop.run()
    assert shop.members("adults") == ["b", "c"]
    state = shop.state("adults")
    assert (state["status"], state["object"]) == ("failed", "contact")
    assert state["cause"].startswith("`adults` holds members of `contact`, its definition is of `company`")
    shop.segment("adults", f"active: false\n{ADULTS}")
    shop.run()
    shop.segment("adults", "object: company\nwhere: {everyone: true}")
    shop.run()
    assert (shop.state("adults")["object"], shop.keyed("adults")) == ("company", ["x"])


def test_a_segment_that_could_never_be_read_is_listed(project):
    project.segment("adults", ADULTS)
    project.segment("bad", "where: {field: nonsense, operator: is_empty}")
    project.run()
    state = project.state("bad")
    assert (state["status"], state["size"], state["name"]) == ("failed", 0, "bad")
    assert state["definition"] is state["last_evaluated_at"] is state["created_at"] is None
    project.segment("bad", ADULTS)
    project.run()
    assert (project.state("bad")["status"], project.keyed("bad")) == ("fresh", ["b", "c"])
    assert project.state("bad")["created_at"] == project.now
