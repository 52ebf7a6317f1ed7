"""The generated rows: the same every time, of the promised shape, within the catalog's contract."""

from __future__ import annotations

import polars as pl
import pytest

from benchmarks.data import activity_rows, contact_rows
from benchmarks.data.activity_rows import activity_chunks, spans
from benchmarks.data.contact_rows import contact_chunks
from benchmarks.data.dataset import AS_OF, read_catalog
from benchmarks.data.vocabulary import EVENT_SHARES
from segmentation_pipeline.catalog.contracts import failures, table_schema

CONTACTS, EVENTS, SEED = 3000, 45_000, 5


@pytest.fixture(scope="module")
def contacts():
    return pl.concat(contact_chunks(CONTACTS, SEED))


@pytest.fixture(scope="module")
def activities():
    return pl.concat(activity_chunks(CONTACTS, EVENTS, SEED))


def test_the_same_seed_gives_the_same_rows(contacts, activities):
    assert contacts.equals(pl.concat(contact_chunks(CONTACTS, SEED)))
    assert activities.equals(pl.concat(activity_chunks(CONTACTS, EVENTS, SEED)))


def test_another_seed_gives_other_rows(contacts):
    assert not contacts.equals(pl.concat(contact_chunks(CONTACTS, SEED + 1)))


@pytest.mark.parametrize("table", ["contacts", "activities"])
def test_rows_keep_the_contract_of_the_catalog(table, contacts, activities):
    catalog = read_catalog()
    rows = {"contacts": contacts, "activities": activities}[table]
    found = failures(catalog, table, rows.select(table_schema(catalog, table).names()))
    assert found.is_empty(), found


def test_there_are_exactly_as_many_rows_as_asked_for(contacts, activities):
    assert contacts["object_index"].to_list() == list(range(CONTACTS))
    assert activities.height == EVENTS


def test_no_chunk_is_larger_than_its_bound(monkeypatch):
    monkeypatch.setattr(contact_rows, "CHUNK", 1000)
    monkeypatch.setattr(activity_rows, "CHUNK", 500)
    assert [len(rows) for rows in contact_chunks(2500, SEED)] == [1000, 1000, 500]
    assert max(len(rows) for rows in activity_chunks(CONTACTS, EVENTS, SEED)) <= 500


def test_a_chunk_lies_in_one_month():
    for rows in activity_chunks(CONTACTS, EVENTS, SEED):
        assert rows["month"].unique().to_list() == rows["occurred_at"].dt.strftime("%Y-%m").unique().to_list()


def test_spans_cover_two_years_without_holes():
    found = spans(10_000_000)
    assert [span.start for span in found[1:]] == [span.end for span in found[:-1]]
    assert found[-1].end == AS_OF.timestamp()
    assert sum(span.events for span in found) == 10_000_000


def test_no_two_events_share_an_instant_and_all_lie_before_as_of(activities):
    times = activities["occurred_at"]
    assert times.is_sorted()
    assert times.n_unique() == EVENTS
    assert times.max() < AS_OF


def test_a_few_contacts_have_most_of_the_events(activities):
    counts = activities.group_by("object_index").len()["len"]
    assert counts.quantile(0.5) == pytest.approx(11, abs=1)
    assert counts.quantile(0.99) == pytest.approx(76, abs=8)


def test_types_have_their_shares_and_only_their_fields(activities):
    counts = dict(activities.group_by("activity_type").len().iter_rows())
    for kind, share in EVENT_SHARES.items():
        assert counts[kind] / EVENTS * 100 == pytest.approx(share, rel=0.3)
    purchases = activities.filter(pl.col("revenue").is_not_null())
    assert purchases["activity_type"].unique().to_list() == ["purchase"]
    assert (purchases["revenue"] > 0).all()
