"""What was added is counted as if everything were counted anew, whatever happened to the tables."""

from __future__ import annotations

import datetime as dt
import shutil
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.features import engagement, event_rows
from segmentation_pipeline.features.tables import feature_tables
from segmentation_pipeline.features.unstored import features_at
from segmentation_pipeline.lake import file_changes
from segmentation_pipeline.lake.maintenance import compact, vacuum
from segmentation_pipeline.lake.store import DeltaStore

TABLE = "contact_engagement"


def recounted(world, as_of=None):
    """The table as it would be without anything stored."""
    names = {TABLE, *feature_tables(world.catalog)[TABLE]} - {TABLE}
    frames = features_at(world.store, world.catalog, world.store.snapshot(names), as_of or world.as_of)
    return frames[TABLE].collect()


def check(world, as_of=None):
    """Refresh, and compare with counting everything."""
    done = world.refresh(as_of)[TABLE]
    stored = world.store.scan(TABLE).collect()
    expected = recounted(world, as_of)
    assert stored.schema == expected.schema
    assert stored.sort("object_index").equals(expected.sort("object_index"))
    assert done.rows == stored.height
    return done


def test_totals_are_those_of_the_events(world):
    world.happen(
        ("a", "delivered", 1),
        ("a", "delivered", 4),
        ("a", "opened", 5),
        ("a", "bought", 6, {"revenue": Decimal("9.99")}),
        ("a", "bought", 7, {"revenue": None}),
        ("a", "renewed", 8, {"amount": Decimal("0.0001")}),
        ("a", "moved", 9),
    )
    check(world)
    row = world.rows()["a"]
    assert (row["total_emails_sent"], row["total_emails_received"], row["total_emails_opened"]) == (1, 2, 2)
    assert (row["total_conversions"], row["total_revenue"]) == (3, Decimal("9.9901"))
    assert (row["first_opened_at"], row["last_opened_at"]) == (world.day(2), world.day(5))
    assert (row["first_seen_at"], row["last_seen_at"]) == (world.day(2), world.day(7))
    assert row["first_replied_at"] is None


def test_rates_are_zero_and_fractions_null_without_mail(world):
    check(world)
    row = world.rows()["b"]
    assert (row["open_rate"], row["open_fraction"], row["bounce_fraction"]) == (0, None, None)


def test_rates_count_from_the_first_mail_and_fractions_from_the_minimum(world):
    world.happen(("a", "delivered", 1), ("b", "delivered", 1), ("b", "delivered", 2), ("b", "delivered", 3))
    world.happen(("b", "opened", 4), ("b", "opened", 5))
    check(world)
    a, b = world.rows()["a"], world.rows()["b"]
    assert (a["open_rate"], a["open_fraction"]) == (Decimal("100.00"), None)
    assert (b["open_rate"], b["open_fraction"]) == (Decimal("66.67"), Decimal("0.6667"))


def test_the_score_is_that_of_its_formula(world):
    """Counted by hand: opened 18 days ago, 2^-1.8 = 0.287175 of 30; half of the clicks' goal, 15;
    one of two conversions, 10; together 33.61525."""
    world.happen(*(("a", "delivered", at) for at in range(4)), ("a", "clicked", 3), ("a", "bought", 4))
    check(world)
    assert world.rows()["a"]["engagement_score"] == Decimal("33.62")


def test_recency_halves_by_whole_days(world):
    at = world.day(12)
    world.refresh(at)
    assert world.rows()["a"]["engagement_score"] == Decimal("15.00")
    assert world.refresh(at + dt.timedelta(hours=23))[TABLE].written is False
    assert world.refresh(at + dt.timedelta(days=1))[TABLE].written is True
    assert world.rows()["a"]["engagement_score"] == Decimal("14.00")


def test_completeness_weighs_what_is_filled(world):
    world.contacts({"contact_id": "d", "email": "d@x.org", "first_name": " ", "city": "Rome"})
    check(world)
    assert {key: row["enrichment_score"] for key, row in world.rows().items()} == {
        "a": 70,
        "b": 0,
        "c": 0,
        "d": 70,
    }


