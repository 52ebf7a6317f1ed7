"""A SIGKILL at any instant: importing again ends where an import that was let alone does."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from segmentation_pipeline.lake.store import DeltaStore

pytestmark = pytest.mark.integration

# A process that has imported everything and done nothing forks one child an import, so that a kill
# costs no start. The child counts the commits of the store and kills itself right after the one it
# is told, or is killed after some seconds; the product knows nothing of it.
SERVER = """
import json, os, signal, sys, time
from datetime import UTC, datetime
from pathlib import Path
from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.ingest.job import import_files
from segmentation_pipeline.ingest.mapping_file import load_mapping
from segmentation_pipeline.lake.store import DeltaStore

folder, count = Path(sys.argv[1]), 0

def counted(method, last):
    def commit(*arguments, **options):
        global count
        version = method(*arguments, **options)
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return version
    return commit

def child(lake, last):
    for name in ("append", "merge", "delete"):
        setattr(DeltaStore, name, counted(getattr(DeltaStore, name), last))
    catalog, store = load_catalog(folder / "catalog.yaml"), DeltaStore(lake)
    for name, table in (("activities", "activities"), ("people", "contacts")):
        import_files(
            store, catalog, table, [folder / f"{name}.csv"], load_mapping(folder / f"{name}.yaml", catalog),
            time_zone="UTC", now=lambda: datetime(2026, 7, 1, tzinfo=UTC), batch_rows=15,
        )

for line in sys.stdin:
    order = json.loads(line)
    started = time.monotonic()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        child(order["lake"], order["last"])
        os.write(writer, str(count).encode())
        os._exit(0)
    os.close(writer)
    if order["after"] is not None:
        time.sleep(order["after"])
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    commits = int(os.read(reader, 20) or 0)
    os.close(reader)
    answer = {"status": status, "commits": commits, "seconds": time.monotonic() - started}
    print(json.dumps(answer), flush=True)
"""
ACTIVITIES = """
table: activities
columns: {contact_id: who, activity_type: {constant: purchase}, occurred_at: when, revenue: amount}
creates: {contacts: {status: state}}
"""
PEOPLE = """
table: contacts
columns:
  contact_id: id
  email: mail
  first_name: name
  tags: {column: tags, split: ";"}
  custom.plan_tier: plan
"""
DATA = (
    "contacts",
    "activities",
    "activities_orphaned",
    "contact_tag_assignments",
    "contact_custom_field_values",
)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory, catalog_text):
    folder = tmp_path_factory.mktemp("inputs")
    chance = random.Random(7)
    lines = ["who,when,amount,state"]
    for _ in range(30):
        who = chance.choice(["", "a", "b", "c", "d", "z"])
        # No contact has the status odd: rows of c, d and z wait, those of c and d until the people come.
        state = "active" if who in ("a", "b") else "odd"
        lines.append(f"{who},2026-0{chance.randint(1, 2)}-05,{chance.randint(1, 3)},{state}")
    people = ["id,mail,name,tags,plan", "c,c@x.org,Cid,vip;new,pro", "a,a@x.org,Ann,vip,free"]
    people += ["e,A@x.org,Eve,,", "b,b@x.org,Bob,new,odd", "c,c@x.org,Cyd,vip,free", "d,a2@x.org,Dan,x,"]
    people += ["f,f@x.org,Flo,,pro", "g,,Gus,a;b,", "b,b@x.org,Bo,old,pro", "h,,Hal,,", "i,,Ida,,pro"]
    people += ["j,,Jon,a,", "k,,Kim,,"]
    (folder / "activities.csv").write_text("\n".join(lines) + "\n")
    (folder / "people.csv").write_text("\n".join(people) + "\n")
    (folder / "activities.yaml").write_text(ACTIVITIES)
    (folder / "people.yaml").write_text(PEOPLE)
    (folder / "catalog.yaml").write_text(catalog_text)
    return folder


@pytest.fixture(scope="module")
def run(inputs):
    """Import into a lake; die right after commit ``last``, or ``after`` some seconds."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(inputs)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as server:

        def order(lake, last=0, after=None):
            server.stdin.write(json.dumps({"lake": str(lake), "last": last, "after": after}) + "\n")
            server.stdin.flush()
            return json.loads(server.stdout.readline())

        yield order
        server.stdin.close()


@pytest.fixture(scope="module")
def whole(run, tmp_path_factory):
    """An import that was let alone: its tables, how many commits and seconds it took."""
    lake = tmp_path_factory.mktemp("whole")
    done = run(lake)
    assert done["status"] == 0
    return tables(lake), done["commits"], done["seconds"]


def tables(lake):
    store = DeltaStore(lake)
    found = {}
    for name in DATA:
        frame = store.scan(name).collect()
        found[name] = frame.sort(pl.all())
    return found


def killed(status):
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def check(run, lake, expected):
    again = run(lake)
    assert again["status"] == 0
    for name, frame in tables(lake).items():
        assert_frame_equal(frame, expected[name])
    jobs = DeltaStore(lake).scan("import_jobs").collect().sort("job")
    assert "processing" not in jobs["status"].to_list()
    records = DeltaStore(lake).scan("import_records").collect()
    last = jobs.filter(pl.col("table") == "contacts")["job"][-1]
    assert records.filter(pl.col("job") == last)["value"].sort().to_list() == ["a@x.org", "odd"]


def test_the_whole_import_does_what_a_kill_might_undo(whole):
    found, commits, _ = whole
    assert commits > 15
    assert found["activities_orphaned"].filter(pl.col("contact_id").is_in(["c", "d"])).is_empty()
    assert set(found["activities"]["contact_id"]) == {"a", "b", "c", "d"}
    assert found["activities"].height + found["activities_orphaned"].height == 30
    assert found["contacts"]["object_index"].sort().to_list() == list(range(10))
    assert found["contact_tag_assignments"].height == 7


@pytest.mark.parametrize("share", range(4))
def test_right_after_every_commit(run, whole, tmp_path, share):
    expected, commits, _ = whole
    for last in range(1 + share, commits + 1, 4):
        lake = tmp_path / str(last)
        assert killed(run(lake, last=last)["status"])
        check(run, lake, expected)


def test_at_random_instants(run, whole, tmp_path):
    expected, _, seconds = whole
    chance = random.Random(20260701)
    ended = []
    for at in range(5):
        lake = tmp_path / str(at)
        # On a quick day the import may be done before its end comes.
        instants = [chance.uniform(0.02, 0.9) * seconds for _ in range(chance.randint(1, 2))]
        ended += [run(lake, after=instant)["status"] for instant in instants]
        check(run, lake, expected)
    assert any(killed(status) for status in ended)
    assert all(killed(status) or status == 0 for status in ended)
