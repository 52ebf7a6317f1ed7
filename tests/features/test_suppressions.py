"""Which contacts the entries of suppression lists name."""

from __future__ import annotations

import polars as pl
import pytest

from segmentation_pipeline.features.unstored import features_at

TABLE = "contact_suppression_matches"
ENTRY = {"suppression_id": "s", "suppression_type": "hard_bounce"}


@pytest.fixture
def people(world):
    world.contacts(
        {"contact_id": "a", "email": "ann@x.org"},
        {"contact_id": "b", "email": "Bob@Mail.X.org"},
        {"contact_id": "c", "email": None},
    )
    return world


def matched(world, *entries):
    """Return (contact, how) of the matches of some entries."""
    world.suppress(*({**ENTRY, **entry} for entry in entries))
    world.refresh()
    found = world.store.scan(TABLE).select("contact_id", "matched_by").collect()
    return sorted(found.iter_rows())


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"contact_id": "c"}, [("c", "contact")]),
        ({"contact_id": "nobody"}, []),
        ({"email": "ANN@X.org"}, [("a", "email")]),
        ({"email": "bob@mail.x.org"}, [("b", "email")]),
        ({"domain": "X.ORG"}, [("a", "domain")]),
        ({"domain": "@mail.x.org"}, [("b", "domain")]),
        ({"domain": "org"}, []),
        # An address's own domain says where it is, and suppresses nobody else.
        ({"email": "zoe@x.org", "domain": "x.org"}, []),
        ({"contact_id": "c", "domain": "x.org"}, [("c", "contact")]),
        # One entry may name two contacts, and a contact twice: once is said.
        ({"contact_id": "c", "email": "ann@x.org"}, [("a", "email"), ("c", "contact")]),
        ({"contact_id": "a", "email": "ann@x.org"}, [("a", "contact")]),
        ({}, []),
    ],
)
def test_an_entry_names(people, entry, expected):
    assert matched(people, entry) == expected


def test_what_the_entry_says_is_taken_over(people):
    people.suppress(
        {
            **ENTRY,
            "email": "ann@x.org",
            "reason": "mailbox",
            "expires_at": people.day(3),
            "suppressed_at": people.day(1),
        }
    )
    people.refresh()
    (row,) = people.store.scan(TABLE).collect().to_dicts()
    assert (row["suppression_id"], row["suppression_type"], row["reason"]) == ("s", "hard_bounce", "mailbox")
    assert (row["suppressed_at"], row["expires_at"]) == (people.day(1), people.day(3))


def test_addresses_of_a_merged_contact_count_for_its_primary(people):
    people.merge("c", "a", 1)
    assert matched(people, {"email": "ann@x.org"}) == [("c", "email")]
    people.merge("c", "a", 2, action="undo")
    assert matched(people, {"email": "ann@x.org"}) == [("a", "email")]


def test_a_match_keeps_its_key_and_its_index(people):
    def numbered():
        rows = people.store.scan(TABLE).collect().to_dicts()
        return {
            (row["contact_id"], row["suppression_id"]): (row["match_id"], row["object_index"]) for row in rows
        }

    matched(people, {"email": "ann@x.org"})
    first = numbered()
    matched(people, {"email": "ann@x.org"}, {"suppression_id": "t", "domain": "x.org"})
    assert first.items() < numbered().items()
    matched(people, {"email": "ann@x.org"})
    matched(people, {"email": "ann@x.org"}, {"suppression_id": "u", "contact_id": "c"})
    assert sorted(index for _, index in numbered().values()) == [0, 2]


def test_nothing_is_written_where_nothing_changed(people):
    matched(people, {"email": "ann@x.org"})
    assert people.refresh()[TABLE].written is False
    people.happen(("a", "opened", 4))
    assert people.refresh()[TABLE].written is False
    people.contacts({"contact_id": "d", "email": "ann@x.org"})
    assert people.refresh()[TABLE].written is True


def test_what_is_not_stored_yet_is_computed_without_writing(people):
    people.suppress({**ENTRY, "email": "ann@x.org"})
    tables = people.store.snapshot(["contacts", "contact_suppressions"])
    found = features_at(people.store, people.catalog, tables, people.as_of)[TABLE].collect()
    assert found["contact_id"].to_list() == ["a"]
    assert not people.store.exists(TABLE)
    people.refresh()
    assert found.equals(people.store.scan(TABLE).collect())


def test_without_any_list_there_is_no_table(people):
    assert TABLE not in people.refresh()
    assert not people.store.exists(TABLE)


def test_an_empty_list_matches_nobody(people):
    assert matched(people) == []
    assert people.store.scan(TABLE).select(pl.len()).collect().item() == 0