def test_sums_beyond_64_bits_are_exact(world):
    much = Decimal("90000000000000000000.01")
    world.happen(("a", "bought", 1, {"revenue": much}))
    world.refresh()
    world.happen(("a", "bought", 2, {"revenue": much}))
    check(world)
    assert world.rows()["a"]["total_revenue"] == Decimal("180000000000000000000.02")


def test_only_what_was_added_is_read(world, monkeypatch):
    world.refresh()
    read = []

    def files(_self, paths):
        read.extend(paths)
        return iter(())

    monkeypatch.setattr(event_rows.Reader, "files", files)
    world.happen(("a", "opened", 4))
    assert world.refresh()[TABLE].whole is False
    assert len(read) == 1


def test_nothing_is_written_where_nothing_changed(world):
    first = world.refresh()[TABLE]
    again = world.refresh()[TABLE]
    assert (again.written, again.version, again.rows) == (False, first.version, 3)


def test_what_lies_ahead_counts_once_its_time_has_come(world):
    world.happen(("a", "opened", 25), ("a", "replied", 30))
    check(world)
    assert world.rows()["a"]["total_emails_opened"] == 1
    assert check(world, world.day(26)).whole is False
    assert world.rows()["a"]["total_emails_opened"] == 2
    assert check(world, world.day(40)).whole is False
    assert check(world, world.day(26)).whole is True


def test_an_event_at_the_very_instant_is_seen(world):
    world.happen(("a", "opened", world.as_of), ("a", "opened", world.as_of + dt.timedelta(microseconds=1)))
    check(world)
    assert world.rows()["a"]["last_opened_at"] == world.as_of


def test_a_contact_that_arrives_late_gets_its_earlier_events(world):
    world.happen(("z", "opened", 4))
    check(world)
    world.contacts("z")
    check(world)
    assert world.rows()["z"]["total_emails_opened"] == 1


def test_a_contact_that_goes_and_comes_back_has_its_events(world):
    world.refresh()
    world.drop("a")
    assert check(world).whole is False
    world.contacts({"contact_id": "a", "object_index": 9})
    check(world)
    assert world.rows()["a"]["total_emails_opened"] == 1


def test_the_first_contact_of_all_gets_its_earlier_events(world):
    world.drop("a", "b", "c")
    check(world)
    world.contacts("a")
    check(world)
    assert world.rows()["a"]["total_emails_opened"] == 1


def test_who_is_forgotten_is_not_counted(world):
    world.refresh()
    world.forget("a")
    check(world)
    assert "a" not in world.rows()


def test_a_merged_contact_counts_as_its_primary(world):
    world.refresh()
    world.happen(("b", "opened", 5))
    world.merge("a", "b", 6)
    check(world)
    assert world.rows().keys() == {"a", "c"}
    assert world.rows()["a"]["total_emails_opened"] == 2
    world.happen(("b", "opened", 7))
    assert check(world).whole is False
    assert world.rows()["a"]["total_emails_opened"] == 3
    world.merge("a", "b", 8, action="undo")
    check(world)
    assert world.rows()["b"]["total_emails_opened"] == 2


def test_merges_in_a_circle_are_refused(world):
    world.merge("a", "b", 6)
    world.merge("b", "a", 7)
    with pytest.raises(LakeError, match="circle"):
        world.refresh()


def test_keys_are_compared_in_their_normal_form(world):
    world.contacts("caf\u00e9")
    world.happen(("cafe\u0301", "opened", 4), ("caf\u00e9", "opened", 5))
    check(world)
    assert world.rows()["caf\u00e9"]["total_emails_opened"] == 2


def test_other_weights_are_other_scores(world):
    world.refresh()
    world.declare("weight: 30, half_life: 10", "weight: 30, half_life: 20")
    assert check(world).whole is True


def test_compaction_is_no_change(world):
    world.happen(("b", "opened", 4))
    world.refresh()
    compact(world.store, "activities")
    compact(world.store, TABLE)
    assert world.refresh()[TABLE].written is False
    world.happen(("b", "opened", 5))
    assert check(world).whole is False


def test_files_that_are_gone_mean_counting_again(world):
    world.refresh()
    world.happen(("b", "opened", 4))
    compact(world.store, "activities")
    vacuum(world.store, "activities", dt.timedelta(0))
    assert check(world).whole is True


