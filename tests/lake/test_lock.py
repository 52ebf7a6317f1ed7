"""One writer at a time; a refusal names the other, and a dead one holds nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from segmentation_pipeline.errors import LockedError
from segmentation_pipeline.lake.lock import lake_lock

HOLD = """
import sys, time
from pathlib import Path
from segmentation_pipeline.lake.lock import lake_lock
with lake_lock(Path(sys.argv[1]), "import of contacts"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_holder_is_refused_and_told_who_and_since_when(tmp_path, other):
    with pytest.raises(LockedError) as caught, lake_lock(tmp_path, "run"):
        pass
    assert f"`import of contacts` (process {other.pid}, since 20" in str(caught.value)


def test_a_killed_holder_frees_the_lock(tmp_path, other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    with lake_lock(tmp_path, "run"), pytest.raises(LockedError, match="`run`"), lake_lock(tmp_path, "again"):
        pass


def test_the_same_process_holds_it_once(tmp_path):
    with (
        lake_lock(tmp_path, "run"),
        pytest.raises(LockedError, match=rf"`run` \(process {os.getpid()}, since .*\+00:00\)"),
        lake_lock(tmp_path, "run"),
    ):
        pass


def test_it_is_free_after_its_holder_failed(tmp_path):
    with pytest.raises(RuntimeError, match="boom"), lake_lock(tmp_path, "run"):
        raise RuntimeError("boom")
    with lake_lock(tmp_path, "run"):
        said = (tmp_path / ".lock").read_text()
    assert re.search(r'"holder": "run"', said)
    assert (tmp_path / ".lock").read_text() == ""


def test_waiting_ends_when_the_holder_does(tmp_path):
    held = threading.Event()

    def hold():
        with lake_lock(tmp_path, "first"):
            held.set()
            time.sleep(0.3)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    started = time.monotonic()
    with lake_lock(tmp_path, "second", wait_seconds=30):
        assert 0.1 < time.monotonic() - started < 20
    thread.join()


def test_waiting_in_vain_is_refused_after_its_time(tmp_path, other):
    started = time.monotonic()
    with pytest.raises(LockedError), lake_lock(tmp_path, "run", wait_seconds=0.2):
        pass
    assert time.monotonic() - started >= 0.2


def test_the_lake_need_not_exist_yet(tmp_path):
    with lake_lock(tmp_path / "data" / "lake", "run"):
        assert (tmp_path / "data" / "lake").is_dir()
