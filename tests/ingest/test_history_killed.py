"""A SIGKILL between any two commits: every change that landed is kept once, and no other."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from segmentation_pipeline.lake.store import DeltaStore

pytestmark = pytest.mark.integration

CATALOG = Path(__file__).parents[2] / "segment_definitions" / "catalog.yaml"
# A process that has imported everything and done nothing forks one child an order, so that a kill
# costs no start. The child kills itself right after the commit it is told.
SERVER = """
import json, os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.ingest.job import import_files
from segmentation_pipeline.ingest.mapping_file import load_mapping
from segmentation_pipeline.lake.store import DeltaStore

folder, catalog, count = Path(sys.argv[1]), load_catalog(Path(sys.argv[2])), 0

def counted(method, last):
    def commit(*arguments, **options):
        global count
        version = method(*arguments, **options)
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return version
    return commit

def child(lake, file, day, last):
    for name in ("append", "merge", "delete", "replace"):
        setattr(DeltaStore, name, counted(getattr(DeltaStore, name), last))
    import_files(
        DeltaStore(lake), catalog, "contacts", [folder / file], load_mapping(folder / "people.yaml", catalog),
        time_zone="UTC", now=lambda: datetime(2026, 7, day, tzinfo=UTC), batch_rows=2,
    )

for line in sys.stdin:
    order = json.loads(line)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        child(order["lake"], order["file"], order["day"], order["last"])
        os.write(writer, str(count).encode())
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(pid, 0)
    commits = int(os.read(reader, 20) or 0)
    os.close(reader)
    print(json.dumps({"status": status, "commits": commits}), flush=True)
"""
MAPPING = """
table: contacts
columns:
  contact_id: id
  first_name: name
  tags: {column: tags, split: ";"}
  custom.lifecycle_stage: stage
"""
FIRST = "id,name,tags,stage\na,Ann,vip;old,lead\nb,Bob,vip,lead\nc,Cid,,\nd,Dan,old,customer\n"
SECOND = "id,name,tags,stage\na,Anna,vip;new,customer\nb,Bob,,lead\nc,Cyd,new,lead\nd,Dan,old,\n"
SECOND += "e,Eve,new,lead\n"
EXPECTED = [
    ("a", "field_changed", "custom.lifecycle_stage", "lead", "customer"),
    ("a", "field_changed", "first_name", "Ann", "Anna"),
    ("a", "tag_added", "tags", None, "new"),
    ("a", "tag_removed", "tags", "old", None),
    ("b", "tag_removed", "tags", "vip", None),
    ("c", "field_changed", "custom.lifecycle_stage", None, "lead"),
    ("c", "field_changed", "first_name", "Cid", "Cyd"),
    ("c", "tag_added", "tags", None, "new"),
    ("d", "field_changed", "custom.lifecycle_stage", "customer", None),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Import a file into a lake; die right after commit ``last``."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "people.yaml").write_text(MAPPING)
    (folder / "first.csv").write_text(FIRST)
    (folder / "second.csv").write_text(SECOND)
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder), str(CATALOG)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as server:

        def order(lake, file, day, last=0):
            said = {"lake": str(lake), "file": file, "day": day, "last": last}
            server.stdin.write(json.dumps(said) + "\n")
            server.stdin.flush()
            return json.loads(server.stdout.readline())

        yield order
        server.stdin.close()


def kept(lake):
    store = DeltaStore(lake)
    if not store.exists("contact_history"):
        return []
    columns = ("contact_id", "change_type", "field_name", "old_value", "new_value")
    return sorted(store.scan("contact_history").select(columns).collect().rows(), key=str)


def landed(lake):
    """The changes of which the tables themselves show that they were made."""
    store = DeltaStore(lake)
    name = dict(store.scan("contacts").select("contact_id", "first_name").collect().rows())
    tags = set(store.scan("contact_tag_assignments").select("contact_id", "tag").collect().rows())
    values = store.scan("contact_custom_field_values").select("contact_id", "value_text").collect()
    stage = dict(values.rows())
    found = []
    for row in EXPECTED:
        key, change, field, old, new = row
        if change == "field_changed":
            now = name[key] if field == "first_name" else stage.get(key)
            found += [row] if now == new else []
        elif ((key, new or old) in tags) == (change == "tag_added"):
            found.append(row)
    return sorted(found, key=str)


@pytest.fixture(scope="module")
def first(run, tmp_path_factory):
    """A lake with the first file, to be copied."""
    lake = tmp_path_factory.mktemp("first")
    assert run(lake, "first.csv", 1)["status"] == 0
    assert kept(lake) == []
    return lake


@pytest.fixture(scope="module")
def commits(run, first, tmp_path_factory):
    lake = shutil.copytree(first, tmp_path_factory.mktemp("whole") / "lake")
    done = run(lake, "second.csv", 2)
    assert done["status"] == 0
    assert kept(lake) == sorted(EXPECTED, key=str)
    return done["commits"]


@pytest.mark.parametrize("share", range(3))
def test_after_every_commit_the_same_import_goes_on(run, first, commits, tmp_path, share):
    for last in range(1 + share, commits + 1, 3):
        lake = shutil.copytree(first, tmp_path / str(last))
        assert os.WTERMSIG(run(lake, "second.csv", 2, last)["status"]) == signal.SIGKILL
        assert run(lake, "second.csv", 3)["status"] == 0
        assert kept(lake) == sorted(EXPECTED, key=str)
        assert DeltaStore(lake).scan("contact_history_pending").collect().is_empty()


@pytest.mark.parametrize("share", range(3))
def test_after_every_commit_another_import_keeps_what_landed(run, first, commits, tmp_path, share):
    for last in range(1 + share, commits + 1, 3):
        lake = shutil.copytree(first, tmp_path / str(last))
        assert os.WTERMSIG(run(lake, "second.csv", 2, last)["status"]) == signal.SIGKILL
        before = landed(lake)
        back = [(key, change, field, new, old) for key, change, field, old, new in before]
        turned = {"tag_added": "tag_removed", "tag_removed": "tag_added"}
        undone = [(k, turned.get(change, change), f, old, new) for k, change, f, old, new in back]
        assert run(lake, "first.csv", 3)["status"] == 0
        assert kept(lake) == sorted([*before, *undone], key=str)