def test_a_log_that_forgot_means_counting_again(world, monkeypatch):
    world.refresh()
    world.happen(("b", "opened", 4))

    def forgotten(*_arguments):
        raise LakeError("the log has no version 1 (any more)")

    with monkeypatch.context() as patch:
        patch.setattr(file_changes, "actions", forgotten)
        assert world.refresh()[TABLE].whole is True


def test_a_table_made_anew_is_counted_anew(world):
    world.refresh()
    shutil.rmtree(world.store.root.table("activities"))
    world.happen(("b", "opened", 4))
    assert check(world).whole is True


def test_an_unreadable_table_is_told(world):
    shutil.rmtree(world.store.root.table("activities") + "/month=2026-01")
    with pytest.raises(LakeError, match=r"`activities`.* cannot be read"):
        world.refresh()


def test_without_contacts_there_is_no_table(tmp_path, begin):
    world = begin(tmp_path)
    shutil.rmtree(world.store.root.table("contacts"))
    assert world.refresh() == {}


def test_a_kill_before_the_commit_leaves_the_last(world, monkeypatch):
    world.refresh()
    before, version = world.rows(), world.store.version(TABLE)
    world.happen(("a", "opened", 4))

    def killed(*_arguments, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(DeltaStore, "commit_files", killed)
        with pytest.raises(KeyboardInterrupt):
            world.refresh()
    assert (world.rows(), world.store.version(TABLE)) == (before, version)
    check(world)


def test_contacts_are_counted_range_by_range(world, monkeypatch):
    monkeypatch.setattr(engagement, "RANGE", 2)
    monkeypatch.setattr(event_rows, "CHUNK_ROWS", 2)
    world.contacts("d", "e", "f")
    world.happen(("d", "opened", 4), ("f", "opened", 5), ("z", "opened", 5), ("e", "clicked", 5))
    check(world)
    world.happen(("f", "opened", 6), ("e", "clicked", 6))
    assert check(world).whole is False
    world.contacts("z")
    check(world)
    assert world.rows()["z"]["total_emails_opened"] == 1


_KEYS = st.sampled_from("abcdef")
_KINDS = st.sampled_from(["sent", "delivered", "opened", "clicked", "replied", "bounced", "visited", "moved"])
_EVENTS = st.lists(st.tuples(_KEYS, _KINDS, st.integers(-5, 40)), min_size=1, max_size=6)
_STEPS = st.one_of(
    st.tuples(st.just("happen"), _EVENTS),
    st.tuples(st.just("buy"), st.tuples(_KEYS, st.integers(0, 40), st.decimals(-50, 50, places=2))),
    st.tuples(st.just("contacts"), st.lists(_KEYS, min_size=1, max_size=3, unique=True)),
    st.tuples(st.just("forget"), _KEYS),
    st.tuples(st.just("drop"), _KEYS),
    st.tuples(st.just("merge"), st.tuples(_KEYS, _KEYS, st.sampled_from(["merge", "undo"]))),
    st.tuples(st.just("compact"), st.sampled_from(["activities", "contacts", TABLE])),
    st.tuples(st.just("move"), st.integers(-10, 20)),
)


def take(world, number, step, value):
    if step == "happen":
        world.happen(*value)
    elif step == "buy":
        key, at, revenue = value
        world.happen((key, "bought", at, {"revenue": revenue}))
    elif step == "contacts":
        world.contacts(*value, city=f"city {number}")
    elif step in ("forget", "drop"):
        getattr(world, step)(value)
    elif step == "merge":
        # Merges that go up the alphabet cannot go in a circle.
        primary, merged, action = value
        if primary != merged:
            world.merge(max(primary, merged), min(primary, merged), number, action)
    elif step == "compact":
        if world.store.exists(value):
            compact(world.store, value)
    else:
        world.as_of += dt.timedelta(days=value)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest.mark.integration
@given(history=st.lists(st.tuples(_STEPS, st.booleans()), min_size=2, max_size=8))
def test_any_history_is_counted_as_from_nothing(begin, tmp_path_factory, history):
    world = begin(tmp_path_factory.mktemp("lake"))
    for number, ((step, value), look) in enumerate(history):
        take(world, number, step, value)
        if look:
            check(world)
    check(world)
