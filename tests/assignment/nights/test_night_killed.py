"""A night that dies leaves the last good decisions, and the next one ends where it would have ended."""

from __future__ import annotations

import datetime as dt
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from segmentation_pipeline.errors import LockedError

pytestmark = pytest.mark.integration

TABLES = ("contact_assignments", "contact_assignment_runs")
ELEVENTH = dt.date(2026, 6, 11)
CHILD = """
import datetime as dt, os, resource, signal, sys
from pathlib import Path
from segmentation_pipeline.assignment.assign import assign
from segmentation_pipeline.errors import SegmentationError
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.workspace import Workspace

root, now, again = Path(sys.argv[1]), dt.datetime.fromisoformat(sys.argv[2]), sys.argv[3] == "again"
what, at = sys.argv[4], int(sys.argv[5])
count, commit = 0, DeltaStore._commit

def counted(self, table, *arguments, **options):
    global count
    if what == "full" and count == at:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    done = commit(self, table, *arguments, **options)
    count += 1
    print(table.name, flush=True)
    if what == "kill" and count == at:
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "hold":
        sys.stdin.readline()
    return done

DeltaStore._commit = counted
workspace = Workspace(
    "default", "Shop", root, root / "segment_definitions", root / "lake", time_zone="Europe/Berlin"
)
print("ready", flush=True)
if what == "full" and at < 0:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
try:
    assign(workspace, now=lambda: now, again=again)
except SegmentationError as error:
    print(type(error).__name__, flush=True)
"""


@pytest.fixture(scope="module")
def scenes(made, tmp_path_factory):
    """A project before its first night; one before its second; one whose second is decided anew."""
    first = made.copy(tmp_path_factory.mktemp("first") / "project")
    first.at("2026-06-10T04:00")
    first.run()
    second = first.copy(tmp_path_factory.mktemp("second") / "project")
    second.assign()
    second.at("2026-06-11T04:00")
    second.people(nobody="flash promo", a="promo")
    second.run()
    again = second.copy(tmp_path_factory.mktemp("again") / "project")
    again.assign()
    again.people(nobody="promo", a="flash promo welcome")
    again.run()
    return {"first": first, "second": second, "again": again}


@pytest.fixture(scope="module")
def ends(scenes, tmp_path_factory):
    """What the tables hold before and after each scene's night."""
    found = {}
    for name, scene in scenes.items():
        done = scene.copy(tmp_path_factory.mktemp("done") / "project")
        done.assign(again=name == "again")
        found[name] = {table: (content(scene, table), content(done, table)) for table in TABLES}
    assert all(old != new for tables in found.values() for old, new in tables.values())
    return found


def content(shop, table):
    """Return the rows of a table as a multiset; None if there is no table."""
    if not shop.store.exists(table):
        return None
    return Counter(repr(row) for row in shop.store.scan(table).collect().to_dicts())


def start(shop, scene, what="run", at=0):
    order = "again" if scene == "again" else "once"
    command = [sys.executable, "-c", CHILD, str(shop.root), shop.now.isoformat(), order, what, str(at)]
    root = Path(__file__).parents[3]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)


def check(shop, scene, expected):
    """Assert that the tables are as before or as after, and that the next night makes them as after."""
    states = {table: content(shop, table) for table in TABLES}
    for table in TABLES:
        assert states[table] in expected[table], table
    if states[TABLES[0]] == expected[TABLES[0]][0]:
        assert states[TABLES[1]] == expected[TABLES[1]][0], "the follower is ahead"
    committed = states[TABLES[0]] == expected[TABLES[0]][1]
    done = shop.assign(again=scene == "again" and not committed)
    assert done.fresh is not committed
    assert {table: content(shop, table) for table in TABLES} == {
        table: new for table, (_, new) in expected.items()
    }


@pytest.mark.parametrize("scene", ["first", "second", "again"])
@pytest.mark.parametrize("commits", [1, 2], ids=TABLES)
def test_killed_right_after_a_commit(commits, scene, scenes, ends, tmp_path):
    shop = scenes[scene].copy(tmp_path / "project")
    with start(shop, scene, "kill", commits) as child:
        said, _ = child.communicate()
    assert child.returncode == -signal.SIGKILL
    assert said.split() == ["ready", *TABLES[:commits]]
    check(shop, scene, ends[scene])


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_a_random_instant(seed, scenes, ends, tmp_path):
    scene = ("first", "second", "again")[seed % 3]
    shop = scenes[scene].copy(tmp_path / "project")
    with start(shop, scene, "wait") as child:
        assert child.stdout.readline() == "ready\n"
        time.sleep(random.Random(seed).uniform(0, 0.4))
        child.kill()
        child.wait()
    check(shop, scene, ends[scene])


def test_of_two_nights_at_once_one_is_refused_with_the_holders_name_or_waits(scenes, ends, tmp_path):
    shop = scenes["second"].copy(tmp_path / "project")
    with start(shop, "second", "hold") as child:
        assert [child.stdout.readline() for _ in range(2)] == ["ready\n", f"{TABLES[0]}\n"]
        with pytest.raises(LockedError, match=f"the lake is held by `assign` \\(process {child.pid}, since "):
            shop.assign()
        child.stdin.write("\n" * len(TABLES))
        child.stdin.flush()
        done = shop.assign(wait_seconds=60)
    assert child.returncode == 0
    assert (done.fresh, done.run.attempt) == (False, 1)
    check(shop, "second", ends["second"])


@pytest.mark.parametrize("scene", ["first", "second", "again"])
@pytest.mark.parametrize("commits", [-1, 0, 1])
def test_a_full_disk_is_a_clean_error_and_the_last_state_stays(commits, scene, scenes, ends, tmp_path):
    """Nothing can be written from the start (-1), or after so many commits."""
    shop = scenes[scene].copy(tmp_path / "project")
    with start(shop, scene, "full", commits) as child:
        said, _ = child.communicate()
    assert child.returncode == 0
    assert said.split() == ["ready", *TABLES[: max(commits, 0)], "LakeError"]
    check(shop, scene, ends[scene])
