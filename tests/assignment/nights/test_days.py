"""Days are decided once and in their order; what was decided is the history of the next."""

from __future__ import annotations

import datetime as dt
import shutil

import polars as pl
import pytest

from segmentation_pipeline.errors import DefinitionError, RunFailed, UsageError

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

TENTH, ELEVENTH, TWELFTH = (dt.date(2026, 6, day) for day in (10, 11, 12))


@pytest.fixture
def night(shop):
    shop.at("2026-06-10T04:00")
    shop.run()
    return shop


def test_the_winners_of_a_day_are_history_to_the_next(night):
    night.assign()
    won = [key for key, said in night.decisions().items() if said[0] == "won"]
    assert ("a", "flash") in won
    night.at("2026-06-11T04:00")
    night.run()
    night.assign()
    second = night.decisions(ELEVENTH)
    assert second["a", "flash"] == ("gap", "flash", None)
    assert second["a", "promo"] == ("cooldown", "flash", 0)
    night.at("2026-06-12T04:00")
    night.run()
    night.assign()
    assert night.decisions(TWELFTH)["a", "flash"] == ("won", None, None)
    assert night.decisions() | {("a", "flash"): ("won", None, None)} == night.decisions()


def test_a_send_that_was_decided_counts_once(night):
    """Of two e-mails of one day one was decided: with that of the next night they are as many as may be."""
    night.assign()
    assert night.decisions()["late", "promo"] == ("won", None, None)
    night.sends(("late", "email_sent", "2026-06-10T08:00", None))
    night.at("2026-06-13T04:00")
    night.run()
    night.assign()
    assert night.decisions(dt.date(2026, 6, 13))["late", "promo"] == ("won", None, None)
    night.sends(("late", "email_sent", "2026-06-13T08:00", "promo"))
    night.at("2026-06-16T04:00")
    night.run()
    night.assign()
    assert night.decisions(dt.date(2026, 6, 16))["late", "promo"] == ("cap", "promo", 1)


def test_a_decided_day_is_left_as_it_is(night):
    first = night.assign()
    version = night.store.version("contact_assignments")
    again = night.assign()
    assert (again.fresh, again.outdated, again.run) == (False, False, first.run)
    night.people(nobody="promo")
    night.run()
    later = night.assign()
    assert (later.fresh, later.outdated, later.run) == (False, True, first.run)
    assert night.store.version("contact_assignments") == version


def test_again_replaces_the_day_and_its_own_rows_do_not_block_it(night):
    night.assign()
    before = night.decisions()
    night.sends(
        ("a", "sms_sent", "2026-06-10T08:00", "flash"), ("late", "email_sent", "2026-06-10T08:00", None)
    )
    done = night.assign(again=True)
    assert (done.fresh, done.run.attempt, done.run.run_id) == (True, 2, "assign-2026-06-10.2")
    assert night.decisions() == before
    assert night.rows("contact_assignment_runs", "attempt") == [(2,)]


def test_again_by_another_policy(night):
    night.write("policies/quiet.yaml", "policy: quiet\nquiet: [{date: 2026-06-10, channels: [sms]}]\n")
    night.assign()
    night.assign(policy="quiet", again=True)
    assert night.decisions()["a", "flash"] == ("quiet", None, None)
    assert set(night.rows("contact_assignments", "policy")) == {("quiet",)}


def test_other_days_stay(night):
    night.assign()
    before = night.decisions()
    night.at("2026-06-11T04:00")
    night.run()
    night.assign()
    night.assign(again=True)
    assert night.decisions() == before
    assert night.rows("contact_assignment_runs", "day", "attempt") == [(TENTH, 1), (ELEVENTH, 2)]


def test_days_are_decided_in_their_order(night):
    night.assign(day=ELEVENTH)
    with pytest.raises(UsageError, match=f"{TENTH} cannot be decided: {ELEVENTH} is"):
        night.assign()
    with pytest.raises(UsageError, match=f"{TENTH} cannot be decided: {ELEVENTH} is"):
        night.assign(again=True)


def test_a_day_before_the_members_is_refused(night):
    with pytest.raises(UsageError, match="2026-06-09 cannot be decided: the members are those of 2026-06-10"):
        night.assign(day=dt.date(2026, 6, 9))


def test_the_day_is_the_policys(night):
    """At 00:30 in Berlin it is still the 9th in New York."""
    night.write("policies/far.yaml", "policy: far\ntime_zone: America/New_York\n")
    night.at("2026-06-10T22:30")
    night.run()
    assert night.assign(policy="far").run.day == TENTH
    assert night.assign().run.day == ELEVENTH


def test_without_a_file_there_is_a_default_policy(night):
    (night.root / "segment_definitions" / "policies" / "default.yaml").unlink()
    done = night.assign()
    assert done.run.policy == "default"
    assert set(done.run.totals) == {"won", "outranked", "suppressed"}


def test_an_unknown_policy(night):
    with pytest.raises(UsageError, match="there is no policy `defualt`"):
        night.assign(policy="defualt")


def test_a_bad_policy(night):
    night.write("policies/default.yaml", "policy: default\nrules: [{max: 1}]\n")
    with pytest.raises(DefinitionError):
        night.assign()
    assert not night.store.exists("contact_assignments")


def test_a_broken_file_of_a_segment_that_suppresses_goes_on_suppressing(night):
    night.segment("blocked", "type: suppression\nwhere: {field: nonsense, operator: is_empty}")
    night.run()
    done = night.assign()
    assert night.decisions()["kept", "flash"] == ("suppressed", None, None)
    assert list(done.doubts) == ["blocked"]


def test_a_segment_that_suppresses_and_never_ran_stops_the_night(night):
    night.wanted("forgotten", "type: suppression\n")
    with pytest.raises(RunFailed, match="segment `forgotten` suppresses, and nobody can tell whom"):
        night.assign()
    night.run()
    assert night.assign().fresh


@pytest.mark.parametrize(
    "rest", ["where: {field: nonsense, operator: is_empty}", "where: {", "where: {segment: gone}"]
)
def test_nor_does_one_that_was_never_readable_go_unnoticed(night, rest):
    night.segment("forgotten", f"type: suppression\n{rest}")
    night.run()
    with pytest.raises(RunFailed, match="segment `forgotten` suppresses, and nobody can tell whom"):
        night.assign()
    night.segment("forgotten", f"description: not of type suppression\n{rest}")
    assert night.assign().fresh


def test_before_any_run(night):
    shutil.rmtree(night.root / "lake")
    with pytest.raises(RunFailed, match="nothing has been published yet"):
        night.assign()


def test_a_day_of_nobody_is_decided_too(night):
    night.people(**dict.fromkeys(night.store.scan("contacts").collect()["contact_id"], ""))
    night.run()
    done = night.assign()
    assert (done.run.won, done.run.contacts, done.run.counts) == (0, 0, {})
    assert not night.assign().fresh
    assert night.store.scan("contact_assignments").select(pl.len()).collect().item() == 0


def test_a_new_segment_has_no_members_before_it_ran(night):
    night.wanted("fresh_one", "delivery: {channel: email, priority: 99}\n")
    done = night.assign()
    assert "fresh_one" not in done.run.counts
