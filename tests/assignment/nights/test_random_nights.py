"""Nights of random people, sends and lists, through files, runs and tables: decided once more row by row."""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo

import polars as pl
import pytest

from segmentation_pipeline.assignment.contenders import Source
from segmentation_pipeline.assignment.policies import find_policy
from segmentation_pipeline.segments.basis import read_definitions

pytestmark = pytest.mark.integration

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
DELIVERIES = {
    "welcome": "{channel: email, priority: 90, exclusivity_group: lifecycle, repeat: once_per_entry, "
    "expires_after_days: 3}",
    "flash": "{channel: sms, priority: 60, repeat: {every_days: 2}}",
    "winback": "{channel: email, priority: 50, exclusivity_group: lifecycle, repeat: once_per_entry, "
    "reentry_gap_days: 4}",
    "news": "{channel: email, priority: 20, preference: newsletter}",
    "urgent": "{channel: sms, priority: 10, ignores_caps: true, counts_toward_caps: false, "
    "capacity_per_day: 2}",
}
POLICY = """
policy: default
max_contacts_per_day: 2
exclusive_groups: [lifecycle]
exclusive: {exclusive}
rules:
  - {{max: 1, days: 2, channel: email}}
  - {{max: 3, days: 5, extend_to: week}}
  - {{max: 1, days: 4, group: lifecycle}}
quiet: [{{date: 2026-06-13, channels: [sms]}}]
holdout: {{percent: 15, salt: {seed}}}
capacity: {{email: 5}}
suppression: {{sms: [no_sms]}}
"""
KEYS = [f"c{number:02}" for number in range(14)]
FIRST = dt.date(2026, 6, 10)


@pytest.mark.parametrize("seed", range(4))
def test_four_nights(seed, shop, decided, case):
    draw = random.Random(seed)
    for name in ("promo", "bounced"):
        (shop.root / "segment_definitions" / "segments" / f"{name}.yaml").unlink()
    for name, delivery in DELIVERIES.items():
        shop.wanted(name, f"delivery: {delivery}\n")
    shop.wanted("no_sms")
    exclusive = "claim" if seed % 2 else "membership"
    shop.write("policies/default.yaml", POLICY.format(exclusive=exclusive, seed=seed))
    listed, off = lists(draw), preferences(draw)
    shop.load("contact_suppressions", listed)
    shop.load("contact_email_preferences", off)

    shop.people(**dict.fromkeys(shop.store.scan("contacts").collect()["contact_id"], ""))
    definitions = read_definitions(shop.workspace)
    policy = find_policy(shop.workspace, definitions)
    deliveries = {name: definitions.segments[name].delivery for name in DELIVERIES}
    spells: dict[tuple[int, str], dt.date] = {}
    sends: list[tuple[dt.date, int, str, str | None]] = []
    won: list[tuple[dt.date, int, str]] = []
    for day in (FIRST + dt.timedelta(days=number) for number in range(4)):
        wants = {key: random_wants(draw) for key in KEYS}
        shop.people(**wants)
        new = random_sends(draw, day)
        shop.sends(*new)
        shop.now = dt.datetime.combine(day, dt.time(4), dt.UTC)
        shop.run()
        numbers = dict(shop.store.scan("contacts").select("contact_id", "object_index").collect().iter_rows())
        sends += [
            (local(at), numbers[key], kind.removesuffix("_sent"), segment) for key, kind, at, segment in new
        ]
        keys = {numbers[key]: key for key in KEYS}
        held = {(numbers[key], name) for key, names in wants.items() for name in names.split()}
        spells = {row: spells.get(row, day) for row in held}
        told = history(won, sends, deliveries, day)
        members = {(day, *row) for row in held if row[1] in deliveries}
        made = case(
            policy=policy,
            deliveries=deliveries,
            contacts=sorted(keys),
            days=[day],
            members=members,
            suppressed={
                row for row in members
                if is_kept(keys[row[1]], deliveries[row[2]], day, listed, off)
                or (row[1], "blocked") in held
                or ((row[1], "no_sms") in held and deliveries[row[2]].channel == "sms")
            },
            told=told,
            since={row: since for row, since in spells.items() if row[1] in deliveries},
            spent={
                (contact, source.segment_id)
                for then, contact, source in told
                if (contact, source.segment_id) in spells and then >= spells[contact, source.segment_id]
            },
        )  # fmt: skip
        expected = {
            (keys[contact], name): (str(reason), None if blocker is None else blocker[1], rule)
            for (_, contact, name), (reason, blocker, rule) in decided(made).items()
        }
        done = shop.assign()
        assert shop.decisions(day) == expected
        won += [(day, numbers[key], name) for (key, name), said in expected.items() if said[0] == "won"]
        rows = shop.store.scan("contact_assignments").filter(pl.col("day") == day)
        assert done.run.claims == rows.filter(
            ~pl.col("decision").is_in(["group_loser", "spent", "expired"])
        ).collect().height  # fmt: skip
    assert shop.store.scan("contact_assignments").select(pl.col("decision").n_unique()).collect().item() > 8


