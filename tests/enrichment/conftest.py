"""A lake of contacts, a provider that is a real server on loopback, and a clock that only tests move."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest

from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.enrichment import queue
from segmentation_pipeline.enrichment.providers import load_providers
from segmentation_pipeline.enrichment.work import Worker
from segmentation_pipeline.ingest.job import import_files
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.partners.waiting import Clock

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities, contact_history]
    history: contact_history
    fields:
      contact_id: {type: text, required: true, unique: true}
      email: {type: text, pii: true, unique: true, normalise: lower, form: email}
      first_name: {type: text, pii: true}
      last_name: {type: text, pii: true}
      full_name: {type: text, pii: true, derived: full_name}
      phone: {type: text, pii: true}
      job_title: text
      company_size: {type: enum, values: ["1-10", "11-50"]}
      age: {type: integer, minimum: 0, pii: true}
      last_enriched_at: {type: datetime, history: false}
      tags: {type: list, of: text, from: {table: contact_tag_assignments, value: tag}}
      custom:
        type: struct
        from: {table: contact_custom_field_values}
        fields: {plan_tier: {type: enum, values: [free, pro]}, seats: integer}
events:
  activities:
    table: activities
    key: contact_id
    type: activity_type
    time: occurred_at
    id: activity_id
    fields:
      activity_id: {type: text, required: true}
      contact_id: text
      activity_type: {type: text, required: true}
      occurred_at: {type: datetime, required: true}
    types:
      purchase: {fields: {revenue: decimal(2)}}
      contact_enriched: {fields: {provider: text}}
  contact_history:
    table: contact_history
    key: contact_id
    type: change_type
    time: changed_at
    id: change_id
    partition_by_month: false
    fields:
      change_id: {type: text, required: true, unique: true}
      contact_id: text
      change_type: {type: text, required: true}
      changed_at: {type: datetime, required: true}
      field_name: text
      old_value: {type: text, pii: true}
      new_value: {type: text, pii: true}
      changed_by: text
      job: text
      notes: text
    types: {field_changed: , tag_added: , tag_removed: }
"""
CONTACTS = """contact_id,email,first_name,last_name,job_title
a,a@x.org,Ann,,
b,b@x.org,,,Clerk
c,c@x.org,,,
d,,Dan,,
"""
PROVIDER = """
kind: http
url: {url}/find
query: {{email: "{{email}}"}}
headers: {{Authorization: Bearer env:FINDER_KEY}}
rate: 10 per second
same: {{email: person.email}}
not_found: {{status: [404], path: person}}
fields:
  first_name: person.name.first
  last_name: person.name.last
  phone: {{column: person.phone, strip: true}}
  job_title: person.title
  company_size: {{column: company.employees, values: {{"7": 1-10, "20": 11-50}}}}
  age: person.age
  custom.plan_tier: person.plan
  tags: person.tags
"""
NOW = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


class Desk:
    """A lake with four contacts, one provider `finder`, and what tests do with them."""

    def __init__(self, folder, url) -> None:
        self.folder = folder
        self.url = url
        self.store = DeltaStore(folder / "lake")
        self.catalog = read_catalog(read_documents(CATALOG, "catalog.yaml")[0])
        self.slept: list[float] = []
        self.now = NOW
        self.env = {"FINDER_KEY": "s3cret"}
        self.provider()

    def load(self, table, text):
        path = self.folder / f"{table}.csv"
        path.write_text(text, encoding="utf-8")
        return import_files(self.store, self.catalog, table, [path], time_zone="UTC", now=lambda: self.now)

    def provider(self, text=PROVIDER, more="", name="finder"):
        path = self.folder / "definitions" / "enrichment" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(url=self.url) + more, encoding="utf-8")

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += dt.timedelta(seconds=seconds)

    def queue(self, *contacts, name="finder", priority=0, again=True):
        keys = pl.Series(contacts, dtype=pl.String)
        return queue.enqueue(self.store, name, keys, priority=priority, now=self.now, again=again)

    def work(self, limit=None, name="finder", wait_seconds=5):
        named = load_providers(self.folder / "definitions", self.catalog)[name]
        clock = Clock(lambda: self.now, self.sleep, lambda: 1.0)
        worker = Worker(
            self.store, self.catalog, time_zone="UTC", env=self.env, clock=clock, wait_seconds=wait_seconds
        )
        return worker.work(named, limit)

    def enrich(self, *contacts, **options):
        self.queue(*contacts)
        return self.work(**options)

    def contact(self, key):
        return self.store.scan("contacts").filter(pl.col("contact_id") == key).collect().to_dicts()[0]

    def entry(self, key, name="finder"):
        (row,) = queue.rows(self.store, name).filter(pl.col("contact_id") == key).to_dicts()
        return row

    def rows(self, table, *columns):
        if not self.store.exists(table):
            return []
        return self.store.scan(table).select(columns).collect().sort(columns).rows()


@pytest.fixture(scope="session")
def catalog_text():
    return CATALOG


@pytest.fixture(scope="session")
def opened(tmp_path_factory):
    """A `Desk` in a folder, for a provider at an address; its contacts are imported only once."""
    first = tmp_path_factory.mktemp("desk")
    Desk(first, "http://127.0.0.1:1").load("contacts", CONTACTS)

    def open_desk(folder, url):
        shutil.copytree(first / "lake", folder / "lake")
        return Desk(folder, url)

    return open_desk


@pytest.fixture
def desk(tmp_path, web, opened):
    return opened(tmp_path, web.url)


@pytest.fixture
def says(web):
    """Let the server answer with JSON; ``{email}`` is echoed unless it says another."""

    def answers(answer, **options):
        def reply(request):
            email = parse_qs(urlsplit(request.path).query)["email"][0]
            said = answer(email) if callable(answer) else answer
            if isinstance(said, web.Reply):
                return said
            if isinstance(said, dict) and isinstance(said.get("person"), dict):
                said = {**said, "person": {"email": email, **said["person"]}}
            return web.Reply(200, json.dumps(said).encode(), {"Content-Type": "application/json"}, **options)

        web.answer = reply

    return answers
