"""The arbiter of the benchmark, written down contact by contact, on the week of the design."""

from __future__ import annotations

import datetime as dt

from benchmarks.naive.arbiter import Book, Customer, Made, decide
from segmentation_pipeline.assignment.policy import Policy
from segmentation_pipeline.rules.delivery import Delivery

MONDAY = dt.date(2026, 6, 1)
WEEK = [MONDAY + dt.timedelta(days=days) for days in range(7)]
DELIVERIES = {
    "welcome": Delivery(
        channel="email",
        priority=90,
        exclusivity_group="lifecycle",
        repeat="once_per_entry",
        expires_after_days=3,
    ),
    "sms_flash": Delivery(channel="sms", priority=60, repeat={"every_days": 2}),
    "winback": Delivery(channel="email", priority=50, exclusivity_group="lifecycle", repeat="once_per_entry"),
    "promo": Delivery(channel="email", priority=20, repeat={"every_days": 3}),
}


def policy(emails: int, **more: object) -> Policy:
    return Policy.model_validate(
        {
            "policy": "week",
            "exclusive_groups": ["lifecycle"],
            "rules": [{"cooldown_days": 2}, {"max": emails, "days": 7, "channel": "email"}],
            "quiet": [{"weekday": "sunday"}],
            **more,
        }
    )


def week(policy, members, *, made=(), suppressed=(), refused=lambda *_: False):
    """Return a line a segment: what became of it on each day, `.` where it is no member."""
    by_day = {
        day: frozenset(name for name, days in members.items() if number in days)
        for number, day in enumerate(WEEK)
    }
    customer = Customer(7, by_day, dict.fromkeys(WEEK, frozenset(suppressed)), list(made))
    lines = {name: ["."] * 7 for name in members}
    for day, name, decided in decide(Book(policy, DELIVERIES, refused), customer, MONDAY, MONDAY, WEEK[-1]):
        lines[name][WEEK.index(day)] = decided.reason
    return {name: " ".join(line) for name, line in lines.items()}


ALL = range(7)


def test_the_week_of_the_design():
    by_two = policy(2)
    assert week(by_two, {"promo": ALL, "sms_flash": range(4)}) == {
        "sms_flash": "won gap won gap . . .",
        "promo": "outranked cooldown outranked cooldown won gap quiet",
    }
    assert week(by_two, {"welcome": ALL, "winback": ALL, "promo": ALL}) == {
        "welcome": "won spent spent spent spent spent spent",
        "winback": " ".join(["group_loser"] * 7),
        "promo": "outranked cooldown won gap gap cap quiet",
    }
    assert week(by_two, {"promo": ALL, "sms_flash": ALL}, suppressed=["promo"]) == {
        "sms_flash": "won gap won gap won gap quiet",
        "promo": " ".join(["suppressed"] * 7),
    }
    assert week(by_two, {"winback": (2, 3, 5, 6)}) == {"winback": ". . won spent . won spent"}
    before = [
        Made(MONDAY - dt.timedelta(days=3), "email", "promo"),
        Made(MONDAY - dt.timedelta(days=1), "email", "winback"),
    ]
    assert week(by_two, {"promo": ALL}, made=before) == {"promo": "cooldown cap cap cap won gap quiet"}
    assert week(policy(1), {"winback": (2, 3, 5, 6)}) == {"winback": ". . won spent . cap quiet"}


def test_who_finds_no_room_takes_the_next_claim():
    found = week(
        policy(2), {"promo": [0], "sms_flash": [0]}, refused=lambda _day, _who, name: name == "sms_flash"
    )
    assert found == {"sms_flash": "capacity . . . . . .", "promo": "won . . . . . ."}


def test_a_second_contact_of_the_day_is_outranked_where_the_first_closes_it():
    two = policy(2, max_contacts_per_day=2)
    assert week(two, {"promo": [0], "sms_flash": [0]})["promo"] == "outranked . . . . . ."
    free = policy(2, max_contacts_per_day=2, rules=[])
    assert week(free, {"promo": [0], "sms_flash": [0]})["promo"] == "won . . . . . ."


def test_among_claims_the_spent_holder_lets_the_next_one_through():
    by_claim = policy(2, exclusive="claim")
    found = week(by_claim, {"welcome": ALL, "winback": ALL})
    assert found["winback"] == "group_loser cooldown won spent spent spent spent"


def test_holdouts_are_drawn_by_the_written_down_hash():
    everybody = policy(2, holdout={"percent": 100, "salt": "x"})
    assert week(everybody, {"promo": [0]})["promo"].startswith("holdout")
