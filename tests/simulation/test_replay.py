"""What a replay counts, against its own full trace; parts against the whole; samples and capacities."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter

import polars as pl
import pytest

from segmentation_pipeline.simulation.replay import walk
from segmentation_pipeline.simulation.tables import REASONS

pytestmark = pytest.mark.integration

MONDAY = dt.date(2026, 6, 1)
PEOPLE = 150
CROWDED = """
policy: crowded
max_contacts_per_day: 2
exclusive_groups: [lifecycle]
exclusive: claim
rules: [{max: 3, days: 4}, {max: 2, days: 5, channel: email}]
holdout: {percent: 10, salt: crowd}
"""


@pytest.fixture(scope="module")
def crowd(worked_example, tmp_path_factory):
    """150 contacts who come and go at random, with mails in the weeks before; every contact is traced."""
    made = worked_example.copy(tmp_path_factory.mktemp("crowd"))
    made.rows.clear()
    made.write("policies/crowded.yaml", CROWDED)
    made.write(
        "policies/narrow.yaml", CROWDED.replace("crowded", "narrow") + "capacity: {email: 4, sms: 2}\n"
    )
    rest = "days: 7\nsamples: 200\nbaseline: {policy: crowded}\n"
    made.simulation("crowd", f"mode: replay\n{rest}")
    made.simulation("narrow", f"mode: compare\n{rest}proposed: {{policy: narrow}}")
    made.simulation("sampled", f"mode: replay\n{rest}sample_percent: 40".replace("crowded", "narrow"))
    made.contacts(*(f"p{number}" for number in range(PEOPLE)))
    lots = random.Random(6)
    segments = ("welcome", "sms_flash", "winback", "promo")
    for number in range(PEOPLE):
        for segment in segments:
            if lots.random() < 0.6:
                start = lots.randint(-4, 5)
                for day in range(start, min(7, start + lots.randint(1, 8))):
                    if lots.random() < 0.85:
                        made.event(f"p{number}", day, by=segment)
        for _ in range(lots.randint(0, 3)):
            named = lots.choice([*segments, None])
            made.event(f"p{number}", -lots.randint(1, 35), "email_sent", segment_id=named)
    made.arrive()
    return made


@pytest.fixture(scope="module")
def narrow(crowd):
    return crowd.simulate("narrow")


def test_counts_are_those_of_the_trace(narrow):
    keys = ("variant", "day", "segment_id")
    traced = narrow["simulation_decisions"]
    counted = Counter(traced.select(*keys, "decision").iter_rows())
    for row in narrow["simulation_segment_days"].to_dicts():
        for reason in REASONS:
            assert row[reason] == counted[row["variant"], row["day"], row["segment_id"], reason]
    assert {reason for *_, reason in counted} >= {*REASONS} - {"quiet", "suppressed", "cooldown"}


def test_blocks_are_those_of_the_trace(narrow):
    rows = narrow["simulation_decisions"].filter(~pl.col("decision").is_in(["won", "spent", "expired"]))
    traced = Counter(rows.select("variant", "segment_id", "blocked_by", "decision", "rule").iter_rows())
    counted = {row[:-1]: row[-1] for row in narrow["simulation_blocks"].drop("run_id").iter_rows()}
    assert counted == traced


def test_pressure_is_that_of_the_trace_and_the_history(crowd, narrow):
    sent = [row for row in crowd.rows if row["activity_type"] == "email_sent"]
    before = [(row["contact_id"], (row["occurred_at"].date() - MONDAY).days, "email") for row in sent]
    won = narrow["simulation_decisions"].filter(decision="won", variant="proposed")
    made = [
        (row["contact_id"], (row["day"] - MONDAY).days, row["channel"]) for row in won.to_dicts()
    ] + before
    for window in (1, 7, 30):
        for channel in (None, "email", "sms"):
            mine = [(key, day) for key, day, through in made if channel in (None, through)]
            windows = {
                (f"p{number}", end): sum(
                    key == f"p{number}" and end - window < day <= end for key, day in mine
                )
                for number in range(PEOPLE)
                for end in range(7)
            }
            fullest = Counter(max(windows[f"p{number}", end] for end in range(7)) for number in range(PEOPLE))
            rows = narrow["simulation_pressure"].filter(
                pl.col("variant") == "proposed",
                pl.col("window_days") == window,
                pl.col("channel").eq_missing(pl.lit(channel)),
            )
            expected = {many: (fullest[many], count) for many, count in Counter(windows.values()).items()}
            found = {row["contacts_in_window"]: (row["contacts"], row["windows"]) for row in rows.to_dicts()}
            assert found == expected


def test_starvation_is_that_of_the_trace(narrow):
    traced = narrow["simulation_decisions"].filter(~pl.col("decision").is_in(["spent", "expired"]))
    for row in narrow["simulation_starvation"].to_dicts():
        mine = traced.filter(variant=row["variant"], segment_id=row["segment_id"])
        wanted = set(mine["contact_id"])
        won = set(mine.filter(decision="won")["contact_id"])
        assert row["contacts_wanting"] == len(wanted)
        assert row["contacts_won"] == len(won)
        assert row["contacts_never_won"] == len(wanted - won)


def test_switches_are_those_of_the_trace(narrow):
    winners: dict[tuple, dict] = {}
    for row in narrow["simulation_decisions"].filter(decision="won").sort("rank").to_dicts():
        winners.setdefault((row["contact_id"], row["day"]), {}).setdefault(row["variant"], []).append(
            row["segment_id"]
        )
    expected: Counter = Counter()
    for sides in winners.values():
        before, after = sides.get("baseline", []), sides.get("proposed", [])
        for turn in range(max(len(before), len(after))):
            pair = (
                before[turn] if turn < len(before) else None,
                after[turn] if turn < len(after) else None,
            )
            expected[pair] += 1
    rows = narrow["simulation_switches"].drop("run_id").rows()
    assert {row[:2]: row[2] for row in rows} == expected


def test_parts_give_what_the_whole_gives(crowd, monkeypatch):
    whole = crowd.simulate("crowd")
    monkeypatch.setattr(walk, "PART", 60)
    parts = crowd.simulate("crowd")
    assert whole["simulation_runs"]["result_hash"].equals(parts["simulation_runs"]["result_hash"])


def test_capacities_hold_and_displace(narrow):
    rows = narrow["simulation_channel_days"].filter(variant="proposed")
    assert rows["capacity"].unique().sort().to_list() == [2, 4]
    assert (rows["messages"] <= rows["capacity"]).all()
    assert rows.filter(pl.col("displaced") > 0)["utilisation"].unique().to_list() == [1.0]
    breaches = narrow["simulation_diff"].filter(metric="capacity_breach_days", scope="all")
    days = rows.filter(pl.col("displaced") > 0)["day"].n_unique()
    assert breaches.select("baseline", "proposed").row(0) == (0, days)


def test_a_sample_is_the_same_contacts_with_smaller_capacities(crowd):
    run = crowd.simulate("sampled")
    again = crowd.simulate("sampled")
    contacts = run["simulation_runs"]["contacts"][0]
    assert 0.25 * PEOPLE < contacts < 0.55 * PEOPLE
    assert run["simulation_runs"]["result_hash"].equals(again["simulation_runs"]["result_hash"])
    assert run["simulation_channel_days"]["capacity"].unique().sort().to_list() == [1, 2]
    assert (
        run["simulation_pressure"]
        .filter(pl.col("window_days") == 1, pl.col("channel").is_null())["contacts"]
        .sum()
        == contacts
    )


def test_more_segments_than_a_word_has_bits(week):
    """Seventy copies of one segment: the best-ranked wins, whatever word its bit stands in."""
    same = "where: {event: wanted_by, where: {field: by, operator: equals, value: promo}, within: last 1 day}"
    for number in range(70):
        week.segment(f"copy_{number:02}", f"{{channel: push, priority: {number - 80}}}", same)
    week.write(
        "policies/open.yaml", "policy: open\nmax_contacts_per_day: 100\nsuppression: {email: [no_mail]}\n"
    )
    week.simulation("many", "mode: replay\ndays: 7\nbaseline: {policy: open}")
    rows = week.simulate("many")["simulation_segment_days"]
    copies = rows.filter(channel="push").group_by("segment_id").agg(pl.col("won", "size").sum())
    assert copies.height == 70
    assert copies["won"].unique().to_list() == copies["size"].unique().to_list() == [28]
    assert rows.filter(segment_id="promo")["suppressed"].sum() == 7
