"""Thirty nightly runs over the sample, and one run at their end with its days computed afterwards."""

from __future__ import annotations

import datetime as dt
import shutil
import zoneinfo
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from segmentation_pipeline.analytics.recomputed import FROM_EVENTS, TODAYS_ATTRIBUTES
from segmentation_pipeline.analytics.update import update_analytics
from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.rules.graph import embeddings
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.publish import publish
from segmentation_pipeline.workspace import Workspace

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1200)]
PROJECT = Path(__file__).parents[2]
ZONE = "Europe/Paris"
LAST = dt.date(2026, 6, 30)
DAYS = [LAST - dt.timedelta(days=back) for back in range(29, -1, -1)]


@dataclass(frozen=True)
class Lived:
    """A lake of the sample with the runs and the analytics of its own."""

    workspace: Workspace
    store: DeltaStore

    def run(self, day):
        at = dt.datetime(day.year, day.month, day.day, tzinfo=zoneinfo.ZoneInfo(ZONE)).astimezone(dt.UTC)
        return publish(self.workspace, now=lambda: at)

    def update(self, *days):
        with lake_lock(self.workspace.lake, "test"):
            return update_analytics(self.store, read_definitions(self.workspace), ZONE, days=days)

    def members(self):
        held = self.store.scan("segment_memberships").select("segment_id", "object_index", "added_via")
        return held.sort(pl.all()).collect().rows()

    def days(self):
        """Return the rows of the analytics by segment and day, without what their memberships are."""
        rows = self.store.scan("segment_analytics").collect()
        return {row[:2]: row for row in rows.drop("membership", "month").iter_rows()}


@pytest.fixture(scope="module")
def make_lived(imported, tmp_path_factory, definitions_folder):
    def make():
        folder = tmp_path_factory.mktemp("lived")
        shutil.copytree(imported[1].root.text, folder / "lake")
        workspace = Workspace(
            "default", "Sample", PROJECT, definitions_folder, folder / "lake", time_zone=ZONE
        )
        return Lived(workspace, DeltaStore(folder / "lake"))

    return make


@pytest.fixture(scope="module")
def nightly(make_lived):
    """A run at the start of every local day, analytics at the end."""
    lived = make_lived()
    for day in DAYS:
        lived.run(day)
    lived.update()
    return lived


@pytest.fixture(scope="module")
def once(make_lived):
    """One run on the last day, the days before it computed afterwards."""
    lived = make_lived()
    lived.run(LAST)
    assert lived.update(*DAYS).recomputed == tuple(DAYS)
    return lived


def test_thirty_nights_end_in_the_members_of_one_run(nightly, once):
    found = nightly.members()
    assert found == once.members()
    assert len(found) > 1000


def test_no_shipped_rule_asks_for_what_was_published(definitions):
    """For it, thirty nights and one are not the same."""
    asked = [e for segment in definitions.segments.values() for e in embeddings(segment) if not e.evaluated]
    assert asked == []


def test_days_computed_afterwards_are_those_of_the_nights(nightly, once):
    """For rules over events alone, from the day after the first night on: that one published everybody."""
    rows = once.store.scan("segment_analytics").filter(pl.col("membership") == FROM_EVENTS).collect()
    told, afterwards = nightly.days(), once.days()
    keys = [key for key in zip(rows["segment_id"], rows["date"], strict=True) if DAYS[0] < key[1] < LAST]
    shared = [key for key in keys if key in told]
    assert len(shared) > 28 * 3
    assert [told[key] for key in shared] == [afterwards[key] for key in shared]
    # Before its first member a segment has no rows of what was published.
    assert {afterwards[key][2] for key in keys if key not in told} <= {0}


def test_days_of_other_rules_say_that_they_see_todays_attributes(once, definitions):
    rows = once.store.scan("segment_analytics").filter(pl.col("date") < LAST)
    said = rows.group_by("membership").agg(pl.col("segment_id").unique()).collect()
    names = {basis: set(found) for basis, found in said.iter_rows()}
    assert names.keys() == {FROM_EVENTS, TODAYS_ATTRIBUTES}
    assert sorted(names[FROM_EVENTS] | names[TODAYS_ATTRIBUTES]) == sorted(definitions.segments)
    assert not names[FROM_EVENTS] & names[TODAYS_ATTRIBUTES]
