"""One contact from the lake's tables: who is meant, what happened with it, and with those merged into it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.contacts.activity_summary import summarise
from segmentation_pipeline.contacts.timeline import Window
from segmentation_pipeline.contacts.view import index_now, view_contact
from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import catalog_table

CATALOG = load_catalog(Path(__file__).parents[2] / "segment_definitions" / "catalog.yaml")


def at(day, hour=0):
    return dt.datetime(2026, 6, day, hour, tzinfo=dt.UTC)


def put(store, name, *rows):
    table = catalog_table(CATALOG, name)
    full = []
    for number, row in enumerate(rows):
        made = {
            "object_index": number,
            "month": f"{row['occurred_at']:%Y-%m}" if "occurred_at" in row else None,
        }
        full.append({column: {**made, **row}.get(column) for column in table.schema})
    store.append(table, pl.DataFrame(full, schema=table.schema, orient="row"))


@pytest.fixture
def store(tmp_path):
    store = DeltaStore(tmp_path / "lake")
    put(
        store,
        "contacts",
        {"contact_id": "a", "email": "ada@x.org", "company_id": "x"},
        {"contact_id": "b", "email": "bob@x.org"},
        {"contact_id": "c", "email": "eve@x.org"},
    )
    return store


def told(store, asked="a", **options):
    return [
        (entry.at.day, entry.kind, entry.what, entry.key)
        for entry in view_contact(store, CATALOG, asked, **options).entries
    ]


def merge(store):
    put(
        store,
        "contact_merges",
        {"merge_id": "1", "primary_id": "a", "merged_id": "b", "action": "merge", "merged_at": at(9)},
    )


def test_everything_that_happened_stands_in_one_list(store):
    put(
        store,
        "activities",
        {"activity_id": "1", "contact_id": "a", "activity_type": "login", "occurred_at": at(3)},
        {"activity_id": "2", "contact_id": "b", "activity_type": "cart", "occurred_at": at(4)},
        {"activity_id": "3", "contact_id": "c", "activity_type": "login", "occurred_at": at(5)},
    )
    put(store, "contact_notes", {"note_id": "n", "contact_id": "b", "created_at": at(6)})
    change = {"field_name": "country", "old_value": None, "new_value": "FR"}
    changed = {
        "change_id": "h",
        "contact_id": "a",
        "change_type": "field_changed",
        "changed_at": at(7),
        **change,
    }
    put(store, "contact_history", changed)
    sent = {"interaction_id": "i", "contact_id": "a", "campaign_id": "spring", "occurred_at": at(8)}
    put(store, "contact_campaign_interactions", sent)
    merge(store)
    assert told(store) == [
        (9, "merge", "b merged into a", None),
        (8, "campaign_interactions", "campaign interaction", None),
        (7, "change", "country: nothing → FR", None),
        (6, "notes", "note", None),
        (4, "activities", "cart", "b"),
        (3, "activities", "login", None),
    ]
    assert told(store, window=Window(at(4), at(7)), limit=1) == [(6, "notes", "note", None)]
    found = view_contact(store, CATALOG, "a")
    assert found.timeline["details"].to_list()[1] == "campaign_id=spring"
    assert set(found.related) == {"notes", "campaign_interactions"}


@pytest.mark.parametrize("asked", ["b", "BOB@x.org", "a", "Ada@X.org"])
def test_a_merged_contact_is_found_by_all_it_was_known_by(store, asked):
    merge(store)
    found = view_contact(store, CATALOG, asked)
    assert (found.key, dict(found.person.merged)) == ("a", {"b": 1})
    assert found.profile["email"] == "ada@x.org"


def test_an_email_of_several_is_no_name(store):
    put(store, "contacts", {"contact_id": "d", "email": "ADA@x.org", "object_index": 9})
    with pytest.raises(UsageError, match="e-mail of several"):
        view_contact(store, CATALOG, "ada@x.org")


def test_what_a_contact_leads_to_is_shown_where_it_is_there(store):
    assert view_contact(store, CATALOG, "a").parents == {}
    put(store, "companies", {"company_id": "x", "name": "X Inc"})
    assert view_contact(store, CATALOG, "a").parents == {"company": {"company_id": "x", "name": "X Inc"}}


def test_a_summary_counts_merged_contacts_as_their_primary(store):
    row = {"activity_type": "login", "occurred_at": at(3)}
    put(
        store,
        "activities",
        *({**row, "activity_id": f"{n}", "contact_id": key} for n, key in enumerate("aabbbc")),
        {"activity_id": "x", "contact_id": "a", "activity_type": "cart", "occurred_at": at(5)},
    )
    merge(store)
    index = index_now(store, CATALOG)
    person = view_contact(store, CATALOG, "b").person
    source = CATALOG.events["activities"]
    everyone, one = summarise(index, source), summarise(index, source, person)
    assert [(kind.type, kind.count, kind.objects) for kind in everyone.types] == [
        ("login", 6, 2),
        ("cart", 1, 1),
    ]
    assert [(kind.type, kind.count, kind.over_time) for kind in one.types] == [
        ("login", 5, (5, 0, 0)),
        ("cart", 1, (0, 0, 1)),
    ]
    assert one.starts == (at(3).date(), at(4).date(), at(5).date())
