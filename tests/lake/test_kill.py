"""A writer killed at any instant leaves the last commit, whole."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import polars as pl
import pytest

WRITER = """
import sys
import polars as pl
from segmentation_pipeline.lake.store import Commit, DeltaStore
from segmentation_pipeline.lake.tables import Table
store = DeltaStore(sys.argv[1])
table = Table("t", pl.Schema({"part": pl.String, "run": pl.Int64}), partition_by=("part",))
parts = ["a", "b", "c"]
for run in range(10_000):
    frame = pl.DataFrame({"part": parts * 1000, "run": [run] * 3000})
    store.replace_where(table, frame, "part", parts, Commit({"run": str(run)}, ("runs", run)))
    print(run, flush=True)
"""


@pytest.mark.parametrize("delay", [0.0, 0.013, 0.031])
def test_a_killed_writer_leaves_one_whole_version(delay, store):
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, store.root.text], stdout=subprocess.PIPE, text=True
    ) as writer:
        last = 0
        while last < 3:
            last = int(writer.stdout.readline())
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    version = store.version("t")
    frame = store.scan("t", version).collect()
    runs = frame["run"].unique().to_list()
    assert runs == [store.transaction("t", "runs")]
    assert runs[0] >= last
    assert store.commit_metadata("t", version) == {"run": str(runs[0])}
    assert frame.group_by("part").len().sort("part")["len"].to_list() == [1000, 1000, 1000]
    assert frame.schema == pl.Schema({"part": pl.String, "run": pl.Int64})
