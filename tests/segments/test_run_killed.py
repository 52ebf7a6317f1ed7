"""A run that dies leaves one good state, and the next one ends where it would have ended."""

from __future__ import annotations

import datetime as dt
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace

import pytest

from segmentation_pipeline.errors import LockedError

pytestmark = pytest.mark.integration

TABLES = ("segment_memberships", "segment_transitions", "segment_members", "segments")
FOLLOWERS = TABLES[1:]
# What differs between two runs that publish the same.
OWN = {"run_id", "seconds", "created_at", "updated_at"}
COMMITS = (
    "dictionaries",
    "profile_index_contact",
    "dictionaries",
    "event_index_activities",
    "segment_transition_reasons",
    "segment_definitions",
    "segment_memberships",
    "segment_transitions",
    "segments",
    "segment_members",
)

CHILD = """
import datetime as dt, os, resource, shutil, signal, sys
from pathlib import Path
from segmentation_pipeline.errors import SegmentationError
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.segments.publish import publish
from segmentation_pipeline.workspace import Workspace

root, now = Path(sys.argv[1]), dt.datetime.fromisoformat(sys.argv[2])
count, commit = 0, DeltaStore._commit
before = after = lambda: None

def counted(self, table, *arguments, **options):
    global count
    before()
    result = commit(self, table, *arguments, **options)
    count += 1
    print(table.name, flush=True)
    after()
    return result

DeltaStore._commit = counted

def run(root):
    workspace = Workspace("default", "Tiny", root, root / "segment_definitions", root / "lake")
    publish(workspace, now=lambda: now)
"""
KILLED = """
def after():
    if count == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

print("ready", flush=True)
run(root)
"""
HELD = """
def after():
    sys.stdin.readline()

run(root)
"""
FULL = """
def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def before():
    if count == full:
        limit(0)

for full in map(int, sys.argv[3:]):
    count, copy = 0, root.parent / f"full{full}"
    shutil.copytree(root, copy)
    if full < 0:
        limit(0)
    try:
        run(copy)
    except SegmentationError as error:
        print(f"{type(error).__name__}: {error}".replace("\\n", " "), flush=True)
    finally:
        limit(resource.RLIM_INFINITY)
    print("end", flush=True)
"""


@pytest.fixture(scope="module")
def scenes(made, tmp_path_factory):
    """A project before its first run, and one before a second run that changes everything a run can."""
    first = made[0].copy(tmp_path_factory.mktemp("first"))
    first.contacts(**{f"k{number}": number for number in range(30)})
    first.events(*((f"k{number}", "purchase", first.now - dt.timedelta(days=number)) for number in range(20)))
    first.segment("adults", "where: {field: age, operator: greater_than_or_equal, value: 18}")
    first.segment("minors", "where: {not: {segment: adults}}")
    first.segment("buyers", "where: {event: purchase, within: last 7 days}")
    first.segment("guests", "type: static\nmembers: [k1, k2, nobody]")
    first.segment("hidden", "publish: false\nwhere: {field: age, operator: less_than, value: 3}")
    first.segment("blocked", "type: suppression\nwhere: {field: age, operator: equals, value: 20}")
    first.segment("bad", "where: {field: nonsense, operator: is_empty}")
    second = first.copy(tmp_path_factory.mktemp("second"))
    second.run()
    second.later(days=2)
    second.contacts(**{f"k{number}": number + 1 for number in range(29)}, k99=50)
    second.events(
        *((f"k{number}", "purchase", first.now) for number in range(15)), ("k99", "purchase", second.now)
    )
    second.segment("adults", "where: {field: age, operator: greater_than_or_equal, value: 21}\n"
                   "pins:\n  - {key: k5, put: in, reason: friend}")  # fmt: skip
    second.segment("hidden", "where: {field: age, operator: less_than, value: 3}")
    second.segment("bad", "where: {field: age, operator: is_empty}")
    second.drop("guests")
    return {"first": first, "second": second}


