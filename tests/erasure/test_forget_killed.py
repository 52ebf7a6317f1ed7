"""Killed by the operating system at any instant, an erasure is finished by the next one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from segmentation_pipeline.erasure.pending import read_pending
from segmentation_pipeline.ingest.erased import ERASURES

MARK = "Xq7Zmark"
KILLS = 12


@pytest.mark.integration
def test_killed_again_and_again_it_ends_where_it_would_have_ended(lake, forgotten):
    chance = random.Random(7)
    program = "from segmentation_pipeline.cli.main import main; main()"
    command = [sys.executable, "-c", program, "forget", MARK, "--project", str(lake.project)]
    killed = 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)
        )
        time.sleep(chance.uniform(0.8, 4.0))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.wait()
        if process.returncode == 0:
            break
    assert killed
    lake.run("forget", MARK)
    assert lake.traces() == []
    assert read_pending(lake.store) is None
    assert set(lake.store.scan(ERASURES.name).collect()["status"]) == {"finished"}
    for name in ("contacts", "activities", "people", "contact_notes", "segment_memberships"):
        assert lake.rows(name) == forgotten.rows(name), name
