"""What must hold of the arbiter in small, each case decided both ways; then what only it can show."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from segmentation_pipeline.assignment.arbiter import Arbiter
from segmentation_pipeline.assignment.contenders import Contender, Ranking, Source
from segmentation_pipeline.assignment.policy import Policy
from segmentation_pipeline.assignment.reasons import Reason
from segmentation_pipeline.rules.delivery import Delivery

DAY = dt.date(2026, 6, 1)
ONCE = "once_per_entry"
FIRST, SECOND = [1, 6, 7], [0, 3, 7]


def after(days: int) -> dt.date:
    return DAY + dt.timedelta(days=days)


def mail(priority: int = 0, **more) -> Delivery:
    return Delivery(**{"channel": "email", "priority": priority} | more)


@pytest.fixture
def decide(case, decided):
    """Decide some days for contact 1, or as given; ``always`` is in every segment, on every day.

    Returns the cells of contact 1 by segment, each a reason or reason<blocker.
    """

    def told(policy: dict, deliveries: dict[str, Delivery], days: int = 1, members=None, contact=1, **more):
        everyone = more.setdefault("contacts", [1])
        inside = {
            (after(day), who, name)
            for who in everyone
            for name in deliveries
            for day in (range(days) if members is None else members.get(name, ()))
        }
        rows = decided(
            case(
                policy=Policy(id="p", **policy),
                deliveries=deliveries,
                days=[after(day) for day in range(days)],
                members=inside,
                **more,
            )
        )
        cells = {name: ["."] * days for name in deliveries}
        for (day, who, name), (reason, blocker, _) in rows.items():
            if who == contact:
                by = "" if blocker is None or blocker[1] == name else f"<{blocker[1]}"
                cells[name][(day - DAY).days] = f"{reason}{by}"
        return {name: " ".join(line) for name, line in cells.items()}

    return told


def test_nobody_is_in_any_segment(decide):
    assert decide({"rules": [{"cooldown_days": 2}]}, {"a": mail()}, 2, members={}) == {"a": ". ."}


def test_there_is_no_segment(case, decided):
    assert decided(case(Policy(id="p"), {}, [1, 2], [DAY], set())) == {}


def test_there_is_no_contact(case, decided):
    assert decided(case(Policy(id="p"), {"a": mail()}, [], [DAY], set())) == {}


def test_no_rules_is_one_contact_a_day_every_day(decide):
    assert decide({}, {"a": mail(), "b": mail()}, 3) == {
        "a": "won won won",
        "b": "outranked<a outranked<a outranked<a",
    }


def test_of_equal_priorities_the_first_by_name_wins(decide):
    assert decide({}, {"beta": mail(5), "alpha": mail(5), "zeta": mail(9)}) == {
        "zeta": "won",
        "alpha": "outranked<zeta",
        "beta": "outranked<zeta",
    }


def test_a_segment_in_the_scopes_of_two_rules(decide):
    """Its contact counts in both; the first that is full is the reason."""
    rules = [{"max": 1, "days": 2, "channel": "email"}, {"max": 1, "days": 3, "group": "g"}]
    assert decide({"rules": rules}, {"a": mail(exclusivity_group="g")}, 4) == {"a": "won cap cap won"}


def test_all_parts_of_a_scope_must_fit(decide):
    rules = [{"max": 0, "days": 1, "channel": "email", "segment": "b"}]
    deliveries = {"a": mail(), "b": mail(9), "c": mail(8, channel="sms")}
    assert decide({"rules": rules, "max_contacts_per_day": 3}, deliveries) == {
        "a": "won",
        "b": "cap",
        "c": "won",
    }


@pytest.mark.parametrize(
    ("ago", "window", "outcome"), [(1, 1, "won"), (1, 2, "cap<x"), (7, 7, "won"), (6, 7, "cap<x")]
)
def test_a_contact_exactly_as_long_ago_as_the_window_does_not_count(decide, ago, window, outcome):
    told = [(after(-ago), 1, Source("email", None, "x"))]
    assert decide({"rules": [{"max": 1, "days": window}]}, {"a": mail()}, told=told) == {"a": outcome}


def test_contacts_told_of_twice_count_twice(decide):
    told = [(after(-1), 1, Source("email", None, "x"))] * 2
    policy = {"rules": [{"max": 2, "days": 3}]}
    assert decide(policy, {"a": mail()}, 3, told=told) == {"a": "cap<x cap<x won"}
    assert decide(policy, {"a": mail()}, 2, told=told[:1]) == {"a": "won cap"}


def test_a_contact_without_a_segment_counts_and_is_no_named_blocker(decide):
    told = [(after(-1), 1, Source("email"))]
    deliveries = {"a": mail(exclusivity_group="g"), "b": mail(channel="sms")}
    assert decide({"rules": [{"cooldown_days": 2, "channel": "email"}]}, deliveries, told=told) == {
        "a": "cooldown<None",
        "b": "won",
    }
    assert decide({"rules": [{"cooldown_days": 2, "group": "g"}]}, deliveries, told=told)["a"] == "won"


def test_flapping_wins_again_unless_there_is_a_gap(decide):
    members = {"a": [0, 1, 3, 4]}
    assert decide({}, {"a": mail(repeat=ONCE)}, 5, members) == {"a": "won spent . won spent"}
    assert decide({}, {"a": mail(repeat=ONCE, reentry_gap_days=5)}, 5, members) == {
        "a": "won spent . gap gap"
    }


def test_the_larger_of_two_gaps_holds(decide):
    delivery = mail(repeat={"every_days": 2}, reentry_gap_days=3)
    assert decide({}, {"a": delivery}, 5) == {"a": "won gap gap won gap"}


def test_the_holder_of_a_group_keeps_it_though_it_cannot_speak(decide):
    """The customer is in the holder; with `exclusive: claim` only a claim that stands holds the group."""
    deliveries = {
        "a": mail(9, exclusivity_group="g", channel="sms"),
        "b": mail(5, exclusivity_group="g"),
        "c": mail(1, exclusivity_group="g"),
    }
    suppressed = {(DAY, 1, "a")}
    groups = {"exclusive_groups": ["g"]}
    assert decide(groups, deliveries, suppressed=suppressed) == {
        "a": "suppressed",
        "b": "group_loser<a",
        "c": "group_loser<a",
    }
    assert decide(groups | {"exclusive": "claim"}, deliveries, suppressed=suppressed) == {
        "a": "suppressed",
        "b": "won",
        "c": "group_loser<b",
    }


def test_a_claim_holds_its_group_though_it_is_then_outranked_or_without_room(decide):
    deliveries = {"top": mail(9), "a": mail(5, exclusivity_group="g"), "b": mail(1, exclusivity_group="g")}
    policy = {"exclusive_groups": ["g"], "exclusive": "claim"}
    assert decide(policy, deliveries) == {"top": "won", "a": "outranked<top", "b": "group_loser<a"}
    deliveries["a"] = mail(10, exclusivity_group="g", capacity_per_day=0)
    assert decide(policy, deliveries) == {"a": "capacity", "b": "group_loser<a", "top": "won"}


def test_capacity_zero_lets_the_next_claim_through(decide):
    assert decide({"capacity": {"sms": 0}}, {"a": mail(9, channel="sms"), "b": mail()}) == {
        "a": "capacity",
        "b": "won",
    }


def test_everybody_is_held_out(decide):
    holdout = {"percent": 100, "salt": "x"}
    assert decide({"holdout": holdout}, {"a": mail(ignores_caps=True)}) == {"a": "holdout"}


def test_a_segment_that_ends_in_the_middle_of_a_spell(decide):
    assert decide({}, {"a": mail(starts=after(1), ends=after(2))}, 4) == {"a": ". won won ."}
    again = {"a": mail(repeat=ONCE, starts=after(1))}
    assert decide({}, again, 4) == {"a": ". won spent spent"}


def test_a_claim_that_lives_one_day(decide):
    deliveries = {"a": mail(1, expires_after_days=1), "b": mail(9, repeat={"every_days": 2})}
    assert decide({}, deliveries, 4, {"a": [0, 1, 3], "b": [0, 1]}) == {
        "a": "outranked<b expired . won",
        "b": "won gap . .",
    }


def test_a_spell_that_has_won_is_spent_before_it_is_expired(decide):
    assert decide({}, {"a": mail(repeat=ONCE, expires_after_days=1)}, 2) == {"a": "won spent"}


def test_days_are_calendar_days_when_clocks_change(case, decided):
    sunday = dt.date(2026, 10, 25)
    days = [sunday + dt.timedelta(days=number) for number in range(-1, 3)]
    policy = Policy(id="p", time_zone="Europe/Berlin", rules=[{"cooldown_days": 2}])
    rows = decided(case(policy, {"a": mail()}, [1], days, {(day, 1, "a") for day in days}))
    assert [str(rows[day, 1, "a"][0]) for day in days] == ["won", "cooldown", "won", "cooldown"]


def test_a_contact_that_comes_and_one_that_goes(decide):
    policy = {"rules": [{"cooldown_days": 3}]}
    assert decide(policy, {"a": mail()}, 5, {"a": [2, 3, 4]}) == {"a": ". . won cooldown cooldown"}
    assert decide(policy, {"a": mail()}, 5, {"a": [0, 1]}) == {"a": "won cooldown . . ."}


def test_more_segments_than_a_word_has_bits(decide):
    deliveries = {f"s{number:03}": mail(-number, exclusivity_group="g") for number in range(130)}
    cells = decide(
        {"max_contacts_per_day": 2, "rules": [{"max": 0, "days": 1, "segment": "s000"}]}, deliveries
    )
    assert [cells["s000"], cells["s001"], cells["s002"]] == ["cap", "won", "won"]
    assert {cells[f"s{number:03}"] for number in range(3, 130)} == {"outranked<s002"}
    cells = decide({"exclusive_groups": ["g"]}, deliveries, 2, {"s070": [0, 1], "s129": [0, 1]})
    assert cells["s129"] == "group_loser<s070 group_loser<s070"


def test_two_contacts_a_day_with_a_cooldown_are_one(decide):
    deliveries = {"a": mail(9), "b": mail(5), "c": mail(1, ignores_caps=True)}
    policy = {"max_contacts_per_day": 2, "rules": [{"cooldown_days": 1}]}
    assert decide(policy, deliveries) == {"a": "won", "b": "outranked<a", "c": "won"}
    assert decide(policy, {**deliveries, "d": mail(0, ignores_caps=True)})["d"] == "outranked<c"


def test_two_contacts_a_day_on_two_channels(decide):
    deliveries = {"a": mail(9), "b": mail(5), "c": mail(1, channel="sms")}
    policy = {"max_contacts_per_day": 2, "rules": [{"max": 1, "days": 1, "channel": "email"}]}
    assert decide(policy, deliveries, 2) == {
        "a": "won won",
        "b": "outranked<a outranked<a",
        "c": "won won",
    }


def test_what_does_not_count_blocks_nobody_and_what_ignores_is_not_blocked(decide):
    deliveries = {"a": mail(9, counts_toward_caps=False, repeat={"every_days": 2}), "b": mail(1)}
    policy = {"rules": [{"cooldown_days": 3}]}
    assert decide(policy, deliveries, 3)["b"] == "outranked<a won cooldown"
    deliveries["a"] = mail(9, ignores_caps=True, repeat={"every_days": 2})
    assert decide(policy, deliveries, 3) == {
        "a": "won gap won",
        "b": "outranked<a cooldown<a cooldown<a",
    }


def test_ignoring_caps_lifts_nothing_else(decide):
    policy = {"quiet": [{"date": after(1), "channels": ["email"]}], "rules": [{"max": 0, "days": 1}]}
    suppressed = {(after(2), 1, "a")}
    cells = decide(policy, {"a": mail(ignores_caps=True), "b": mail()}, 3, suppressed=suppressed)
    assert cells == {"a": "won quiet suppressed", "b": "cap quiet cap"}


def test_a_quiet_day_of_one_channel(decide):
    policy = {"quiet": [{"weekday": "monday", "channels": ["sms"]}]}
    assert decide(policy, {"a": mail(9, channel="sms"), "b": mail()}) == {"a": "quiet", "b": "won"}


def test_windows_that_begin_with_the_week_as_the_workspace_counts_it(decide):
    """1 June 2026 is a Monday; Wednesday's window of one day reaches back to it, or to Sunday."""
    policy = {"rules": [{"max": 1, "days": 1, "extend_to": "week"}]}
    told = [(after(-1), 1, Source("email", None, "x"))]
    assert decide(policy, {"a": mail()}, 8, told=told)["a"].split() == ["won", *["cap"] * 6, "won"]
    sunday = decide(policy, {"a": mail()}, 8, told=told, week_starts=6)["a"].split()
    assert sunday == [*["cap<x"] * 6, "won", "cap"]


