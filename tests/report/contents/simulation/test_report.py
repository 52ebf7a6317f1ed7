"""The report of a simulation: its sentences, its figures, and what it does without a part of them."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from segmentation_pipeline.report.contents.simulation.messages import fullest, reached
from segmentation_pipeline.report.contents.simulation.outcome import LOST, WHY, outcome_of
from segmentation_pipeline.report.contents.simulation.report import simulation_report
from segmentation_pipeline.report.contents.simulation.summary import sentences
from segmentation_pipeline.report.model import Chart, Figures
from segmentation_pipeline.report.renderings.html import html
from segmentation_pipeline.report.renderings.markdown import markdown
from segmentation_pipeline.simulation import tables


def figures(report, title: str) -> list[Figures]:
    (section,) = [section for section in report.sections if section.title == title]
    return [part for part in section.parts if isinstance(part, Figures)]


def titles(report) -> list[str]:
    return [section.title for section in report.sections]


@pytest.fixture
def alone(week):
    """The baseline without the other side."""
    kept = {
        name: rows.filter(pl.col("variant") == "baseline") if "variant" in rows.columns else rows
        for name, rows in week.items()
    }
    return {**kept, tables.SWITCHES.name: week[tables.SWITCHES.name].clear()}


def test_every_reason_has_words():
    assert set(WHY) == set(tables.REASONS)
    assert set(LOST) == set(tables.CLAIMS) - {"won"}


def test_the_first_paragraph_says_the_result(week):
    said = sentences(outcome_of(week))
    assert said[:2] == (
        "Under A 11 messages reach 5 customers in 7 days; under B 8 messages reach 4 customers in 7 days.",
        "Under both nobody gets more than 3 messages within 7 days.",
    )
    assert said[2].startswith(
        "Under A 31 of 42 claims are lost: 9 too soon after the same segment's last message, "
    )
    assert "`winback` never reaches 1 of the 2 customers it wants, mostly because `welcome` holds" in said[3]
    assert said[4:] == (
        "3 messages are sent under A only.",
        "This must not be, and is: won of promo less than 2.",
        "Today's values stand in for the past of `promo`.",
    )


def test_one_side_has_no_letters(alone):
    report = simulation_report(alone)
    assert "A against B" not in titles(report)
    said = sentences(outcome_of(alone))
    assert said[0] == "11 messages reach 5 customers in 7 days."
    assert not [line for line in said if "nder A" in line]


def test_what_never_wins_is_named_with_who_holds_it_back(week):
    starved = week[tables.STARVATION.name].with_columns(
        pl.when(pl.col("segment_id") == "winback")
        .then(pl.lit("never_won"))
        .otherwise("status")
        .alias("status")
    )
    said = sentences(outcome_of({**week, tables.STARVATION.name: starved}))
    assert "Under both `winback` never wins because `welcome` holds its group." in said


def test_segments_add_up_to_their_claims(week):
    first, second, *_ = figures(simulation_report(week), "Who was kept back, and by what")
    names = [column.name for column in first.columns]
    for table, won in ((first, 11), (second, 8)):
        rows = [dict(zip(names, row, strict=True)) for row in table.rows]
        assert sum(row["won"] for row in rows) == won
        for row in rows:
            shown = [name for name in tables.CLAIMS if name in names]
            assert row["claims"] == sum(row[name] for name in shown)


def test_who_stood_in_the_way(week):
    blockers = figures(simulation_report(week), "Who was kept back, and by what")[2]
    assert blockers.rows[0] == ("winback", "welcome", WHY["group_loser"], 7)
    assert ("promo", "winback", f"{WHY['cap']} (rule 2)", 3) in blockers.rows


def test_messages_by_channel(week):
    (table,) = figures(simulation_report(week), "Messages a day")
    assert [row[:3] for row in table.rows] == [
        ("A", "email", 6),
        ("A", "sms", 5),
        ("B", "email", 3),
        ("B", "sms", 5),
    ]
    assert table.rows[0][4:6] == (dt.date(2026, 6, 3), 2)


def test_messages_a_customer_count_everybody(week):
    found = outcome_of(week)
    for variant, of_most, got in zip(found.variants, ((0, 0, 3, 2), (0, 2, 1, 2)), (5, 4), strict=True):
        assert tuple(fullest(found, variant, 7).get(most, 0) for most in range(4)) == of_most
        assert reached(variant) == got
    fewer = {
        **week,
        tables.PRESSURE.name: week[tables.PRESSURE.name].filter(pl.col("contacts_in_window") > 1),
    }
    assert fullest(outcome_of(fewer), found.variants[1], 7)[0] == 2


def test_who_wins_instead(week):
    (*_, switches) = figures(simulation_report(week), "A against B")
    assert switches.rows == (
        ("promo", "nobody", 2),
        ("winback", "nobody", 1),
        ("the same segment on both sides", None, 8),
    )


def test_a_few_customers_are_shown_day_by_day(week):
    first, second, *_ = figures(simulation_report(week), "Some customers, day by day")
    assert (first.caption, second.caption) == ("A: c1", "B: c1")
    assert [row[0] for row in first.rows] == ["welcome", "winback", "promo"]
    assert first.rows[2][1:] == (
        "outranked: welcome",
        "cooldown: welcome",
        "won",
        "gap",
        "gap",
        "cap",
        "quiet",
    )
    hidden = figures(simulation_report(week, named=False), "Some customers, day by day")
    assert hidden[0].caption == "A: customer 1"
    assert hidden[0].rows == first.rows


def test_what_must_not_be_has_its_figure(week):
    (table,) = figures(simulation_report(week), "What must not be")
    assert [row[:3] for row in table.rows] == [
        ("never_won_segments greater than 0", 0, "ok"),
        ("won of promo less than 2", 1, "fails"),
    ]


def test_it_says_what_of_today_stood_in_for_the_past(week):
    (*_, known) = figures(simulation_report(week), "What it was made of")
    assert known.rows == (
        ("plan", "as the history has it"),
        ("promo", "today's value stands in for the past"),
    )


def test_of_many_fields_without_a_past_the_number_is_said(week):
    basis = [{"name": f"field_{n}", "basis": "current" if n else "history"} for n in range(9)]
    known = pl.Series("attribute_basis", [basis] * 2, dtype=tables.RUNS.schema["attribute_basis"])
    runs = week[tables.RUNS.name].with_columns(known)
    said = sentences(outcome_of({**week, tables.RUNS.name: runs}))
    assert said[-1] == (
        "Today's values stand in for the past of 8 of the 9 fields and tables that the rules read."
    )


def test_a_run_without_rows_is_still_a_report(week):
    nothing = {name: rows.clear() for name, rows in week.items()}
    report = simulation_report({**nothing, tables.RUNS.name: week[tables.RUNS.name]})
    assert titles(report) == ["In short", "What must not be", "What it was made of"]
    assert markdown(report)


def test_charts_are_as_long_as_their_days(week):
    for section in simulation_report(week).sections:
        for part in section.parts:
            if isinstance(part, Chart):
                assert {len(series.values) for series in part.series} == {len(part.x)}


def test_the_page_is_one_file_and_the_same_twice(week):
    page = html(simulation_report(week))
    assert page == html(simulation_report(week))
    assert "<code>winback</code> never reaches" in page
    assert "://" not in page.replace("http://www.w3.org/", "")
