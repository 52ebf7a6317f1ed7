"""Who is kept from what on which day: against a look at every row at the day's last instant."""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo

import numpy as np
import pytest

from segmentation_pipeline.assignment.contenders import Contender, Ranking
from segmentation_pipeline.assignment.policy import Policy
from segmentation_pipeline.assignment.suppressed import suppressed_on, suppressing, suppression_inputs
from segmentation_pipeline.rules.delivery import Delivery

ZONE = "America/New_York"
DAYS = [dt.date(2026, 3, 6) + dt.timedelta(days=number) for number in range(8)]
LAST = dt.timedelta(days=1) - dt.timedelta(microseconds=1)


def ranking(count: int = 3) -> Ranking:
    """Return contenders of both channels and several preferences, so many of each."""
    made = []
    for number in range(count):
        for channel, preference in (("email", "marketing"), ("sms", "marketing"), ("email", "Newsletter")):
            delivery = Delivery(channel=channel, preference=preference, priority=number)
            made.append(Contender(f"{channel}_{preference.lower()}_{number}", delivery))
    return Ranking(tuple(made))


def ids(ranked: Ranking, words: np.ndarray) -> set[str]:
    return {name for rank, name in enumerate(ranked.ids) if int(words[rank // 64]) >> rank % 64 & 1}


def entry(key: int, **named: object) -> dict[str, object]:
    return {"suppression_id": f"s{key}", "suppression_type": "manual", **named}


def kept(tables, ranked: Ranking, contacts: list[int]):
    pinned = tables.store.snapshot(suppression_inputs(tables.catalog))
    return suppressed_on(pinned, tables.catalog, ranked, np.array(contacts, dtype=np.int64), ZONE)


def names(ranked: Ranking, *parts: str) -> set[str]:
    return {name for name in ranked.ids if all(part in name for part in parts)}


def test_without_lists_and_preferences_nobody_is_kept(tables):
    tables.rows("contacts", [{"contact_id": "a"}])
    found = kept(tables, ranking(), [0])
    assert not found.on(DAYS[0]).any()
    assert found.basis == {}


@pytest.mark.parametrize("count", [3, 30], ids=["one word", "two words"])
def test_what_an_entry_closes(tables, count):
    ranked = ranking(count)
    keys = "abcd"
    tables.rows("contacts", [{"contact_id": key, "email": f"{key}@{key}.example"} for key in keys])
    tables.rows(
        "contact_suppressions",
        [entry(1, contact_id="a"), entry(2, email="b@b.example"), entry(3, domain="c.example")],
    )
    found = kept(tables, ranked, [0, 1, 2, 3]).on(DAYS[0])
    assert found.shape == (ranked.words, 4)
    mail = names(ranked, "email")
    assert [ids(ranked, found[:, at]) for at in range(4)] == [set(ranked.ids), mail, mail, set()]


def test_a_preference_closes_its_kind_of_mail(tables):
    ranked = ranking()
    tables.rows("contacts", [{"contact_id": key} for key in "ab"])
    tables.rows(
        "contact_email_preferences",
        [
            {"preference_id": "1", "contact_id": "a", "preference_type": " newsletter", "is_enabled": False},
            {"preference_id": "2", "contact_id": "a", "preference_type": "marketing", "is_enabled": True},
            {
                "preference_id": "3",
                "contact_id": "unknown",
                "preference_type": "marketing",
                "is_enabled": False,
            },
        ],
    )
    found = kept(tables, ranked, [0, 1])
    assert [ids(ranked, found.on(DAYS[0])[:, at]) for at in range(2)] == [names(ranked, "newsletter"), set()]
    assert found.basis == {"contact_email_preferences": "current"}


def test_those_of_a_merged_contact_are_its_primaries(tables):
    ranked = ranking()
    tables.rows("contacts", [{"contact_id": key, "email": f"{key}@x.example"} for key in "abc"])
    merged = {
        "merged_id": "b",
        "primary_id": "a",
        "action": "merge",
        "merged_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    }
    tables.rows("contact_merges", [{"merge_id": "1", **merged}])
    tables.rows("contact_suppressions", [entry(1, email="b@x.example")])
    off = {"preference_id": "1", "contact_id": "b", "preference_type": "marketing", "is_enabled": False}
    tables.rows("contact_email_preferences", [off])
    found = kept(tables, ranked, [0, 2]).on(DAYS[0])
    assert [ids(ranked, found[:, at]) for at in range(2)] == [names(ranked, "email"), set()]


def test_segments_suppress_by_type_and_by_policy():
    ranked = ranking()
    everywhere = Policy(id="p", suppression=("listed",))
    assert {
        name: ids(ranked, words) for name, words in suppressing(everywhere, ranked, ["typed"]).items()
    } == {
        "listed": set(ranked.ids),
        "typed": set(ranked.ids),
    }
    by_channel = Policy(id="p", suppression={"sms": ("listed", "typed")})
    assert {
        name: ids(ranked, words) for name, words in suppressing(by_channel, ranked, ["typed"]).items()
    } == {
        "listed": names(ranked, "sms"),
        "typed": set(ranked.ids),
    }


@pytest.mark.parametrize("seed", range(3))
def test_random_lists_day_by_day(tables, seed):
    """Of the zone the clock moves on 8 March. Only some of the contacts are asked about."""
    draw = random.Random(seed)
    ranked, zone = ranking(), zoneinfo.ZoneInfo(ZONE)
    start = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)

    def instant():
        return draw.choice([None, *(start + dt.timedelta(hours=draw.randrange(240)) for _ in range(4))])

    tables.rows("contacts", [{"contact_id": f"c{n}", "email": f"c{n}@d{n % 3}.example"} for n in range(12)])
    kinds = (
        lambda n: {"contact_id": f"c{n}"},
        lambda n: {"email": f"c{n}@d{n % 3}.example"},
        lambda n: {"domain": f"d{n % 3}.example"},
    )
    entries = [
        entry(number, **draw.choice(kinds)(draw.randrange(12)), suppressed_at=instant(), expires_at=instant())
        for number in range(25)
    ]
    off = [
        {
            "preference_id": f"p{number}",
            "contact_id": f"c{draw.randrange(12)}",
            "preference_type": draw.choice(("marketing", "newsletter", "other")),
            "is_enabled": draw.random() < 0.3,
            "updated_at": instant(),
        }
        for number in range(15)
    ]
    tables.rows("contact_suppressions", entries)
    tables.rows("contact_email_preferences", off)
    asked = sorted(draw.sample(range(12), 9))
    found = kept(tables, ranked, asked)
    part = found.part(3, 7)
    for day in DAYS:
        end = dt.datetime.combine(day, dt.time(), zone).replace(
            hour=23, minute=59, second=59, microsecond=999999
        )
        words = found.on(day)
        assert (part.on(day) == words[:, 3:7]).all()
        for at, number in enumerate(asked):
            closed: set[str] = set()
            for one in entries:
                mine = one.get("contact_id") == f"c{number}"
                mail = (
                    one.get("email") == f"c{number}@d{number % 3}.example"
                    or one.get("domain") == f"d{number % 3}.example"
                )
                since, until = one["suppressed_at"], one["expires_at"]
                if (since is None or since <= end) and (until is None or end < until):
                    closed |= set(ranked.ids) if mine else names(ranked, "email") if mail else set()
            for one in off:
                since = one["updated_at"]
                if (
                    one["contact_id"] == f"c{number}"
                    and not one["is_enabled"]
                    and (since is None or since <= end)
                ):
                    closed |= names(ranked, "email", one["preference_type"])
            assert ids(ranked, words[:, at]) == closed, (day, number)
