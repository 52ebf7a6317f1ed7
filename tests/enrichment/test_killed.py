"""A SIGKILL at any instant: run again, each contact ends completed or failed once, with one answer."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from segmentation_pipeline.lake.store import DeltaStore

pytestmark = pytest.mark.integration

# A process that has imported everything and done nothing forks one child a pass, so that a kill costs
# no start. The child counts the commits of the store and kills itself right after the one it is told,
# or is killed after some seconds; the product knows nothing of it.
SERVER = """
import json, os, random, signal, sys, time
from datetime import UTC, datetime
from pathlib import Path
from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.enrichment import work
from segmentation_pipeline.enrichment.providers import load_providers
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.partners.waiting import Clock

work.SAVED, work.APPLIED = 2, 4
count = 0

def counted(method, last):
    def commit(*arguments, **options):
        global count
        version = method(*arguments, **options)
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return version
    return commit

def child(folder, last):
    for name in ("append", "merge", "delete", "replace"):
        setattr(DeltaStore, name, counted(getattr(DeltaStore, name), last))
    catalog = load_catalog(folder / "catalog.yaml")
    clock = Clock(lambda: datetime.now(UTC), time.sleep, random.random)
    named = load_providers(folder / "definitions", catalog)["finder"]
    work.Worker(DeltaStore(folder / "lake"), catalog, time_zone="UTC", env={}, clock=clock).work(named)

for line in sys.stdin:
    order = json.loads(line)
    started = time.monotonic()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        child(Path(order["folder"]), order["last"])
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
PROVIDER = """
kind: http
url: {url}/find/{{contact_id}}
rate: 1000 per second
overwrite: always
fields: {{job_title: title, last_name: name, custom.seats: seats, tags: tags}}
"""
CONTACTS = [f"k{number}" for number in range(9)]
LIAR, STRANGER = "k3", "k5"


@pytest.fixture
def asked(web):
    """The provider numbers its answers of a contact; to one it lies, and one it does not know."""
    counts: dict[str, int] = {}

    def reply(request):
        contact = request.path.rpartition("/")[2]
        counts[contact] = counts.get(contact, 0) + 1
        if contact == STRANGER:
            return web.Reply(404)
        number = counts[contact]
        said = {"title": f"v{number}", "name": f"v{number}", "seats": number, "tags": [f"v{number}"]}
        return web.Reply(200, json.dumps(said | ({"seats": "x"} if contact == LIAR else {})).encode())

    web.answer = reply
    return counts


@pytest.fixture
def first(opened, tmp_path, web, catalog_text):
    """A folder in which nine contacts wait for the provider."""
    desk = opened(tmp_path, web.url)
    desk.provider(PROVIDER)
    (tmp_path / "catalog.yaml").write_text(catalog_text)
    desk.load("contacts", "contact_id,job_title\n" + "".join(f"{name},old\n" for name in CONTACTS))
    desk.queue(*CONTACTS)
    return tmp_path


@pytest.fixture(scope="module")
def run():
    """Work the queue; die right after commit ``last``, or ``after`` some seconds."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as server:

        def order(folder, last=0, after=None):
            server.stdin.write(json.dumps({"folder": str(folder), "last": last, "after": after}) + "\n")
            server.stdin.flush()
            return json.loads(server.stdout.readline())

        yield order
        server.stdin.close()


def copied(first, name):
    folder = first / "copies" / name
    for part in ("lake", "definitions"):
        shutil.copytree(first / part, folder / part)
    shutil.copy(first / "catalog.yaml", folder)
    return folder


def killed(status):
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def check(folder):
    """Nothing is lost, nothing is there twice, and no two answers are mixed."""
    store = DeltaStore(folder / "lake")
    rows = store.scan("contact_enrichment_queue").collect()
    ended = dict(
        rows.select("contact_id", pl.concat_str("status", pl.col("outcome").fill_null(""))).iter_rows()
    )
    good = [name for name in CONTACTS if name not in (LIAR, STRANGER)]
    assert ended == dict.fromkeys(good, "completedenriched") | {
        LIAR: "failed",
        STRANGER: "completednot_found",
    }
    assert rows["answer"].null_count() == len(CONTACTS)
    told = store.scan("activities").collect()
    assert sorted(told["contact_id"]) == good
    history = store.scan("contact_history").filter(pl.col("job") == "enrichment finder").collect()
    people = store.scan("contacts").collect()
    values = store.scan("contact_custom_field_values").collect()
    tags = store.scan("contact_tag_assignments").collect()
    for name in good:
        (person,) = people.filter(pl.col("contact_id") == name).to_dicts()
        said = person["job_title"]
        assert re.fullmatch(r"v\d+", said)
        assert person["last_name"] == said
        assert values.filter(pl.col("contact_id") == name)["value_number"].to_list() == [int(said[1:])]
        assert tags.filter(pl.col("contact_id") == name)["tag"].to_list() == [said]
        mine = history.filter(pl.col("contact_id") == name)
        assert sorted(mine["field_name"]) == ["custom.seats", "job_title", "last_name", "tags"]
        assert set(mine["new_value"]) == {said, said[1:]}
    for name in (LIAR, STRANGER):
        assert people.filter(pl.col("contact_id") == name)["job_title"].to_list() == ["old"]
        assert history.filter(pl.col("contact_id") == name).is_empty()


def test_right_after_every_commit(run, first, asked):
    whole = copied(first, "whole")
    done = run(whole)
    assert done["status"] == 0
    check(whole)
    assert done["commits"] > 15
    for last in range(1, done["commits"] + 1):
        folder = copied(first, str(last))
        assert killed(run(folder, last=last)["status"])
        assert run(folder)["status"] == 0
        check(folder)


def test_at_random_instants(run, first, asked):
    seconds = run(copied(first, "whole"))["seconds"]
    chance = random.Random(20260701)
    ended = []
    for number in range(6):
        folder = copied(first, str(number))
        # On a quick day the queue may be done before its end comes.
        ended += [run(folder, after=chance.uniform(0.02, 0.9) * seconds)["status"] for _ in range(2)]
        assert run(folder)["status"] == 0
        check(folder)
    assert any(killed(status) for status in ended)
