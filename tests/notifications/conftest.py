"""A small project whose runs are told to a real receiver on loopback."""

from __future__ import annotations

import datetime as dt
import json
import shutil

import polars as pl
import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import catalog_table
from segmentation_pipeline.notifications.notify import notify
from segmentation_pipeline.partners.waiting import Clock
from segmentation_pipeline.segments.publish import publish
from segmentation_pipeline.workspace import Workspace

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    fields:
      contact_id: {type: text, required: true, unique: true}
      email: {type: text, pii: true}
      age: integer
  person:
    table: persons
    key: mail
    fields: {mail: {type: text, pii: true, required: true, unique: true}, age: integer}
"""
SEGMENTS = {
    "adults": "where: {field: age, operator: greater_than_or_equal, value: 30}",
    "old": "where: {field: age, operator: greater_than_or_equal, value: 60}",
}
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
WEBHOOK = """
url: {url}/hook
secret: env:HOOK_SECRET
"""


class Shop:
    """A workspace with contacts by age, the segments `adults` and `old`, and a webhook `crm`."""

    def __init__(self, root, url, now=NOW) -> None:
        self.root = root
        self.url = url
        self.now = now
        self.env = {"HOOK_SECRET": "s3cret"}

    @property
    def workspace(self):
        return Workspace("default", "Shop", self.root, self.root / "segment_definitions", self.root / "lake")

    @property
    def store(self):
        return DeltaStore(self.root / "lake")

    def write(self, name, text):
        path = self.root / "segment_definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def webhook(self, more="", name="crm", url=None):
        self.write(f"webhooks/{name}.yaml", WEBHOOK.format(url=url or self.url) + more)

    def contacts(self, **ages):
        table = catalog_table(load_catalog(self.workspace.catalog_file), "contacts")
        rows = [
            {"contact_id": key, "age": age, "email": f"{key}@x.org", "object_index": ord(key[0]) - ord("a")}
            for key, age in ages.items()
        ]
        self.store.replace(table, pl.DataFrame(rows, schema=table.schema))

    def run(self):
        return publish(self.workspace, now=lambda: self.now)

    def later(self, **span):
        self.now += dt.timedelta(**span)

    def notify(self, wait_seconds=5, **options):
        def sleep(_):
            raise AssertionError("a look at the outbox never waits")

        clock = Clock(lambda: self.now, sleep, lambda: 1.0)
        return notify(self.workspace, env=self.env, clock=clock, wait_seconds=wait_seconds, **options)

    def told(self):
        (one,) = self.notify()
        return one

    def deliveries(self, *columns):
        found = self.store.scan("webhook_deliveries").collect().sort("webhook", "version", "position")
        return found.select(columns).rows()


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """The folder of a shop after its first run: b and c are adults, c is old."""
    root = tmp_path_factory.mktemp("shop")
    shop = Shop(root, "http://127.0.0.1:1")
    shop.write("catalog.yaml", CATALOG)
    for name, rule in SEGMENTS.items():
        shop.write(f"segments/{name}.yaml", f"segment: {name}\n{rule}\n")
    shop.contacts(a=20, b=30, c=70)
    shop.run()
    return root


@pytest.fixture
def shop(published, tmp_path, web):
    root = tmp_path / "shop"
    shutil.copytree(published, root)
    made = Shop(root, web.url)
    made.webhook()
    return made


@pytest.fixture
def bodies(web):
    """What the receiver was told, in its order."""
    return lambda: [json.loads(request.body) for request in web.received]
