"""One night, contact by contact: lists, preferences, segments that suppress, and what was really sent."""

from __future__ import annotations

import datetime as dt

import pytest

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

TODAY = dt.date(2026, 6, 10)
WON = ("won", None, None)
SUPPRESSED = ("suppressed", None, None)
BEHIND_FLASH = ("outranked", "flash", None)


def entry(key: str, **named: str) -> dict[str, object]:
    """Return an entry of a suppression list, in force since 1 June and for good."""
    nothing = dict.fromkeys(("email", "domain", "contact_id", "expires_at"))
    return {
        **nothing,
        "suppression_id": key,
        "suppression_type": "manual",
        "suppressed_at": "2026-06-01T00:00:00Z",
        **named,
    }


@pytest.fixture
def night(shop):
    """The project with lists, preferences, a merge and activities, run on 10 June at 6 in Berlin."""
    shop.load(
        "contact_suppressions",
        [
            entry("s1", contact_id="by_key"),
            entry("s2", email="by_address@b.example"),
            entry("s3", domain="d.example"),
            entry("s4", contact_id="over", expires_at="2026-06-10T12:00:00Z"),
            entry("s5", contact_id="late", suppressed_at="2026-06-10T22:30:00Z"),
        ],
    )
    shop.load(
        "contact_email_preferences",
        [
            {"contact_id": "preference", "preference_type": "Marketing ", "is_enabled": False},
            {"contact_id": "a", "preference_type": "marketing", "is_enabled": True},
            {"contact_id": "a", "preference_type": "transactional", "is_enabled": False},
        ],
    )
    shop.sends(
        ("texted", "sms_sent", "2026-06-09T10:00", None),
        ("mailed_twice", "email_sent", "2026-06-05T10:00", None),
        ("mailed_twice", "email_sent", "2026-06-07T10:00", "closed_campaign"),
        ("mailed_twice", "purchase", "2026-06-09T10:00", None),
        ("named", "email_sent", "2026-06-08T10:00", "promo"),
        ("welcomed", "email_sent", "2026-06-08T10:00", "welcome"),
        ("old_winback", "email_sent", "2026-06-07T10:00", "winback"),
        ("merged", "sms_sent", "2026-06-09T10:00", None),
        ("a", "email_sent", "2026-06-10T01:00", None),
    )
    merge = {"primary_id": "primary", "merged_id": "merged", "action": "merge"}
    shop.load("contact_merges", [{"merge_id": "m1", **merge, "merged_at": "2026-06-09T12:00:00Z"}])
    shop.at("2026-06-10T04:00")
    shop.run()
    return shop


EXPECTED = {
    # what was sent on the day itself is no history yet; a preference of another kind of mail closes nothing
    ("a", "flash"): WON,
    ("a", "promo"): BEHIND_FLASH,
    # a list's entry of the contact closes every channel, of its address or domain e-mail alone
    ("by_key", "flash"): SUPPRESSED,
    ("by_key", "promo"): SUPPRESSED,
    ("by_address", "flash"): WON,
    ("by_address", "promo"): SUPPRESSED,
    ("d_domain", "flash"): WON,
    ("d_domain", "promo"): SUPPRESSED,
    # one that ends within the day holds no more; one that begins the next day in Berlin, at 00:30, not yet
    ("over", "promo"): WON,
    ("late", "promo"): WON,
    ("preference", "flash"): WON,
    ("preference", "promo"): SUPPRESSED,
    # a segment of type suppression; and one that the policy names for e-mail
    ("kept", "flash"): SUPPRESSED,
    ("kept", "promo"): SUPPRESSED,
    ("returned", "flash"): WON,
    ("returned", "promo"): SUPPRESSED,
    # sent the day before, of no known segment: nobody to name
    ("texted", "flash"): ("cooldown", None, 0),
    ("texted", "promo"): ("cooldown", None, 0),
    # two e-mails in seven days
    ("mailed_twice", "flash"): WON,
    ("mailed_twice", "promo"): ("cap", "closed_campaign", 1),
    # sent two days ago for this segment, which rests for three
    ("named", "promo"): ("gap", "promo", None),
    # had its one e-mail in this spell, which began on the 8th; that of winback was before it
    ("welcomed", "welcome"): ("spent", None, None),
    ("welcomed", "winback"): ("group_loser", "welcome", None),
    ("old_winback", "winback"): WON,
    ("old_winback", "promo"): ("outranked", "winback", None),
    # what was sent to the merged contact was sent to its primary
    ("primary", "flash"): ("cooldown", None, 0),
    ("primary", "promo"): ("cooldown", None, 0),
}


