"""The worked example of the assignment: five customers, four segments, a week, cell by cell."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from pathlib import Path

import pytest

from segmentation_pipeline.assignment.contenders import Source
from segmentation_pipeline.assignment.policy import Policy
from segmentation_pipeline.rules.delivery import Delivery

MONDAY = dt.date(2026, 6, 1)
WEEK = [MONDAY + dt.timedelta(days=number) for number in range(7)]
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
MEMBERS = {
    (0, "promo"): range(7),
    (0, "sms_flash"): range(4),
    (1, "welcome"): range(7),
    (1, "winback"): range(7),
    (1, "promo"): range(7),
    (2, "promo"): range(7),
    (2, "sms_flash"): range(7),
    (3, "winback"): (2, 3, 5, 6),
    (4, "promo"): range(7),
}
A = """\
0 sms_flash  won          gap                won                gap                .    .    .
0 promo      outranked<sms_flash cooldown<sms_flash outranked<sms_flash cooldown<sms_flash won gap<promo quiet
1 welcome    won          spent              spent              spent              spent spent spent
1 winback    group_loser<welcome group_loser<welcome group_loser<welcome group_loser<welcome group_loser<welcome group_loser<welcome group_loser<welcome
1 promo      outranked<welcome cooldown<welcome won gap<promo gap<promo cap<promo quiet
2 sms_flash  won          gap                won                gap                won  gap  quiet
2 promo      suppressed   suppressed suppressed suppressed suppressed suppressed suppressed
3 winback    .            .                  won                spent              .    won  spent
4 promo      cooldown<winback cap<winback cap<winback cap<winback won gap<promo quiet
"""  # noqa: E501 — a row a line
B_CHANGES = {
    "1 promo": "outranked<welcome cooldown<welcome cap<welcome cap<welcome cap<welcome cap<welcome quiet",
    "3 winback": ". . won spent . cap<winback quiet",
    "4 promo": "cooldown<winback cap<winback cap<winback cap<winback cap<winback cap<winback quiet",
}
TOTALS_A = {
    ("welcome", "won"): 1,
    ("sms_flash", "won"): 5,
    ("winback", "won"): 2,
    ("promo", "won"): 3,
    ("winback", "group_loser"): 7,
    ("promo", "suppressed"): 7,
    ("promo", "outranked"): 3,
    ("promo", "cooldown"): 4,
    ("promo", "cap"): 4,
    ("promo", "gap"): 4,
    ("promo", "quiet"): 3,
    ("sms_flash", "gap"): 5,
    ("sms_flash", "quiet"): 1,
}
TOTALS_B = {
    **TOTALS_A,
    ("winback", "won"): 1,
    ("promo", "won"): 1,
    ("promo", "cap"): 9,
    ("promo", "gap"): 1,
    ("winback", "cap"): 1,
    ("winback", "quiet"): 1,
}


@pytest.fixture
def week(case, decided):
    def decide(emails: int):
        policy = Policy(
            id="week",
            exclusive_groups=["lifecycle"],
            rules=[{"cooldown_days": 2}, {"max": emails, "days": 7, "channel": "email"}],
            quiet=[{"weekday": "sunday"}],
        )
        members = {(WEEK[day], who, name) for (who, name), days in MEMBERS.items() for day in days}
        return decided(
            case(
                policy=policy,
                deliveries=DELIVERIES,
                contacts=list(range(5)),
                days=WEEK,
                members=members,
                suppressed={row for row in members if row[1] == 2 and DELIVERIES[row[2]].channel == "email"},
                told=[
                    (MONDAY - dt.timedelta(days=3), 4, Source("email", None, "promo")),
                    (MONDAY - dt.timedelta(days=1), 4, Source("email", "lifecycle", "winback")),
                ],
            )
        )

    return decide


def told(rows, who: int, name: str) -> list[str]:
    """The cells of a line: the reason, and the segment that blocked."""
    cells = []
    for day in WEEK:
        reason, blocker, _ = rows.get((day, who, name), (".", None, None))
        own = blocker is None or (reason == "gap" and name == "sms_flash")
        cells.append(str(reason) if own else f"{reason}<{blocker[1]}")
    return cells


def totals(rows) -> Counter:
    return Counter(
        (name, str(reason))
        for (_, _, name), (reason, _, _) in rows.items()
        if reason not in ("spent", "expired")
    )


LINES = {" ".join(line.split()[:2]): line.split()[2:] for line in A.splitlines()}


@pytest.mark.parametrize(("emails", "changes", "expected"), [(2, {}, TOTALS_A), (1, B_CHANGES, TOTALS_B)])
def test_every_cell_and_the_totals(week, emails, changes, expected):
    rows = week(emails)
    cells = {line: told(rows, int(line[0]), line.split()[1]) for line in LINES}
    assert cells == LINES | {line: text.split() for line, text in changes.items()}
    assert totals(rows) == expected
    won = sum(count for (_, reason), count in expected.items() if reason == "won")
    assert won == {2: 11, 1: 8}[emails]


def test_which_rule_it_was(week):
    rows = week(2)
    assert rows[WEEK[1], 0, "promo"][2] == 0, "the cooldown comes first"
    assert rows[WEEK[5], 1, "promo"][2] == 1
    assert {rule for reason, _, rule in rows.values() if reason not in ("cooldown", "cap")} == {None}


def test_the_page_shows_the_same_week():
    page = (Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| c(\d \w+) \| (.*) \|$", page, re.MULTILINE)
    cells = {line: [cell.partition("<")[0] for cell in row] for line, row in LINES.items()}
    assert {line: row.split(" | ") for line, row in shown} == cells
