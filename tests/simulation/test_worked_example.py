"""The week of the worked example, through the whole pipeline: every decision, and every total."""

from __future__ import annotations

import datetime as dt

import polars as pl

MONDAY = dt.date(2026, 6, 1)
DECISIONS = """
c0 sms_flash  won           gap           won           gap           .           .           .
c0 promo      outranked     cooldown      outranked     cooldown      won         gap         quiet
c1 welcome    won           spent         spent         spent         spent       spent       spent
c1 winback    group_loser   group_loser   group_loser   group_loser   group_loser group_loser group_loser
c1 promo      outranked     cooldown      won           gap           gap         cap         quiet
c2 sms_flash  won           gap           won           gap           won         gap         quiet
c2 promo      suppressed    suppressed    suppressed    suppressed    suppressed  suppressed  suppressed
c3 winback    .             .             won           spent         .           won         spent
c4 promo      cooldown      cap           cap           cap           won         gap         quiet
"""


def sums(run, variant: str) -> dict[str, dict[str, int]]:
    """The totals of every segment, without zeros and flows."""
    rows = run["simulation_segment_days"].filter(variant=variant)
    left_out = ("run_id", "variant", "day", "channel", "entered", "exited", "reentered", "size", "claims")
    counted = rows.drop(left_out).group_by("segment_id").sum()
    return {
        row.pop("segment_id"): {name: count for name, count in row.items() if count}
        for row in counted.to_dicts()
    }


def test_every_decision_is_that_of_the_worked_example(replayed):
    rows = replayed["simulation_decisions"]
    found = {(row["contact_id"], row["segment_id"], row["day"]): row["decision"] for row in rows.to_dicts()}
    expected = {}
    for line in DECISIONS.split("\n")[1:-1]:
        contact, segment, *cells = line.split()
        for day, cell in enumerate(cells):
            if cell != ".":
                expected[contact, segment, MONDAY + dt.timedelta(days=day)] = cell
    assert found == expected


def test_totals_of_policy_a(compared):
    found = sums(compared, "baseline")
    assert found["welcome"] == {"won": 1, "spent": 6}
    assert found["sms_flash"] == {"won": 5, "gap": 5, "quiet": 1}
    assert found["winback"] == {"won": 2, "group_loser": 7, "spent": 2}
    assert found["promo"] == {
        "won": 3,
        "suppressed": 7,
        "outranked": 3,
        "cooldown": 4,
        "cap": 4,
        "gap": 4,
        "quiet": 3,
    }
    assert compared["simulation_runs"].filter(variant="baseline")["won"].to_list() == [11]


def test_totals_of_policy_b(compared):
    found = sums(compared, "proposed")
    assert {name: counts["won"] for name, counts in found.items()} == {
        "welcome": 1,
        "sms_flash": 5,
        "winback": 1,
        "promo": 1,
    }
    assert (found["promo"]["cap"], found["promo"]["gap"]) == (9, 1)
    assert (found["winback"]["cap"], found["winback"]["quiet"]) == (1, 1)
    assert compared["simulation_runs"].filter(variant="proposed")["won"].to_list() == [8]


def test_figures_side_by_side(compared):
    rows = compared["simulation_diff"].filter(metric="won")
    assert {(row["scope"], row["key"]): row["delta"] for row in rows.to_dicts()} == {
        ("all", None): -3,
        ("channel", "email"): -3,
        ("channel", "sms"): 0,
        ("segment", "welcome"): 0,
        ("segment", "sms_flash"): 0,
        ("segment", "winback"): -1,
        ("segment", "promo"): -2,
    }


def test_who_wins_instead(compared):
    rows = compared["simulation_switches"].drop("run_id").rows()
    assert sorted(rows, key=str) == sorted(
        [
            ("sms_flash", "sms_flash", 5),
            ("promo", "promo", 1),
            ("promo", None, 2),
            ("welcome", "welcome", 1),
            ("winback", "winback", 1),
            ("winback", None, 1),
        ],
        key=str,
    )


def test_who_blocked_whom(replayed):
    rows = replayed["simulation_blocks"]
    found = {
        (row["blocked"], row["blocker"], row["reason"], row["rule"]): row["decisions"]
        for row in rows.to_dicts()
    }
    assert found == {
        ("winback", "welcome", "group_loser", None): 7,
        ("promo", None, "suppressed", None): 7,
        ("promo", None, "quiet", None): 3,
        ("sms_flash", None, "quiet", None): 1,
        ("promo", "promo", "gap", None): 4,
        ("sms_flash", "sms_flash", "gap", None): 5,
        ("promo", "sms_flash", "outranked", None): 2,
        ("promo", "welcome", "outranked", None): 1,
        ("promo", "sms_flash", "cooldown", 0): 2,
        ("promo", "welcome", "cooldown", 0): 1,
        ("promo", "winback", "cooldown", 0): 1,
        ("promo", "winback", "cap", 1): 3,
        ("promo", "promo", "cap", 1): 1,
    }


def test_sizes_follow_from_who_comes_and_goes(replayed):
    rows = replayed["simulation_segment_days"].filter(segment_id="winback").sort("day")
    assert rows["size"].to_list() == [1, 1, 2, 2, 1, 2, 2]
    assert rows["entered"].to_list() == [1, 0, 1, 0, 0, 1, 0]
    assert rows["exited"].to_list() == [0, 0, 0, 0, 1, 0, 0]
    assert rows["reentered"].to_list() == [0, 0, 0, 0, 0, 1, 0]


def test_pressure_reaches_back_into_the_real_history(replayed):
    rows = replayed["simulation_pressure"]
    email = rows.filter(window_days=7, channel="email").select("contacts_in_window", "contacts", "windows")
    # c2 none, c0 and two others as many as won; c4 had two e-mails in the week before.
    assert email["contacts"].sum() == 5
    assert email["windows"].sum() == 5 * 7
    every = rows.filter(pl.col("window_days") == 7, pl.col("channel").is_null())
    fullest = {row["contacts_in_window"]: row["contacts"] for row in every.to_dicts() if row["contacts"]}
    assert fullest == {2: 3, 3: 2}


def test_starvation(replayed):
    rows = {row["segment_id"]: row for row in replayed["simulation_starvation"].to_dicts()}
    assert {name: row["status"] for name, row in rows.items()} == dict.fromkeys(rows, "ok")
    winback = rows["winback"]
    assert (winback["contacts_wanting"], winback["contacts_won"], winback["contacts_never_won"]) == (2, 1, 1)
    assert winback["held_back_by"] == "group_loser"
    assert winback["first_win_day"] == dt.date(2026, 6, 3)


def test_messages_by_channel(replayed):
    rows = replayed["simulation_channel_days"].sort("channel", "day")
    assert rows.filter(channel="sms")["messages"].to_list() == [2, 0, 2, 0, 1, 0, 0]
    assert rows.filter(channel="email")["messages"].to_list() == [1, 0, 2, 0, 2, 1, 0]
    assert rows["capacity"].null_count() == rows.height
