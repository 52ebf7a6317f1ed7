"""Simulations from a notebook, and what an erasure leaves of them."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.erasure.forget import Eraser
from segmentation_pipeline.errors import LakeError, UsageError
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.project import Project
from segmentation_pipeline.segments.basis import read_definitions

pytestmark = pytest.mark.integration


def opened(week) -> Project:
    return Project(week.workspace, week.store, read_definitions(week.workspace))


def test_a_notebook_simulates_and_reads_the_tables(week):
    project = opened(week)
    run = project.simulate("replayed", as_of="2026-06-08")
    assert run["simulation_runs"]["won"].to_list() == [11]
    stored = project.table("simulation_segment_days").collect()
    assert stored["won"].sum() == 11
    with pytest.raises(UsageError, match="simulations have no table `contacts`"):
        run["contacts"]


def test_a_notebook_does_not_see_what_did_not_finish(week, monkeypatch):
    commit = DeltaStore._commit

    def dying(self, table, *arguments, **options):
        if table.name == "simulation_runs":
            raise KeyboardInterrupt
        return commit(self, table, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(DeltaStore, "_commit", dying)
        with pytest.raises(KeyboardInterrupt):
            week.simulate("replayed")
    assert week.store.scan("simulation_segment_days").collect().height == 28
    assert opened(week).table("simulation_segment_days").collect().is_empty()


def test_an_erasure_takes_a_contact_out_of_the_traces_and_the_texts(week):
    run = week.simulate("replayed")
    catalog = load_catalog(week.workspace.catalog_file)
    eraser = Eraser(week.workspace, week.store, catalog, catalog.objects["contact"])
    plan = eraser.plan("c2")
    assert plan.rows["simulation_decisions", "clean"] == 14
    eraser.forget(plan, "test", lambda: dt.datetime(2026, 6, 9, tzinfo=dt.UTC))
    left = week.store.scan("simulation_decisions").collect()
    assert set(left["contact_id"]) == {"c0", "c1", "c3", "c4"}
    assert not week.store.exists("simulation_definitions")
    with pytest.raises(LakeError, match="the definitions of sim-000001 are gone"):
        week.repeat(run.run)
