"""Which campaign a conversion is credited to."""

from __future__ import annotations

from decimal import Decimal

import pytest


@pytest.fixture
def bought(shop):
    """a was touched by campaigns x, y and x again, and then bought for 10.00."""
    shop.segment("everyone", "where: {everyone: true}")
    shop.event("a", "email_opened", "2026-06-01T08:00", campaign_id="x", message_id="1")
    shop.event("a", "email_clicked", "2026-06-02T08:00", campaign_id="y", message_id="2")
    shop.event("a", "email_opened", "2026-06-03T08:00", campaign_id="x", message_id="3")
    shop.event("a", "purchase", "2026-06-03T09:00", revenue=Decimal("10.00"))
    return shop


def credit(shop, model: str) -> dict[str | None, tuple[Decimal, Decimal]]:
    shop.arrive()
    shop.run("2026-06-01T00:00")
    shop.run("2026-06-05T00:00")
    shop.update()
    rows = shop.rows("campaign_attribution", "campaign_id", "conversions", "revenue", model=model)
    found: dict[str | None, tuple[Decimal, Decimal]] = {}
    for name, conversions, revenue in rows:
        before = found.get(name, (Decimal(0), Decimal(0)))
        found[name] = (before[0] + conversions, before[1] + revenue)
    return found


def test_first_and_last_touch_take_all(bought):
    assert credit(bought, "first") == {"x": (1, 10)}
    assert credit(bought, "last") == {"x": (1, 10)}


def test_linear_touches_share_and_their_parts_sum_up(bought):
    found = credit(bought, "linear")
    assert found == {
        "x": (Decimal("0.666667"), Decimal("6.6667")),
        "y": (Decimal("0.333333"), Decimal("3.3333")),
    }
    assert sum(revenue for _, revenue in found.values()) == 10


def test_a_touch_after_the_conversion_or_too_long_before_is_none(bought):
    bought.event("b", "email_opened", "2026-05-04T09:00", campaign_id="x")
    bought.event("b", "email_opened", "2026-06-03T09:01", campaign_id="y")
    bought.event("b", "purchase", "2026-06-03T09:00", revenue=Decimal(5))
    assert credit(bought, "first") == {"x": (1, 10), None: (1, 5)}


def test_a_touch_counts_for_exactly_thirty_days(bought):
    bought.event("b", "email_opened", "2026-05-04T09:00:00.000001", campaign_id="z")
    bought.event("b", "purchase", "2026-06-03T09:00", revenue=Decimal(5))
    assert credit(bought, "first")["z"] == (1, 5)


@pytest.mark.parametrize("model", ["first", "last", "linear"])
def test_every_model_gives_away_all_there_is(bought, model):
    for number, campaign in enumerate("xyzxyzx"):
        bought.event("c", "email_clicked", f"2026-06-02T0{number}:00", campaign_id=campaign)
    for number in range(3):
        bought.event("c", "purchase", f"2026-06-0{number + 1}T12:00", revenue=Decimal("0.01"))
    found = credit(bought, model)
    assert sum(conversions for conversions, _ in found.values()) == 4
    assert sum(revenue for _, revenue in found.values()) == Decimal("10.03")


def test_a_late_touch_changes_the_conversions_after_it(bought):
    assert credit(bought, "first") == {"x": (1, 10)}
    bought.event("a", "email_opened", "2026-05-30T08:00", campaign_id="w")
    assert credit(bought, "first") == {"w": (1, 10)}
