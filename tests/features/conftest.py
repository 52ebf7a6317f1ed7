"""A lake of contacts, events, merges and suppressions, and short ways to change it."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass, field

import polars as pl
import pytest

from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.catalog.scores import COLUMNS
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.features.refresh import refresh_features
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import catalog_table

_FIELDS = "\n".join(f"      {name}: {kind}" for name, kind in COLUMNS.items())
CATALOG = f"""
objects:
  contact:
    table: contacts
    key: contact_id
    merges: contact_merges
    events: [activities]
    relations:
      engagement: {{object: engagement, key: contact_id}}
      suppressions: {{object: suppression_match, foreign_key: contact_id, time: suppressed_at}}
    fields:
      contact_id: {{type: text, required: true, unique: true}}
      email: text
      first_name: text
      city: text
  engagement:
    table: contact_engagement
    key: contact_id
    derived: true
    fields:
      contact_id: {{type: text, required: true, unique: true}}
{_FIELDS}
  suppression:
    table: contact_suppressions
    key: suppression_id
    fields:
      suppression_id: {{type: text, required: true, unique: true}}
      suppression_type: text
      email: text
      domain: text
      contact_id: text
      reason: text
      suppressed_at: datetime
      expires_at: datetime
  suppression_match:
    table: contact_suppression_matches
    key: match_id
    derived: true
    fields:
      match_id: {{type: text, required: true, unique: true}}
      contact_id: {{type: text, required: true}}
      suppression_id: {{type: text, required: true}}
      suppression_type: text
      matched_by: text
      reason: text
      suppressed_at: datetime
      expires_at: datetime
tables:
  contact_merges:
    key: [merge_id]
    columns:
      merge_id: text
      primary_id: text
      merged_id: text
      action: {{type: enum, values: [merge, undo]}}
      merged_at: datetime
events:
  activities:
    table: activities
    key: contact_id
    type: kind
    time: at
    id: activity_id
    fields: {{activity_id: text, contact_id: text, kind: text, at: datetime}}
    types:
      sent: {{}}
      delivered: {{}}
      opened: {{}}
      clicked: {{}}
      replied: {{}}
      bounced: {{}}
      visited: {{}}
      bought: {{fields: {{revenue: decimal(2)}}}}
      renewed: {{fields: {{amount: decimal(4)}}}}
      moved: {{}}
meanings:
  sent: sent
  delivered: delivered
  open: opened
  click: clicked
  reply: replied
  bounce: bounced
  conversion: [bought, renewed]
  revenue: [bought.revenue, renewed.amount]
  seen: [opened, clicked, replied, visited, bought]
features:
  engagement:
    received: delivered
    minimum: 2
    score:
      - {{recency: open, weight: 30, half_life: 10}}
      - {{recency: reply, weight: 20, half_life: 5}}
      - {{rate: click, weight: 30, full_at: 0.5}}
      - {{count: conversion, weight: 20, full_at: 2}}
    completeness: {{email: 50, first_name: 30, city: 20}}
"""
START = dt.datetime(2026, 1, 10, tzinfo=dt.UTC)


def catalog_of(text=CATALOG):
    (document,) = read_documents(text, "catalog.yaml")
    return read_catalog(document)


def day(number, hour=0):
    return START + dt.timedelta(days=number, hours=hour)


@dataclass
class World:
    store: DeltaStore
    catalog: object = field(default_factory=catalog_of)
    as_of: dt.datetime = field(default_factory=lambda: day(20))
    numbers: itertools.count = field(default_factory=itertools.count)
    day = staticmethod(day)

    def declare(self, old, new):
        """Change the catalog."""
        assert old in CATALOG
        self.catalog = catalog_of(CATALOG.replace(old, new))

    def frame(self, table, rows):
        laid = catalog_table(self.catalog, table)
        full = [{name: row.get(name) for name in laid.schema} for row in rows]
        return laid, pl.DataFrame(full, schema=laid.schema)

    def contacts(self, *keys, **fields):
        """Add or change contacts: each a key, or a mapping of fields."""
        held = self.indexes()
        rows = [key if isinstance(key, dict) else {"contact_id": key} for key in keys]
        after = max(self.store.transaction("contacts", "object_index") or 0, *held.values(), 0) + 1
        for row in rows:
            if row["contact_id"] not in held:
                held[row["contact_id"]] = after
                after += 1
        laid, frame = self.frame(
            "contacts", [{**fields, **row, "object_index": held[row["contact_id"]]} for row in rows]
        )
        self.store.merge(laid, frame, ("contact_id",))

    def indexes(self):
        if not self.store.exists("contacts"):
            return {}
        return dict(self.store.scan("contacts").select("contact_id", "object_index").collect().iter_rows())

    def forget(self, *keys):
        """Delete contacts with their events, as an erasure does."""
        gone = pl.DataFrame({"contact_id": list(keys)})
        for table in ("activities", "contacts"):
            if self.store.exists(table):
                self.store.delete(catalog_table(self.catalog, table), gone, ("contact_id",))

    def drop(self, *keys):
        """Delete contacts; their events stay."""
        laid = catalog_table(self.catalog, "contacts")
        self.store.delete(laid, pl.DataFrame({"contact_id": list(keys)}), ("contact_id",))

    def happen(self, *rows):
        """Append events: (key, kind, day) and whatever fields."""
        made = [
            {
                "activity_id": f"e{next(self.numbers)}",
                "contact_id": key,
                "kind": kind,
                "at": at if isinstance(at, dt.datetime) else day(at),
                "month": f"{at if isinstance(at, dt.datetime) else day(at):%Y-%m}",
                **dict(*more),
            }
            for key, kind, at, *more in rows
        ]
        self.store.append(*self.frame("activities", made))

    def merge(self, primary, merged, at, action="merge"):
        rows = [
            {
                "merge_id": f"m{next(self.numbers)}",
                "primary_id": primary,
                "merged_id": merged,
                "action": action,
                "merged_at": day(at),
            }
        ]
        self.store.append(*self.frame("contact_merges", rows))

    def suppress(self, *rows):
        laid, frame = self.frame("contact_suppressions", list(rows))
        frame = frame.with_columns(object_index=pl.int_range(pl.len(), dtype=pl.Int64))
        self.store.replace(laid, frame)

    def refresh(self, as_of=None, **options):
        return {
            done.name: done
            for done in refresh_features(self.store, self.catalog, as_of or self.as_of, **options)
        }

    def rows(self, name="contact_engagement"):
        """Return the rows by contact."""
        rows = self.store.scan(name).collect().sort("contact_id").to_dicts()
        return {row["contact_id"]: row for row in rows}


@pytest.fixture
def begin():
    """Make a world in a folder: contacts a, b and c, and three events."""

    def made(root):
        found = World(DeltaStore(root))
        found.contacts({"contact_id": "a", "email": "ann@x.org", "city": "Rome"}, "b", "c")
        found.happen(("a", "sent", 1), ("a", "opened", 2), ("b", "visited", 3))
        return found

    return made


@pytest.fixture
def world(tmp_path, begin):
    return begin(tmp_path / "lake")