def test_the_blocker_is_the_last_that_counted(decide):
    told = [
        (after(-3), 1, Source("email", None, "old")),
        (after(-2), 1, Source("email", None, "late")),
        (after(-1), 1, Source("sms", None, "other")),
    ]
    policy = {"rules": [{"max": 2, "days": 7, "channel": "email"}]}
    assert decide(policy, {"a": mail()}, told=told) == {"a": "cap<late"}


def test_spells_that_are_under_way(decide):
    deliveries = {"a": mail(9, repeat=ONCE), "b": mail(1, expires_after_days=5)}
    since = {(1, "a"): after(-30), (1, "b"): after(-3)}
    assert decide({}, deliveries, 3, since=since, spent={(1, "a")}) == {
        "a": "spent spent spent",
        "b": "won won expired",
    }
    assert decide({}, deliveries, 3, since=since)["a"] == "won spent spent"


def test_days_that_were_walked_spend_and_age_a_spell(decide):
    told = [(after(-2), 1, Source("email", None, "a"))]
    passed = [after(-3), after(-2), after(-1)]
    members = {"a": range(-3, 2), "b": range(-3, 2)}
    deliveries = {"a": mail(9, repeat=ONCE), "b": mail(1, expires_after_days=4)}
    assert decide({}, deliveries, 2, members, told=told, passed=passed) == {
        "a": "spent spent",
        "b": "won expired",
    }
    members["a"] = [-3, -1, 0, 1]
    assert decide({}, deliveries, 2, members, told=told, passed=passed)["a"] == "won spent"


