"""Who would win today under a proposal: its members and its policy, the real history, the real spells."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from segmentation_pipeline.assignment.contenders import Ranking
from segmentation_pipeline.assignment.policy import CapRule, Policy
from segmentation_pipeline.assignment.tables import ASSIGNMENTS
from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.segments.dry_run import pin
from segmentation_pipeline.segments.publish import publish
from segmentation_pipeline.segments.sides import set_against
from segmentation_pipeline.simulation.replay.trace import COLUMNS
from segmentation_pipeline.simulation.rows import segment_days
from segmentation_pipeline.simulation.variants import Side
from segmentation_pipeline.simulation.what_if.winners import contending, decide_today, winners_inputs

EVERYBODY = "where: {everyone: true}"
MAIL = "delivery: {channel: email, priority: "
DEFAULT = Policy(policy="default")


@pytest.fixture
def shop(project):
    """`welcome` goes before `promo`: b, c, d, f are welcome, a and e get the promo."""
    project.drop("others")
    project.drop("adults")
    project.segment(
        "welcome", f"where: {{field: age, operator: greater_than_or_equal, value: 30}}\n{MAIL}50}}"
    )
    project.segment("promo", f"{EVERYBODY}\n{MAIL}10}}")
    return project


@pytest.fixture
def asked(shop, tmp_path):
    """Ask what would change today with other definitions, another policy, or both."""

    def ask_it(change=None, policy=DEFAULT, baseline=DEFAULT, **options):
        proposed = shop.elsewhere(tmp_path / "proposed")
        if change is not None:
            change(proposed)
        sides = [
            Side(name, "worktree", one.definitions, policy, Ranking.of(one.definitions), "UTC", {})
            for name, one, policy in (("baseline", shop, baseline), ("proposed", proposed, policy))
        ]
        catalogs = [side.definitions.catalog for side in sides]
        standing = pin(shop.store, catalogs, shop.now, winners_inputs(sides))
        both = set_against(*(side.definitions for side in sides), standing, contending(sides))
        return decide_today(both, sides, **options)

    return ask_it


def winners(found, variant):
    """Return, by contact, who wins; contacts are numbered a 0, b 1, …"""
    tally = found[variant]
    [(contacts, ranks)] = tally.winners[0]
    return {"abcdef"[one]: tally.ranking.ids[rank] for one, rank in zip(contacts, ranks, strict=True)}


def counts(found, variant, *columns):
    rows = segment_days(variant, found[variant], [dt.date(2026, 3, 1)])
    return {row[0]: row[1:] for row in rows.select("segment_id", *columns).iter_rows()}


def contacted(project, *rows):
    """Write decisions of past days: (day, contact's number, segment)."""
    frame = pl.DataFrame(
        [
            {"day": day, "object_index": number, "segment_id": segment, "channel": "email", "decision": "won"}
            for day, number, segment in rows
        ],
        schema=ASSIGNMENTS.schema,
    )
    project.store.replace(ASSIGNMENTS, frame)


def younger(project):
    project.segment("welcome", f"where: {{field: age, operator: between, value: [18, 40]}}\n{MAIL}50}}")


def test_who_wins_instead_with_other_definitions(asked):
    found = asked(younger)
    assert winners(found, "baseline") == dict.fromkeys("bcdf", "welcome") | dict.fromkeys("ae", "promo")
    assert winners(found, "proposed") == dict.fromkeys("abcd", "welcome") | dict.fromkeys("ef", "promo")
    assert counts(found, "proposed", "size", "claims", "won", "outranked") == {
        "welcome": (4, 4, 4, 0),
        "promo": (6, 6, 2, 4),
    }


def test_who_wins_instead_with_another_policy(asked, shop):
    contacted(shop, (dt.date(2026, 2, 28), 2, "promo"))
    found = asked(policy=Policy(policy="calm", rules=[CapRule(cooldown_days=2)]))
    assert winners(found, "baseline")["c"] == "welcome"
    assert "c" not in winners(found, "proposed")
    assert counts(found, "proposed", "won", "cooldown") == {"welcome": (3, 1), "promo": (2, 1)}


def test_a_segment_that_is_added_competes_on_its_side_only(asked):
    found = asked(
        lambda other: other.segment("vip", f"where: {{field: age, operator: equals, value: 65}}\n{MAIL}90}}")
    )
    assert winners(found, "baseline")["f"] == "welcome"
    assert winners(found, "proposed")["f"] == "vip"


def test_spells_that_were_published_go_on_and_new_ones_begin_today(asked, shop, tmp_path):
    once = (
        "where: {field: age, operator: greater_than_or_equal, value: 30}\n"
        + MAIL
        + "50, repeat: once_per_entry}"
    )
    shop.segment("welcome", once)
    publish(shop.workspace, now=lambda: shop.now - dt.timedelta(days=9))
    contacted(shop, *((dt.date(2026, 2, 25), number, "welcome") for number in (1, 2)))
    found = asked(lambda other: other.segment("welcome", once.replace("30", "18")))
    assert winners(found, "baseline") == {
        "a": "promo",
        "b": "promo",
        "c": "promo",
        "e": "promo",
    } | dict.fromkeys("df", "welcome")
    assert winners(found, "proposed") == {"b": "promo", "c": "promo", "e": "promo"} | dict.fromkeys(
        "adf", "welcome"
    )
    assert counts(found, "proposed", "spent") == {"welcome": (2,), "promo": (0,)}


def test_an_old_spell_does_not_outlive_a_membership_that_the_proposal_ends(asked, shop):
    rule = "where: {field: age, operator: greater_than_or_equal, value: 30}"
    short = f"{rule}\n{MAIL}50, expires_after_days: 5}}"
    shop.segment("welcome", short)
    publish(shop.workspace, now=lambda: shop.now - dt.timedelta(days=9))
    found = asked(
        lambda other: other.segment(
            "welcome", short.replace("greater_than_or_equal, value: 30", "between, value: [18, 35]")
        )
    )
    assert counts(found, "baseline", "size", "expired", "won") == {"welcome": (4, 4, 0), "promo": (6, 0, 6)}
    assert counts(found, "proposed", "size", "expired", "won") == {"welcome": (3, 2, 1), "promo": (6, 0, 5)}


def test_who_must_not_be_contacted_is_as_each_side_says(asked, shop):
    shop.segment("blocked", "type: suppression\nwhere: {field: age, operator: equals, value: 17}")
    found = asked(
        lambda other: other.segment(
            "blocked", "type: suppression\nwhere: {field: age, operator: equals, value: 20}"
        )
    )
    assert set(winners(found, "baseline")) == set("abcdf")
    assert set(winners(found, "proposed")) == set("bcdef")


def test_nobody_wins_where_nobody_can_tell_who_is_suppressed(asked, shop):
    shop.segment("blocked", "type: suppression\nwhere: {field: age, operator: equals, value: 17}")
    with pytest.raises(RunFailed, match="who is in `blocked`"):
        asked(
            lambda other: other.segment(
                "blocked", "type: suppression\nwhere: {field: agee, operator: equals, value: 20}"
            )
        )


def test_the_same_contacts_are_traced_on_both_sides(asked):
    found = asked(younger, samples=2)
    traced = [
        {row[COLUMNS.index("contact")] for rows in tally.trace for row in rows.tolist()}
        for tally in found.values()
    ]
    assert traced[0] == traced[1] != set()


def test_nothing_is_written(asked, shop):
    contacted(shop, (dt.date(2026, 2, 28), 2, "promo"))
    asked(younger)
    assert {path.parent.name for path in shop.root.glob("lake/*/_delta_log")} == {
        "contacts",
        "contact_assignments",
    }
    assert shop.store.version("contact_assignments") == 0