def test_every_contact(night):
    done = night.assign()
    assert night.decisions() == EXPECTED
    assert (done.fresh, done.outdated, done.doubts) == (True, False, {})
    assert done.run.won == sum(said == WON for said in EXPECTED.values()) == 9
    assert done.run.claims == len(EXPECTED) - 2
    assert done.run.contacts == len({contact for contact, _ in EXPECTED})


def test_rows_say_who_when_and_by_what(night):
    night.assign()
    columns = ("day", "policy", "contact_id", "channel", "rank", "run_id", "decided_at")
    assert (TODAY, "default", "a", "sms", 1, "assign-2026-06-10.1", night.now) in night.rows(
        "contact_assignments", *columns
    )
    (run,) = night.store.scan("contact_assignment_runs").collect().to_dicts()
    assert (run["day"], run["policy"], run["time_zone"], run["won"]) == (TODAY, "default", "Europe/Berlin", 9)
    assert (run["segments_run_id"], run["segments_as_of"]) == ("run-000002", night.now)
    inputs = {one["table"]: one["version"] for one in run["inputs"]}
    assert {"activities", "contacts", "contact_merges", "segment_memberships"} <= set(inputs)
    assert {"contact_suppressions", "contact_email_preferences"} <= set(inputs)
    counted = {(one["segment_id"], one["decision"]): one["contacts"] for one in run["counts"]}
    assert counted["promo", "suppressed"] == 6


def test_a_merge_imported_after_the_run_makes_one_contact_of_two(shop):
    """The members are as published, and nobody is contacted twice for having been two."""
    merge = {"primary_id": "a", "merged_id": "late", "action": "merge", "merged_at": "2026-06-08T12:00:00Z"}
    shop.load("contact_merges", [{"merge_id": "m1", **merge}])
    shop.at("2026-06-10T04:00")
    shop.assign()
    decided = shop.decisions()
    assert decided["a", "flash"] == WON
    assert not [key for key in decided if key[0] == "late"]


def test_a_spell_goes_on_in_the_primary(shop):
    """Who was welcomed before the merge is not welcomed again, for the spell is the same one."""
    shop.sends(("welcomed", "email_sent", "2026-06-08T10:00", "welcome"))
    merge = {"primary_id": "nobody", "merged_id": "welcomed", "action": "merge"}
    shop.load("contact_merges", [{"merge_id": "m1", **merge, "merged_at": "2026-06-09T12:00:00Z"}])
    shop.people(nobody="welcome winback")
    shop.at("2026-06-10T04:00")
    shop.run()
    shop.assign()
    assert shop.decisions()["nobody", "welcome"] == ("spent", None, None)


def test_a_spell_expires_and_a_new_one_does_not(shop):
    shop.people(nobody="welcome")
    shop.at("2026-06-11T04:00")
    shop.run()
    shop.at("2026-06-13T04:00")
    shop.run()
    shop.assign()
    decided = shop.decisions(dt.date(2026, 6, 13))
    assert decided["welcomed", "welcome"] == ("expired", None, None)
    assert decided["nobody", "welcome"] == WON


def test_who_left_and_came_back_has_a_new_spell(shop):
    shop.sends(("welcomed", "email_sent", "2026-06-08T10:00", "welcome"))
    for day, wants in (("09", ""), ("10", "welcome")):
        shop.people(welcomed=wants)
        shop.at(f"2026-06-{day}T04:00")
        shop.run()
    shop.assign()
    assert shop.decisions()["welcomed", "welcome"] == WON