def test_room_goes_to_those_the_hash_puts_first_on_that_day(case, decided):
    """Contacts 0 to 9 in the order of splitmix64(contact ^ splitmix64(day) ^ number of "capacity")."""
    contacts = list(range(10))
    deliveries = {"a": mail(9, capacity_per_day=3), "b": mail(1)}
    days = [DAY, after(1)]
    rows = decided(
        case(
            Policy(id="p"),
            deliveries,
            contacts,
            days,
            {(day, who, name) for day in days for who in contacts for name in deliveries},
        )
    )
    chosen = [[who for who in contacts if rows[day, who, "a"][0] is Reason.WON] for day in days]
    assert chosen == [FIRST, SECOND]
    assert all(
        rows[DAY, who, "b"][0] is (Reason.OUTRANKED if who in FIRST else Reason.WON) for who in contacts
    )


def test_a_sample_has_its_share_of_the_room(case, decided):
    contacts = list(range(100))
    rows = decided(
        case(
            Policy(id="p", capacity={"email": 40}),
            {"a": mail()},
            contacts,
            [DAY],
            {(DAY, who, "a") for who in contacts},
            share=0.25,
        )
    )
    assert [reason for reason, _, _ in rows.values()].count(Reason.WON) == 10


def test_parts_of_the_contacts_are_decided_as_all_of_them():
    """Where no capacity couples them; what is known of one contact is in its own row alone."""
    draw = np.random.default_rng(3)
    names = [f"s{number}" for number in range(70)]
    ranking = Ranking(tuple(Contender(name, mail(int(draw.integers(9)), repeat=ONCE)) for name in names))
    policy = Policy(id="p", rules=[{"max": 2, "days": 3}], holdout={"percent": 30, "salt": "x"})
    contacts = np.sort(draw.choice(10_000, 200, replace=False))
    days = (
        draw.integers(0, 2**64, (6, ranking.words, 200), dtype=np.uint64)
        & ranking.mask(lambda _: True)[:, None]
    )
    assert not policy.couples_contacts(ranking)
    whole, *parts = (
        Arbiter(policy, ranking, contacts[part]) for part in (slice(None), slice(70), slice(70, None))
    )
    for number, members in enumerate(days):
        done = whole.decide(after(number), members)
        apart = [
            part.decide(after(number), members[:, at])
            for part, at in zip(parts, (slice(70), slice(70, None)), strict=True)
        ]
        for reason in Reason:
            assert (np.hstack([one.masks[reason] for one in apart]) == done.masks[reason]).all()
            assert (sum(one.blocks(reason) for one in apart) == done.blocks(reason)).all()


