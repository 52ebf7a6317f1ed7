"""Random policies: both arbiters decide every row alike, with its reason, its blocker and its rule."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from segmentation_pipeline.assignment.contenders import Source
from segmentation_pipeline.assignment.policy import Policy
from segmentation_pipeline.assignment.reasons import Reason
from segmentation_pipeline.rules.delivery import Delivery
from segmentation_pipeline.settings import WEEKDAYS

CHANNELS = ["email", "sms", "push"]
GROUPS = ["lifecycle", "offers", None]
QUICK, MANY = range(64), range(64, 1_500)
ONE = dt.timedelta(days=1)


def a_delivery(draw: random.Random, rich: bool, start: dt.date) -> Delivery:
    maybe = lambda share, value: value() if draw.random() < share else None  # noqa: E731 — one word for all
    return Delivery(
        channel=draw.choice(CHANNELS),
        priority=draw.randint(1, 4),
        exclusivity_group=draw.choice(GROUPS),
        repeat=draw.choice(["once_per_entry", {"every_days": draw.choice([1, 2, 3, 7])}, None]),
        reentry_gap_days=maybe(0.3, lambda: draw.choice([0, 1, 2, 5])),
        expires_after_days=maybe(0.4, lambda: draw.choice([1, 2, 3, 6])),
        capacity_per_day=maybe(0.3, lambda: draw.randint(0, 3)) if rich else None,
        ignores_caps=draw.random() < 0.15,
        counts_toward_caps=draw.random() > 0.15,
        starts=maybe(0.15, lambda: start + draw.randint(-2, 8) * ONE),
        ends=maybe(0.15, lambda: start + draw.randint(3, 15) * ONE),
    )


def a_rule(draw: random.Random, names: list[str]) -> dict:
    scope = {}
    for key, values in (("channel", CHANNELS), ("group", GROUPS[:2]), ("segment", names)):
        if draw.random() < 0.3:
            scope[key] = draw.choice(values)
    if draw.random() < 0.4:
        return {"cooldown_days": draw.choice([1, 2, 3, 5]), **scope}
    rule = {"max": draw.choice([0, 1, 1, 2, 2, 3]), "days": draw.choice([1, 2, 3, 7, 14]), **scope}
    if draw.random() < 0.25:
        rule["extend_to"] = draw.choice(["week", "month", "quarter", "year"])
    return rule


def a_policy(draw: random.Random, names: list[str], rich: bool, start: dt.date) -> Policy:
    quiet = [
        draw.choice([{"weekday": draw.choice(WEEKDAYS)}, {"date": start + draw.randint(0, 9) * ONE}])
        | draw.choice([{}, {"channels": [draw.choice(CHANNELS)]}])
        for _ in range(draw.choice([0, 0, 1, 2]))
    ]
    return Policy(
        id="random",
        max_contacts_per_day=draw.choice([1, 1, 1, 2, 3]),
        exclusive=draw.choice(["membership", "claim"]),
        exclusive_groups=[group for group in GROUPS[:2] if draw.random() < 0.5],
        rules=[a_rule(draw, names) for _ in range(draw.choice([0, 1, 2, 3, 4, 11]))],
        quiet=quiet,
        holdout={"percent": draw.choice([0, 25.5, 100, 30]), "salt": "s"} if draw.random() < 0.2 else None,
        capacity={"email": draw.randint(0, 4)} if rich and draw.random() < 0.6 else {},
    )


def a_case(case, seed: int):
    draw = random.Random(seed)
    many = seed % 8 == 7
    names = [f"s{number}" for number in range(draw.randint(65, 135) if many else draw.randint(1, 8))]
    start = dt.date(2026, draw.choice([3, 5, 6, 12]), draw.randint(1, 28))
    count, length = (
        (draw.randint(1, 4), draw.randint(1, 6)) if many else (draw.randint(1, 9), draw.randint(1, 18))
    )
    rich = draw.random() < 0.5
    deliveries = {name: a_delivery(draw, rich, start) for name in names}
    contacts = sorted(draw.sample(range(10_000), count))
    days = [start + number * ONE for number in range(length)]
    warm = (
        [start - number * ONE for number in range(draw.randint(0, 9), 0, -1)] if draw.random() < 0.5 else []
    )
    members = set()
    for contact in contacts:
        for name in names:
            inside = draw.random() < 0.5
            for day in [*warm, *days]:
                inside ^= draw.random() < 0.2
                if inside:
                    members.add((day, contact, name))
    closed = {(contact, channel) for contact in contacts for channel in CHANNELS if draw.random() < 0.1}
    suppressed = {
        (day, contact, name)
        for day, contact, name in members
        if (contact, deliveries[name].channel) in closed and draw.random() < 0.8
    }
    known = [
        Source(one.channel, one.exclusivity_group, name, one.counts_toward_caps)
        for name, one in deliveries.items()
    ]
    other = [
        Source("email"),
        Source("sms"),
        Source("email", "offers", "gone", False),
        Source("post", None, names[0]),
    ]
    told = [
        (start - draw.randint(1, 12) * ONE, draw.choice(contacts), draw.choice([*known, *known, *other]))
        for _ in range(draw.choice([0, 0, 3, 8, 20]))
    ]
    since, spent = {}, set()
    if not warm:
        for contact in contacts:
            for name in names:
                if draw.random() < 0.3:
                    since[contact, name] = start - draw.randint(0, 9) * ONE
                if draw.random() < 0.2:
                    spent.add((contact, name))
    return case(
        policy=a_policy(draw, names, rich, start),
        deliveries=deliveries,
        contacts=contacts,
        days=days,
        members=members,
        suppressed=suppressed,
        told=told,
        passed=warm,
        since=since,
        spent=spent,
        week_starts=draw.randrange(7),
        share=draw.choice([1.0, 1.0, 0.5]),
    )


def compare(decided, case, seeds: range) -> dict[Reason, int]:
    met = dict.fromkeys(Reason, 0)
    for seed in seeds:
        try:
            rows = decided(a_case(case, seed))
        except Exception as error:
            raise AssertionError(f"policy of seed {seed}") from error
        for reason, _, _ in rows.values():
            met[reason] += 1
    return met


def test_some_random_policies(decided, case):
    met = compare(decided, case, QUICK)
    assert min(met.values()) > 5, met


@pytest.mark.integration
def test_many_random_policies(decided, case):
    met = compare(decided, case, MANY)
    assert min(met.values()) > 200, met
