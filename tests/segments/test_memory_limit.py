"""A run that may not have enough memory leaves the last good state, and its process stays below the limit."""

from __future__ import annotations

import subprocess
import sys

import polars as pl
import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.errors import OutOfMemory
from segmentation_pipeline.lake.tables import catalog_table
from segmentation_pipeline.segments import basis as module

ADULTS = "where: {field: age, operator: greater_than_or_equal, value: 30}"
MB = 10**6
CHILD = """
import dataclasses, datetime as dt, resource, sys
from pathlib import Path
from segmentation_pipeline.errors import OutOfMemory
from segmentation_pipeline.evaluation.memory import memory_used
from segmentation_pipeline.segments.publish import publish
from segmentation_pipeline.workspace import Workspace

root, now, more = Path(sys.argv[1]), dt.datetime.fromisoformat(sys.argv[2]), int(sys.argv[3])
limit = memory_used() + more
places = {"project": root, "definitions": root / "segment_definitions", "lake": root / "lake"}
workspace = Workspace("default", "Tiny", **places, memory_limit=limit)
try:
    publish(workspace, now=lambda: now, full=True)
except OutOfMemory as error:
    most = max(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:")) * 1024
    print("below" if most <= limit else f"{most} is above {limit}", error)
    sys.exit(3)
"""


def test_a_run_without_enough_memory_publishes_nothing(published):
    before = published.versions()
    published.contacts(a=50, b=30, c=40)
    published.settings = {"memory_limit": 1024}
    with pytest.raises(OutOfMemory):
        published.run()
    assert published.members("adults") == ["b", "c"]
    assert published.versions()["segment_memberships"] == before["segment_memberships"]
    published.settings = {}
    published.run()
    assert published.members("adults") == ["a", "b", "c"]


def test_memory_that_runs_out_while_members_are_written_leaves_the_old_ones(published, monkeypatch):
    from segmentation_pipeline.evaluation.memory import MemoryLimit

    def full(_limit, doing):
        if doing.startswith("writing"):
            raise OutOfMemory("out of memory", where=doing)

    monkeypatch.setattr(MemoryLimit, "check", full)
    published.contacts(a=50, b=30, c=40)
    published.settings = {"memory_limit": 10**15}
    with pytest.raises(OutOfMemory) as raised:
        published.run()
    assert raised.value.where == "writing the members of `adults`"
    assert published.members("adults") == ["b", "c"]
    assert published.keyed("adults") == ["b", "c"]


def test_a_smaller_bucket_needs_less_and_finds_the_same(published, monkeypatch):
    announced = []
    monkeypatch.setattr(module, "footprint", lambda *given: announced.append(given[3]) or 0)
    published.settings = {"memory_limit": 10**15, "bucket_size": 2}
    published.run(full=True)
    assert announced == [2]
    assert published.members("adults") == ["b", "c"]


@pytest.mark.integration
def test_a_real_process_is_refused_before_it_reads_what_does_not_fit(project):
    """Half a million contacts with long texts, read at once, and a limit far below what that takes."""
    many = 500_000
    number = pl.int_range(many, dtype=pl.Int64)
    key = pl.format("{}-{}", pl.lit("contact" * 12), number)
    table = catalog_table(load_catalog(project.workspace.catalog_file), "contacts")
    rows = pl.select(contact_id=key, email=pl.format("{}@x.org", key), plan=key, age=number % 90,
                     object_index=number)  # fmt: skip
    empty = {
        name: pl.lit(None, dtype=kind) for name, kind in table.schema.items() if name not in rows.columns
    }
    project.store.replace(table, rows.with_columns(**empty).select(table.schema.names()))
    project.segment("adults", ADULTS)
    project.segment("found", "where: {any: [{field: email, operator: contains, value: '9@'},"
                    " {field: plan, operator: contains, value: '77'}]}")  # fmt: skip
    project.run()
    before = project.versions()
    command = [sys.executable, "-c", CHILD, str(project.root), project.now.isoformat()]
    refused = subprocess.run([*command, str(100 * MB)], capture_output=True, text=True, check=False)
    assert refused.returncode == 3, refused.stderr
    assert refused.stdout.startswith("below")
    assert "out of memory" in refused.stdout
    assert project.versions() == before
    granted = subprocess.run([*command, str(10_000 * MB)], capture_output=True, text=True, check=False)
    assert granted.returncode == 0, granted.stderr