@pytest.fixture(scope="module")
def ends(scenes, tmp_path_factory):
    """What is published before each scene's run, and after it where nothing interrupts."""
    found = {}
    for name, scene in scenes.items():
        done = scene.copy(tmp_path_factory.mktemp("done"))
        done.run()
        found[name] = {table: (content(scene, table), content(done, table)) for table in TABLES}
    grown = found["second"]["segment_transitions"]
    assert (grown[1] - grown[0]).total() > 20
    return found


def content(project, table):
    """Return the rows of a table as a multiset, without what is a run's own; None if there is no table."""
    if not project.store.exists(table):
        return None
    frame = project.store.scan(table).collect()
    return Counter(repr(row) for row in frame.drop(OWN & set(frame.columns)).to_dicts())


def start(program, project, *arguments):
    command = [sys.executable, "-c", CHILD + program, str(project.root), project.now.isoformat(), *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def check(project, expected):
    """Assert that every table opens and is whole, and that the next run ends where it should."""
    for path in (project.root / "lake").glob("*/_delta_log"):
        if project.store.exists(path.parent.name):
            project.store.scan(path.parent.name).collect()
    states = {table: content(project, table) for table in TABLES}
    for table, (old, new) in expected.items():
        assert states[table] in (old, new), f"{table} holds neither the old rows nor the new"
    if states["segment_memberships"] == expected["segment_memberships"][0]:
        assert all(states[table] == expected[table][0] for table in FOLLOWERS), "a follower is ahead"
    project.run()
    assert {table: content(project, table) for table in TABLES} == {
        table: new for table, (_, new) in expected.items()
    }


@pytest.mark.parametrize("commits", range(1, len(COMMITS) + 1), ids=lambda number: COMMITS[number - 1])
def test_killed_right_after_a_commit(commits, scenes, ends, tmp_path):
    project = scenes["second"].copy(tmp_path)
    with start(KILLED, project, str(commits)) as child:
        said, _ = child.communicate()
    assert child.returncode == -signal.SIGKILL
    assert said.split() == ["ready", *COMMITS[:commits]]
    check(project, ends["second"])


@pytest.mark.parametrize("seed", range(10))
def test_killed_at_a_random_instant(seed, scenes, ends, tmp_path):
    scene = "first" if seed % 3 == 0 else "second"
    project = scenes[scene].copy(tmp_path)
    with start(KILLED, project, "0") as child:
        assert child.stdout.readline() == "ready\n"
        time.sleep(random.Random(seed).uniform(0, 0.5))
        child.kill()
        child.wait()
    check(project, ends[scene])


def test_of_two_runs_at_once_one_is_refused_with_the_holders_name_or_waits(scenes, ends, tmp_path):
    project = scenes["second"].copy(tmp_path)
    with start(HELD, project) as child:
        child.stdout.readline()
        with pytest.raises(LockedError, match=f"the lake is held by `run` \\(process {child.pid}, since "):
            project.run()
        child.stdin.write("\n" * len(COMMITS))
        child.stdin.flush()
        project.run(wait_seconds=60)
    assert child.returncode == 0
    check(project, ends["second"])


def test_a_full_disk_is_a_clean_error_and_the_last_state_stays(scenes, ends, tmp_path):
    """Nothing can be written from the start (-1), or after so many commits."""
    stages = (-1, 0, 2, 5, 6, 8)
    project = scenes["second"].copy(tmp_path / "ready")
    with start(FULL, project, *map(str, stages)) as child:
        said, _ = child.communicate()
    assert child.returncode == 0
    *runs, rest = [lines.splitlines() for lines in said.split("end\n")]
    assert rest == []
    assert [lines[:-1] for lines in runs] == [list(COMMITS[: max(full, 0)]) for full in stages]
    for full, lines in zip(stages, runs, strict=True):
        assert lines[-1].startswith("LakeError: ")
        check(replace(project, root=tmp_path / f"full{full}"), ends["second"])
