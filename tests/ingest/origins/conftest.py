"""A project with one source, imported again and again, as the nightly job does."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import polars as pl
import pytest

from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.ingest.records import IMPORT_JOBS
from segmentation_pipeline.ingest.sources import import_source, read_sources
from segmentation_pipeline.lake.store import DeltaStore

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities]
    fields:
      contact_id: {type: text, required: true, unique: true}
      email: {type: text, unique: true, normalise: lower, form: email}
      country: text
      balance: decimal(4)
      updated_at: datetime
      labels: {type: list, of: text, from: {table: contact_labels, value: label}}
events:
  activities:
    table: activities
    key: contact_id
    type: activity_type
    time: occurred_at
    id: activity_id
    orphans: activities_orphaned
    fields:
      activity_id: {type: text, required: true}
      contact_id: text
      activity_type: {type: text, required: true}
      occurred_at: {type: datetime, required: true}
    types:
      purchase: {fields: {revenue: decimal(4)}}
      email_opened: {fields: {message_id: text}}
tables:
  contact_labels:
    key: [contact_id, label]
    columns:
      contact_id: {type: text, required: true}
      label: {type: text, required: true}
      updated_at: datetime
"""
NOW = datetime(2026, 7, 1, tzinfo=UTC)


class Feed:
    """A folder with a lake, and what its sources bring."""

    def __init__(self, folder, env):
        self.folder, self.env = folder, env
        self.store = DeltaStore(folder / "lake")
        self.catalog = read_catalog(read_documents(CATALOG, "catalog.yaml")[0])
        self.now = NOW

    def sources(self, text):
        return read_sources(read_documents(f"sources:\n{text}", "sources.yaml")[0], self.catalog)

    def load(self, text, **options):
        """Import the one source of a text."""
        (source,) = self.sources(text).values()
        return import_source(
            self.store,
            self.catalog,
            source,
            project=self.folder,
            definitions=self.folder,
            time_zone="UTC",
            now=lambda: self.now,
            env=self.env,
            **options,
        )

    def file(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf8")
        return path

    def database(self, name, *statements):
        with sqlite3.connect(self.folder / name) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    def rows(self, table, *columns):
        return self.store.scan(table).collect().sort(columns[0]).select(columns).rows()

    def jobs(self, *columns):
        return self.store.scan(IMPORT_JOBS.name).sort("job").select(columns).collect().rows()

    def left(self):
        """The files that an import has put beside the lake's tables and not removed."""
        return list((self.folder / "lake").rglob(".spool/**/*.parquet"))

    def said(self):
        """All that the lake holds of its imports, as one text."""
        return str(
            self.store.scan(IMPORT_JOBS.name).collect().select(pl.all().cast(pl.String, strict=False)).rows()
        )


@pytest.fixture
def feed(tmp_path):
    return Feed(tmp_path, {"SHOP": "sqlite:///shop.db"})
