"""Imports of merges: what is refused and why, whom a merged object counts as, whose e-mail is whose."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import DefinitionError
from segmentation_pipeline.ingest.batch import ROW
from segmentation_pipeline.ingest.merge_claims import merge_findings
from segmentation_pipeline.ingest.merges import redirects, redirects_of
from segmentation_pipeline.lake.tables import catalog_table

HEAD = "merge_id,merged_id,primary_id,action,merged_at\n"
TABLE = """tables:
  contact_merges:
    key: [merge_id]
    columns:
      merge_id: {type: text, required: true}
      primary_id: {type: text, required: true}
      merged_id: {type: text, required: true}
      action: {type: enum, values: [merge, undo], required: true}
      merged_at: {type: datetime, required: true}
events:"""


@pytest.fixture
def lake(lake, catalog_text):
    return merging(lake, catalog_text)


def merging(lake, catalog_text):
    text = catalog_text.replace(
        "    born: created_at\n", "    born: created_at\n    merges: contact_merges\n"
    )
    lake.catalog = read_catalog(read_documents(text.replace("\nevents:", f"\n{TABLE}", 1), "catalog.yaml")[0])
    return lake


def merges(*rows, start=1):
    """Merges as CSV: (merged, primary) or (merged, primary, action), a day apart."""
    lines = [
        f"m{day},{row[0]},{row[1]},{(*row, 'merge')[2]},2026-01-{day:02}T00:00:00Z"
        for day, row in enumerate(rows, start)
    ]
    return HEAD + "\n".join(lines) + "\n"


def pairs(lake):
    return redirects(lake.store, lake.catalog).rows()


def reasons(job):
    return [(reject.row, reject.column, reject.reason) for reject in job.rejects]


def contacts(*keys):
    return "contact_id,email\n" + "".join(f"{key},{key}@x.org\n" for key in keys)


def test_without_merges_nobody_counts_as_another(lake):
    assert pairs(lake) == []
    lake.load("contacts", contacts("a", "b"))
    assert pairs(lake) == []


def test_merges_follow_each_other(lake):
    lake.load("contacts", contacts("a", "b", "c"))
    lake.load("contact_merges", merges(("a", "b"), ("b", "c"), ("unknown", "a")))
    assert pairs(lake) == [("a", "c"), ("b", "c"), ("unknown", "c")]


def test_the_latest_row_about_a_contact_decides(lake):
    lake.load("contacts", contacts("a", "b", "c"))
    lake.load("contact_merges", merges(("a", "b"), ("a", "c"), ("b", "c"), ("b", "c", "undo")))
    assert pairs(lake) == [("a", "c")]
    lake.load("contact_merges", merges(("a", "c", "undo"), start=9))
    assert pairs(lake) == []


def test_of_two_rows_at_one_instant_the_greater_id_decides(lake):
    lake.load("contacts", contacts("a", "b"))
    rows = "m2,a,b,undo,2026-01-01T00:00:00Z\nm1,a,b,merge,2026-01-01T00:00:00Z\n"
    lake.load("contact_merges", HEAD + rows)
    assert pairs(lake) == []


def test_a_merge_into_an_unknown_contact_waits(lake):
    lake.load("contacts", contacts("a", "b"))
    lake.load("contact_merges", merges(("a", "b"), ("b", "later")))
    assert pairs(lake) == [("a", "b")]
    lake.load("contacts", contacts("later"))
    assert pairs(lake) == [("a", "later"), ("b", "later")]


def test_a_merge_into_itself_is_refused(lake):
    job = lake.load("contact_merges", merges(("a", "a"), ("a", "b")))
    assert (job.landed, job.rejected) == (1, 1)
    assert reasons(job) == [(1, "merged_id", "`a` would be merged into itself")]


def test_what_would_close_a_circle_is_refused_and_names_it(lake):
    lake.load("contact_merges", merges(("a", "b"), ("b", "c")))
    job = lake.load("contact_merges", merges(("c", "a"), ("c", "d"), ("d", "a"), start=5))
    assert reasons(job) == [
        (1, "primary_id", "merges would go in a circle: c → a → b → c"),
        (3, "primary_id", "merges would go in a circle: d → a → b → c → d"),
    ]
    assert job.landed == 1


def test_an_undone_merge_closes_no_circle(lake):
    job = lake.load("contact_merges", merges(("a", "b"), ("a", "b", "undo"), ("b", "a")))
    assert (job.landed, job.rejected) == (3, 0)


def test_the_same_file_again_changes_nothing(lake):
    text = merges(("a", "b"), ("a", "b", "undo"), ("b", "a"), ("a", "b"))
    assert lake.load("contact_merges", text).landed == 3
    again = lake.load("contact_merges", text)
    assert (again.landed, again.unchanged, again.rejected) == (0, 3, 1)


def test_the_email_of_a_merged_contact_is_free_for_its_primary(lake):
    lake.load("contacts", contacts("a", "b"))
    lake.load("contact_merges", merges(("a", "b")))
    assert lake.load("contacts", "contact_id,email\nb,a@x.org\na,b@x.org\n").rejected == 0
    job = lake.load("contacts", "contact_id,email\nc,A@x.org\n")
    assert [reject.reason for reject in job.rejects] == [
        "`a@x.org` already belongs to contact `b`, and `email` is unique"
    ]


def test_undoing_is_refused_while_another_contact_has_the_email(lake):
    lake.load("contacts", contacts("a", "b"))
    lake.load("contact_merges", merges(("a", "b")))
    lake.load("contacts", "contact_id,email\nb,a@x.org\n")
    undo = merges(("a", "b", "undo"), start=5)
    job = lake.load("contact_merges", undo)
    assert reasons(job) == [(1, "merged_id", "by itself again, `a` would share its `email` with `b`")]
    lake.load("contacts", "contact_id,email\nb,b@x.org\n")
    assert lake.load("contact_merges", undo).landed == 1
    assert pairs(lake) == []


def test_events_of_a_merged_contact_that_never_arrived_land_and_those_waiting_are_taken_in(lake):
    event = "activity_id,contact_id,activity_type,occurred_at\n{},old,purchase,2026-01-01T00:00:00Z\n"
    lake.load("contacts", contacts("a"))
    assert lake.load("activities", event.format("e1")).orphaned == 1
    assert lake.load("contact_merges", merges(("old", "a"))).adopted == 1
    job = lake.load("activities", event.format("e2"))
    assert (job.landed, job.orphaned) == (1, 0)
    assert lake.rows("activities", "activity_id", "contact_id") == [("e1", "old"), ("e2", "old")]


@pytest.mark.parametrize(
    ("said", "message"),
    [("nothing", "not among `tables`"), ("contact_tag_assignments", "no column `merge_id`")],
)
def test_the_catalog_must_declare_the_table(lake, catalog_text, said, message):
    text = catalog_text.replace("    born: created_at\n", f"    born: created_at\n    merges: {said}\n")
    with pytest.raises(DefinitionError, match=message):
        read_catalog(read_documents(text, "catalog.yaml")[0])


KEYS = st.sampled_from("abcd")
ROWS = st.tuples(KEYS, KEYS, st.sampled_from(["merge", "undo"]), st.integers(1, 20))


@settings(max_examples=20, deadline=None)
@given(files=st.lists(st.lists(ROWS, min_size=1, max_size=5), min_size=1, max_size=3))
def test_whatever_is_imported_no_merges_ever_go_in_a_circle(tmp_path_factory, lakes, catalog_text, files):
    lake = merging(lakes(tmp_path_factory.mktemp("lake")), catalog_text)
    kind, table = lake.catalog.objects["contact"], catalog_table(lake.catalog, "contact_merges")
    contacts_there = pl.LazyFrame({"contact_id": list("abcd")})
    number = 0
    for file in files:
        rows = []
        for merged, primary, action, day in file:
            number += 1
            said = (f"m{number:02}", primary, merged, action, datetime(2026, 1, day, tzinfo=UTC))
            rows.append(dict(zip(table.schema.names(), said, strict=True)))
        landing = pl.DataFrame(rows, schema=table.schema).with_row_index(ROW)
        claims = landing.with_columns(pl.col(ROW).cast(pl.Int64), pl.lit(0, pl.Int64).alias("file"))
        refused = merge_findings(lake.store, kind, claims, "file")
        lake.store.append(table, claims.join(refused, on=ROW, how="anti").select(table.schema.names()))
        frames = {"contacts": contacts_there, "contact_merges": lake.store.scan("contact_merges")}
        found = redirects_of(frames, kind)
        assert not set(found["merged"]) & set(found["primary"])