def test_what_couples_contacts():
    ranking = Ranking((Contender("a", mail()),))
    assert Policy(id="p", capacity={"email": 5}).couples_contacts(ranking)
    assert not Policy(id="p", capacity={"sms": 5}).couples_contacts(ranking)
    assert Policy(id="p").couples_contacts(Ranking((Contender("a", mail(capacity_per_day=5)),)))


def arbiter(*deliveries: str, **policy) -> Arbiter:
    ranking = Ranking(tuple(Contender(name, mail()) for name in deliveries))
    return Arbiter(Policy(id="p", **policy), ranking, np.arange(4))


def everyone(words: int = 1) -> np.ndarray:
    return np.full((words, 4), 1, dtype=np.uint64)


def test_days_only_go_forward():
    walk = arbiter("a")
    walk.decide(DAY, everyone())
    with pytest.raises(ValueError, match="2026-06-01 is not after 2026-06-01"):
        walk.decide(DAY, everyone())
    with pytest.raises(ValueError, match="2026-05-31 is not after"):
        walk.remember(after(-1), np.array([0]), np.array([0]))
    with pytest.raises(ValueError, match="2026-06-01 is not after"):
        walk.pass_day(DAY, None)


def test_what_blocked_is_asked_before_the_next_day():
    walk = arbiter("a", rules=[{"cooldown_days": 2}])
    walk.decide(DAY, everyone())
    monday = walk.decide(after(1), everyone())
    assert monday.blocks(Reason.COOLDOWN).tolist() == [[4, 0]]
    walk.pass_day(after(2), everyone())
    assert monday.counts(Reason.COOLDOWN).tolist() == [4]
    with pytest.raises(ValueError, match="gone on from 2026-06-02"):
        monday.blocks(Reason.COOLDOWN)


def test_some_contacts_may_be_asked_for():
    pairs = arbiter("a").decide(DAY, everyone()).pairs(Reason.WON, np.array([1, 3]))
    assert pairs.positions.tolist() == [1, 3]
