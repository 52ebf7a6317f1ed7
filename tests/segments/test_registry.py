"""The registry's counts and neighbours, and the keys that definitions name and nobody has."""

from __future__ import annotations

import polars as pl

ADULTS = "where: {field: age, operator: greater_than_or_equal, value: 30}"


def counts(project, segment):
    row = project.state(segment)
    return row["size"], row["contactable"], row["suppressed"]


def test_suppressed_members_are_counted_apart(published):
    published.segment("blocked", "type: suppression\nwhere: {field: age, operator: equals, value: 40}")
    published.segment("hidden", "type: suppression\nwhere: {field: age, operator: in, value: [20, 40]}")
    published.run()
    assert counts(published, "adults") == (2, 1, 1)
    assert counts(published, "others") == (1, 0, 1)
    assert counts(published, "hidden") == (2, 0, 2)


def test_a_suppression_segment_that_broke_still_suppresses(published):
    published.segment("blocked", "type: suppression\nwhere: {field: age, operator: equals, value: 40}")
    published.run()
    published.segment("blocked", "type: suppression\nwhere: {field: nonsense}")
    published.run()
    assert counts(published, "adults") == (2, 1, 1)


def test_an_inactive_one_does_not(published):
    published.segment("blocked", "active: false\ntype: suppression\nwhere: {everyone: true}")
    published.run()
    assert counts(published, "adults") == (2, 2, 0)


def test_a_suppressed_company_is_no_suppressed_contact(published):
    published.table("companies", [{"company_id": key, "size": 1} for key in "xyz"])
    published.segment("closed", "object: company\ntype: suppression\nwhere: {everyone: true}")
    published.run()
    assert counts(published, "adults") == (2, 2, 0)
    assert counts(published, "closed") == (3, 0, 3)


def test_keys_that_nobody_has_are_pending_until_they_come(published):
    published.segment("guests", "type: static\nmembers: [a, B@X.org, z, nobody@x.org]")
    published.run()
    assert published.state("guests")["pending"] == ["z", "nobody@x.org"]
    assert published.rows("segment_memberships", "segment_id", "object_index", "added_via")[2:4] == [
        ("guests", 0, "manual"),
        ("guests", 1, "manual"),
    ]
    published.contacts(a=20, b=30, c=40, z=1)
    published.run()
    assert published.state("guests")["pending"] == ["nobody@x.org"]
    assert published.keyed("guests") == ["a", "b", "z"]


def test_neighbours_stand_in_the_registry(published):
    assert published.state("adults")["embedded_by"] == ["others"]
    assert published.state("others")["embeds"] == ["adults"]


def test_what_a_scan_reads_is_recorded(published):
    row = published.state("adults")
    assert (row["rows_scanned"], row["bytes_scanned"]) == (3, 3 * (24 + 8))
    assert row["seconds"] > 0


def test_keys_over_relations_count_as_read(published):
    published.table("companies", [{"company_id": "x", "size": 100}])
    published.segment("corporate", "where: {field: company.size, operator: greater_than, value: 50}")
    published.run()
    row = published.state("corporate")
    assert (row["rows_scanned"], row["bytes_scanned"]) == (4, 3 * (24 + 24) + (24 + 8))


def test_the_registry_can_be_rebuilt_from_the_memberships(published):
    """Sizes are counted from the memberships, never remembered."""
    sizes = published.store.scan("segment_memberships").group_by("segment_id").len().collect()
    assert dict(sizes.with_columns(pl.col("len").cast(pl.Int64)).iter_rows()) == {
        row[0]: row[1] for row in published.rows("segments", "segment_id", "size")
    }
