"""Forecasts are the mean of the same weekday; fail_if and proofs in whole runs."""

from __future__ import annotations

import datetime as dt

import polars as pl

from segmentation_pipeline.simulation.forecast import forecast_rows


def channel_days(messages: list[int], displaced: list[int], capacity: int | None) -> pl.DataFrame:
    start = dt.date(2026, 6, 1)
    return pl.DataFrame(
        {
            "variant": "baseline",
            "day": [start + dt.timedelta(days=number) for number in range(len(messages))],
            "channel": "email",
            "messages": messages,
            "displaced": displaced,
            "capacity": pl.Series([capacity] * len(messages), dtype=pl.Int64),
        }
    )


def test_a_day_to_come_is_the_mean_of_its_weekday():
    rows = forecast_rows(channel_days([*range(7), *range(10, 17)], [0] * 14, None), 8)
    assert rows["day"].to_list() == [dt.date(2026, 6, 15) + dt.timedelta(days=number) for number in range(8)]
    assert rows["expected"].to_list() == [5, 6, 7, 8, 9, 10, 11, 5]
    assert rows["low"].to_list() == [0, 1, 2, 3, 4, 5, 6, 0]
    assert rows["high"].to_list() == [10, 11, 12, 13, 14, 15, 16, 10]
    assert rows["observed_days"].unique().to_list() == [2]
    assert rows["method"].unique().to_list() == ["same_weekday_mean"]
    assert not rows["breaches"].any()


def test_a_weekday_that_was_not_replayed_is_like_all_days():
    rows = forecast_rows(channel_days([3, 5], [0, 0], None), 7)
    assert rows["method"].to_list() == ["mean_of_all_days"] * 5 + ["same_weekday_mean"] * 2
    assert rows["expected"].to_list() == [4] * 5 + [3, 5]


def test_a_capacity_is_breached_by_what_is_wanted_not_by_what_is_sent():
    rows = forecast_rows(channel_days([5] * 7, [0, 1] + [0] * 5, 5), 7)
    assert rows["demand"].to_list() == [5, 6, 5, 5, 5, 5, 5]
    assert rows["breaches"].to_list() == [False, True, False, False, False, False, False]


def test_a_forecast_is_recorded_and_may_fail(week):
    week.simulation(
        "ahead",
        "mode: forecast\ndays: 7\nhorizon: 3\nfail_if:\n"
        "  - {metric: max_contacts_in_7_days, operator: greater_than, value: 2}\n"
        "  - {metric: won, operator: greater_than, value: 11}\n"
        "  - {metric: won, operator: equals, value: 5, channel: sms}",
    )
    run = week.simulate("ahead")
    assert run.failed == ("max_contacts_in_7_days greater than 2", "won of sms equals 5")
    rows = run["simulation_forecast"].filter(channel="sms")
    assert rows["expected"].to_list() == [2, 0, 2]


def test_who_never_wins_by_proof_is_told_from_who_only_does_not(week):
    same = (
        "where: {event: wanted_by, where: {field: by, operator: equals, value: winback}, within: last 1 day}"
    )
    week.segment("under", "{channel: email, priority: 1, exclusivity_group: lifecycle}", same)
    week.segment("late", "{channel: sms, priority: 1}", "type: static\nmembers: [c2]")
    week.write(
        "policies/strict.yaml",
        "policy: strict\nexclusive_groups: [lifecycle]\nrules: [{cooldown_days: 60}]\n",
    )
    week.simulation("strict", "mode: replay\ndays: 7\nbaseline: {policy: strict}")
    rows = {row["segment_id"]: row for row in week.simulate("strict")["simulation_starvation"].to_dicts()}
    assert (rows["under"]["status"], rows["under"]["culprits"]) == ("shadowed_by_proof", ["winback"])
    assert (rows["late"]["status"], rows["late"]["culprits"]) == ("never_won", [])


def test_a_segment_that_rests_is_inactive_and_claims_nothing(week):
    week.segment("promo", "{channel: email, starts: 2026-06-03, ends: 2026-06-05}")
    rows = week.simulate("replayed")["simulation_segment_days"].filter(segment_id="promo").sort("day")
    assert rows["inactive"].to_list() == [4, 4, 0, 0, 0, 4, 4]
    assert rows["claims"].to_list() == [0, 0, 4, 4, 4, 0, 0]


def test_definitions_of_two_folders_are_compared(week):
    elsewhere = week.copy(week.root / "next")
    elsewhere.segment("promo", "{channel: email, priority: 95, repeat: {every_days: 3}}")
    week.simulation("ranked", "mode: compare\ndays: 7\nproposed: {definitions: 'folder:next'}")
    run = week.simulate("ranked")
    baseline, proposed = run["simulation_runs"].sort("variant").to_dicts()
    assert baseline["definitions_hash"] != proposed["definitions_hash"]
    won = run["simulation_diff"].filter(metric="won", key="promo")
    assert won["proposed"][0] > won["baseline"][0] == 3
    assert set(run["simulation_switches"]["winner_proposed"].drop_nulls()) >= {"promo", "sms_flash"}
    again = week.repeat(run.run)
    assert again["simulation_runs"]["result_hash"].equals(run["simulation_runs"]["result_hash"])


def test_today_under_another_policy(week):
    week.simulation("today", "mode: what_if\nproposed: {policy: capped}\nbreakdowns: [country]")
    run = week.simulate("today", as_of=dt.datetime(2026, 6, 5, 15, tzinfo=dt.UTC))
    assert run["simulation_runs"]["from_day"].unique().to_list() == [dt.date(2026, 6, 5)]
    assert run["simulation_pressure"].is_empty()
    assert run["what_if_segments"].is_empty()
