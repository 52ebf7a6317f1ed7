"""A SIGKILL between publishing and delivering, or in the middle: nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

# As in the tests of other kills: one process forks a child a pass, which counts the commits of the store
# and kills itself right after the one it is told. The receiver may kill it too, in the middle of a request.
SERVER = """
import datetime as dt, json, os, random, signal, sys, time
from pathlib import Path
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.notifications import sending
from segmentation_pipeline.notifications.notify import notify
from segmentation_pipeline.partners.waiting import Clock
from segmentation_pipeline.segments.publish import publish
from segmentation_pipeline.workspace import Workspace

sending._SAVED = 2
now = lambda: dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
count, commit = 0, DeltaStore._commit

def child(root, last):
    def counted(self, *arguments, **options):
        global count
        version = commit(self, *arguments, **options)
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return version
    DeltaStore._commit = counted
    (root / "pid").write_text(str(os.getpid()))
    workspace = Workspace("default", "Shop", root, root / "segment_definitions", root / "lake")
    publish(workspace, now=now)
    notify(workspace, env={"HOOK_SECRET": "s"}, clock=Clock(now, time.sleep, random.random), wait_seconds=5)

for line in sys.stdin:
    order = json.loads(line)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        child(Path(order["root"]), order["last"])
        os.write(writer, str(count).encode())
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(pid, 0)
    commits = int(os.read(reader, 20) or 0)
    os.close(reader)
    print(json.dumps({"status": status, "commits": commits}), flush=True)
"""
PEOPLE = {"b": 20, "c": 30, "d": 40, "e": 50, "f": 70, "g": 80}


@pytest.fixture(scope="module")
def run():
    """Publish and notify; die right after commit ``last``."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as server:

        def order(shop, last=0):
            server.stdin.write(json.dumps({"root": str(shop.root), "last": last}) + "\n")
            server.stdin.flush()
            return json.loads(server.stdout.readline())

        yield order
        server.stdin.close()


@pytest.fixture
def ready(shop):
    """A shop that has been told of its first run, and in which people have moved since."""
    shop.webhook("batch_size: 1\n")
    shop.notify()
    shop.contacts(a=20, **PEOPLE)
    return shop


def copied(shop, name):
    root = shop.root.parent / name
    shutil.copytree(shop.root, root)
    return type(shop)(root, shop.url)


def killed(status):
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def moves(bodies):
    """Return who moved where, in the order of their first coming, of the second run."""
    first = {body["delivery"]: body for body in bodies if body["run"] == "run-000002"}
    return [(one["event"], one["segment"], *one["keys"]) for one in first.values() if "segment" in one]


EXPECTED = [
    ("segment_left", "adults", "b"),
    *(("segment_entered", "adults", key) for key in "defg"),
    ("segment_left", "old", "c"),
    *(("segment_entered", "old", key) for key in "fg"),
]


def check(shop, bodies):
    assert moves(bodies) == EXPECTED
    by_id = {}
    for body in bodies:
        assert by_id.setdefault(body["delivery"], body) == body
    assert set(by_id) == {row[0] for row in shop.deliveries("delivery_id")}
    assert {row[0] for row in shop.deliveries("status")} == {"delivered"}
    assert sum(body["event"] == "run_finished" for body in by_id.values()) >= 2


def test_right_after_every_commit(run, ready, web, bodies):
    before = list(web.received)
    whole = copied(ready, "whole")
    done = run(whole)
    assert done["status"] == 0
    check(whole, bodies())
    assert done["commits"] > 10
    for last in range(1, done["commits"] + 1):
        web.received[:] = before
        shop = copied(ready, str(last))
        assert killed(run(shop, last)["status"])
        assert run(shop)["status"] == 0
        check(shop, bodies())


def test_in_the_middle_of_a_delivery(run, ready, web, bodies):
    before = list(web.received)
    for number in range(1, 9, 2):
        web.received[:] = before
        shop = copied(ready, f"request {number}")

        def reply(_, number=number, shop=shop):
            if len(web.received) == len(before) + number:
                os.kill(int((shop.root / "pid").read_text()), signal.SIGKILL)
            return web.Reply(200)

        web.answer = reply
        assert killed(run(shop)["status"])
        web.answer = lambda _: web.Reply(200)
        assert run(shop)["status"] == 0
        told = [body["delivery"] for body in bodies()]
        assert len(told) > len(set(told))
        check(shop, bodies())
