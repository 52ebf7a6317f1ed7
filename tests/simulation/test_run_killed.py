"""A run that dies, at whatever moment, leaves nothing that anybody sees; two at once do not mix."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import polars as pl
import pytest

from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.simulation.record import TABLES, published_rows

pytestmark = pytest.mark.integration

CHILD = """
import datetime as dt, os, signal, sys
from pathlib import Path
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.simulation.run import simulate
from segmentation_pipeline.workspace import Workspace

root, left = Path(sys.argv[1]), int(sys.argv[2])
commit = DeltaStore._commit

def counted(self, table, *arguments, **options):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return commit(self, table, *arguments, **options)

DeltaStore._commit = counted
workspace = Workspace(
    "default", "Week", root, root / "segment_definitions", root / "lake", time_zone="Europe/Berlin"
)
after = dt.datetime(2026, 6, 8, 9, tzinfo=dt.UTC)
print(simulate(workspace, "compared", as_of=after, now=lambda: after).run)
"""


def visible(store) -> dict[str, int]:
    return {
        table.name: published_rows(store, table.name).collect().height
        for table in TABLES
        if store.exists(table.name)
    }


def test_a_run_killed_before_any_commit_leaves_nothing(week, tmp_path_factory, monkeypatch):
    """SIGKILL at the first commit, in the middle and before the last, always in the same lake."""
    made = week.copy(tmp_path_factory.mktemp("alone"))
    commits = []
    commit = DeltaStore._commit
    with monkeypatch.context() as patched:
        patched.setattr(
            DeltaStore,
            "_commit",
            lambda self, table, *rest, **more: (
                commits.append(table.name) or commit(self, table, *rest, **more)
            ),
        )
        alone = made.simulate("compared")
    assert commits[-1] == "simulation_runs"
    for left in (0, len(commits) // 2, len(commits) - 1):
        done = _simulated(week, left)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert not any(visible(week.store).values())
    assert _simulated(week, len(commits)).stdout.strip() == "sim-000001"
    rows = {name: frame.height for name, frame in alone.frames.items() if frame.height}
    assert {name: many for name, many in visible(week.store).items() if many} == {
        name: many for name, many in rows.items() if name != "simulation_runs"
    }


def _simulated(week, left: int):
    command = [sys.executable, "-c", CHILD, str(week.root), str(left)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_a_killed_run_left_is_nobodys_and_is_replaced(week, monkeypatch):
    commit = DeltaStore._commit
    killed = ["simulation_runs"]

    def dying(self, table, *arguments, **options):
        if table.name in killed:
            raise KeyboardInterrupt
        return commit(self, table, *arguments, **options)

    monkeypatch.setattr(DeltaStore, "_commit", dying)
    with pytest.raises(KeyboardInterrupt):
        week.simulate("compared")
    for table in TABLES:
        if week.store.exists(table.name):
            assert published_rows(week.store, table.name).collect().is_empty()
    killed.clear()
    run = week.simulate("replayed")
    assert run.run == "sim-000001"
    # A comparison has switches, a replay has none: those of the dead run are gone.
    assert week.store.scan("simulation_switches").collect().is_empty()
    assert published_rows(week.store, "simulation_segment_days").collect().height == 28


def test_two_runs_at_once_are_both_recorded(week):
    found = {}
    names = ("replayed", "compared")
    threads = [
        threading.Thread(target=lambda name=name: found.update({name: week.simulate(name)})) for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {found["replayed"].run, found["compared"].run} == {"sim-000001", "sim-000002"}
    stored = week.store.scan("simulation_runs").collect()
    assert dict(stored.group_by("run_id").agg(pl.col("simulation").first()).rows()) == {
        run.run: name for name, run in found.items()
    }
