"""Events that are there already are found again, however much was imported in between."""

from __future__ import annotations

import polars as pl
import pytest

from segmentation_pipeline.ingest.hash_set import HashSet
from segmentation_pipeline.ingest.stored_ids import StoredIds
from segmentation_pipeline.lake.store import DeltaStore

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

HEAD = "id,who,what,when,amount\n"
COLUMNS = ("activity_id", "occurred_at", "revenue")


def lines(numbers, month=1):
    return "".join(f"a{at},c1,purchase,2026-0{month}-05,{at}\n" for at in numbers)


@pytest.fixture
def mapping(events):
    return events + "  activity_id: id\n"


@pytest.fixture
def filled(lake, mapping):
    lake.load("contacts", "contact_id\nc1\n")
    lake.load("activities", HEAD + lines(range(5)), mapping=mapping)
    return lake


def test_every_batch_finds_what_was_stored_before_and_what_batches_before_added(filled, mapping):
    text = HEAD + lines((7, 2, 8, 7, 9, 8, 2, 4, 11))
    job = filled.load("activities", text, mapping=mapping, batch_rows=2)
    assert (job.read, job.landed, job.unchanged) == (9, 4, 5)
    assert [key for (key, *_) in filled.rows("activities", *COLUMNS)] == sorted(
        f"a{at}" for at in (0, 1, 2, 3, 4, 7, 8, 9, 11)
    )


def test_an_id_comes_again_in_another_month_and_batch(filled, mapping):
    text = HEAD + lines((20,), 1) + lines((21,), 2) + lines((20, 1), 3) + lines((21,), 4)
    job = filled.load("activities", text, mapping=mapping, batch_rows=1)
    assert (job.landed, job.unchanged) == (2, 3)


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_an_id_of_two_contacts_waits_only_where_it_came_first(filled, mapping, batch_rows):
    waits, lands = "x{},c9,purchase,2026-01-05,1\n", "x{},c1,purchase,2026-01-05,2\n"
    text = HEAD + waits.format(1) + lands.format(1) + lands.format(2) + waits.format(2) + waits.format(1)
    job = filled.load("activities", text, mapping=mapping, batch_rows=batch_rows)
    assert (job.landed, job.orphaned, job.unchanged) == (2, 1, 2)
    assert filled.rows("activities_orphaned", "activity_id") == [("x1",)]
    again = filled.load("activities", text, mapping=mapping, batch_rows=batch_rows)
    assert (again.landed, again.orphaned, again.unchanged) == (0, 0, 5)


def test_files_of_one_import_see_each_other(filled, mapping):
    job = filled.load("activities", HEAD + lines((6, 7)), HEAD + lines((7, 3, 8)), mapping=mapping)
    assert (job.landed, job.unchanged) == (3, 2)


@pytest.mark.parametrize("given", [True, False])
def test_equal_hashes_do_not_make_equal_events(filled, mapping, events, given, monkeypatch):
    monkeypatch.setattr(HashSet, "common", lambda _set, hashes: hashes)
    head, text = (HEAD, lines(range(3, 12))) if given else ("who,what,when,amount\n", "")
    if not given:
        text = "".join(f"c1,purchase,2026-01-0{at % 3 + 1},{at % 4}\n" for at in range(12))
    job = filled.load("activities", head + text, mapping=mapping if given else events, batch_rows=2)
    assert (job.landed, job.unchanged) == ((7, 2) if given else (12, 0))
    again = filled.load("activities", head + text, mapping=mapping if given else events, batch_rows=5)
    assert again.landed == 0


def test_the_table_is_looked_into_once_and_not_again_for_new_ids(filled, monkeypatch):
    scans = []
    scan = DeltaStore.scan
    monkeypatch.setattr(DeltaStore, "scan", lambda *given: scans.append(given) or scan(*given))
    source = filled.catalog.events["activities"]
    ids = StoredIds(filled.store, "activities", source, made=False)
    for at in range(4):
        rows = pl.DataFrame({"activity_id": [f"b{at}"], "month": ["2026-01"]})
        assert ids.new(rows).height == 1
        ids.add(rows["activity_id"])
    # Once for the first batch, once for all that follow.
    assert len(scans) == 2


def test_a_table_that_is_not_there_yet_is_never_looked_into(lake, monkeypatch):
    monkeypatch.setattr(DeltaStore, "scan", lambda *_given: pytest.fail("scanned"))
    ids = StoredIds(lake.store, "activities", lake.catalog.events["activities"], made=False)
    rows = pl.DataFrame({"activity_id": ["a", "b"], "month": ["2026-01"] * 2})
    assert ids.new(rows).height == 2
    ids.add(rows["activity_id"])
    assert ids.new(rows.with_columns(activity_id=pl.Series(["c", "d"]))).height == 2
