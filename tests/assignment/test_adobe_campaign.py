"""The example that Adobe publishes for its pressure rules, in the words of a policy.

https://experienceleague.adobe.com/en/docs/campaign/automation/campaign-optimization/pressure-rules:
six newsletters of one weight, 30 May to 30 June, and at most three messages in two weeks. Grouped by
calendar month those of 12 and 30 June are excluded, by quarter that of 22 June too, without grouping
only that of 12 June.
"""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.assignment.policy import Policy
from segmentation_pipeline.assignment.reasons import Reason
from segmentation_pipeline.rules.delivery import Delivery

DATES = [dt.date(2026, 5, 30), *(dt.date(2026, 6, day) for day in (3, 8, 12, 22, 30))]


@pytest.mark.parametrize(
    ("rule", "excluded"),
    [
        ({"max": 3, "days": 14, "extend_to": "month"}, [12, 30]),
        ({"max": 3, "days": 14, "extend_to": "quarter"}, [12, 22, 30]),
        ({"max": 3, "days": 14}, [12]),
    ],
)
@pytest.mark.parametrize("length", [14, 15])
def test_six_newsletters(case, decided, rule, excluded, length):
    """Adobe's period of `15d` looks back two weeks from the day itself, as our 15 days do."""
    newsletters = {
        f"newsletter_{number}": Delivery(channel="email", starts=day, ends=day)
        for number, day in enumerate(DATES, 1)
    }
    days = [DATES[0] + dt.timedelta(days=number) for number in range(32)]
    rows = decided(
        case(
            policy=Policy(id="pressure", rules=[rule | {"days": length}]),
            deliveries=newsletters,
            contacts=[7],
            days=days,
            members={(day, 7, name) for day in days for name in newsletters},
        )
    )
    assert [day for day, _, _ in rows] == DATES
    assert [day.day for (day, _, _), (reason, _, _) in rows.items() if reason is Reason.CAP] == excluded
    assert {reason for reason, _, _ in rows.values()} == {Reason.WON, Reason.CAP}