def local(at: str) -> dt.date:
    return dt.datetime.fromisoformat(f"{at}:00+00:00").astimezone(BERLIN).date()


def random_wants(draw: random.Random) -> str:
    names = [*(name for name in DELIVERIES if draw.random() < 0.6)]
    names += [name for name in ("blocked", "no_sms") if draw.random() < 0.08]
    return " ".join(names)


def random_sends(draw: random.Random, day: dt.date) -> list[tuple[str, str, str, str | None]]:
    """Return sends of the five days before: of contenders, of an old campaign, and of nobody."""
    return [
        (
            draw.choice(KEYS),
            draw.choice(("email_sent", "sms_sent")),
            f"{day - dt.timedelta(days=draw.randrange(1, 6))}T{draw.randrange(24):02}:30",
            draw.choice((None, None, "old_campaign", *DELIVERIES)),
        )
        for _ in range(6)
    ]


def lists(draw: random.Random) -> list[dict[str, object]]:
    ways = (
        lambda key: {"contact_id": key},
        lambda key: {"email": f"{key}@c.example"},
        lambda _: {"domain": "elsewhere.example"},
    )
    return [
        dict.fromkeys(("contact_id", "email", "domain", "expires_at"))
        | {
            "suppression_id": f"s{number}",
            "suppressed_at": f"2026-06-{draw.randrange(8, 13):02}T{draw.randrange(24):02}:30:00Z",
            "expires_at": draw.choice(
                (None, f"2026-06-{draw.randrange(11, 15)}T{draw.randrange(24):02}:30:00Z")
            ),
        }
        | draw.choice(ways)(draw.choice(KEYS))
        for number in range(5)
    ]


def preferences(draw: random.Random) -> list[dict[str, object]]:
    return [
        {
            "contact_id": key,
            "preference_type": draw.choice(("marketing", "newsletter")),
            "is_enabled": draw.random() < 0.5,
            "updated_at": f"2026-06-{draw.randrange(8, 13):02}T12:00:00Z",
        }
        for key in draw.sample(KEYS, 5)
    ]


def is_kept(key, delivery, day, listed, off) -> bool:
    """Whether a list or a preference keeps a contact from a segment at the last instant of a day."""
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), BERLIN).astimezone(dt.UTC)
    end -= dt.timedelta(microseconds=1)
    for row in listed:
        since = dt.datetime.fromisoformat(row["suppressed_at"])
        until = None if row["expires_at"] is None else dt.datetime.fromisoformat(row["expires_at"])
        mine = row["contact_id"] == key or (
            row["email"] == f"{key}@c.example" and delivery.channel == "email"
        )
        if mine and since <= end and (until is None or end < until):
            return True
    return any(
        row["contact_id"] == key
        and not row["is_enabled"]
        and delivery.channel == "email"
        and row["preference_type"] == delivery.preference
        and dt.datetime.fromisoformat(row["updated_at"]) <= end
        for row in off
    )


def history(won, sends, deliveries, today) -> list[tuple[dt.date, int, Source]]:
    """Return the contacts before today: decisions, and the sends that none of them explains."""
    left = [(day, contact, deliveries[name].channel, name) for day, contact, name in won]
    found = list(left)
    for day, contact, channel, segment in sorted(sends, key=lambda send: send[3] is None):
        mine = [one for one in left if one[:3] == (day, contact, channel) and segment in (None, one[3])]
        if mine:
            left.remove(mine[0])
        else:
            found.append((day, contact, channel, segment))
    return [
        (day, contact, source_of(channel, segment, deliveries))
        for day, contact, channel, segment in found
        if day < today
    ]


def source_of(channel, segment, deliveries) -> Source:
    known = deliveries.get(segment)
    if known is None:
        return Source(channel, None, segment)
    return Source(channel, known.exclusivity_group, segment, known.counts_toward_caps)
