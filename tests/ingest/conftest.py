from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl
import pytest

from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.ingest.job import import_files
from segmentation_pipeline.ingest.mapping_file import read_mapping
from segmentation_pipeline.lake.store import DeltaStore

if TYPE_CHECKING:
    from pathlib import Path

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    born: created_at
    events: [activities]
    fields:
      contact_id: {type: text, required: true, unique: true}
      email: {type: text, unique: true, normalise: lower, form: email, aliases: [Email Address, E-mail]}
      first_name: text
      last_name: text
      full_name: {type: text, derived: full_name}
      status: {type: enum, values: [active, bounced]}
      age: {type: integer, minimum: 0}
      country: text
      created_at: datetime
      updated_at: datetime
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
    orphans: activities_orphaned
    fields:
      activity_id: {type: text, required: true}
      contact_id: text
      activity_type: {type: text, required: true}
      occurred_at: {type: datetime, required: true}
    types:
      purchase: {fields: {revenue: decimal(4), product: text}}
      email_opened: {fields: {campaign_id: text}}
"""
EVENTS = """
table: activities
columns:
  contact_id: who
  activity_type: what
  occurred_at: when
  revenue: amount
"""


class Lake:
    """A lake, a catalog and a folder of files, with what the tests do to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = DeltaStore(folder / "lake")
        self.catalog = read_catalog(read_documents(CATALOG, "catalog.yaml")[0])

    def mapping(self, text: str):
        return read_mapping(read_documents(text, "m.yaml")[0], self.catalog)

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf8")
        return path

    def load(self, table: str, *files: Path | str, mapping: str | None = None, **options):
        """Import files, or CSV texts, into a table."""
        paths = [
            self.file(f"file{at}.csv", file) if isinstance(file, str) else file
            for at, file in enumerate(files)
        ]
        return import_files(
            self.store,
            self.catalog,
            table,
            paths,
            self.mapping(mapping) if mapping else None,
            **{"time_zone": "UTC", "now": lambda: datetime(2026, 7, 1, tzinfo=UTC), **options},
        )

    def rows(self, table: str, *columns: str, by: str | None = None) -> list:
        """The rows of a table as tuples of ``columns``, sorted by the first one or ``by``."""
        frame = self.store.scan(table).collect().sort(by or columns[0])
        return frame.select(columns).rows()

    def count(self, table: str) -> int:
        return self.store.scan(table).select(pl.len()).collect().item() if self.store.exists(table) else 0


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


@pytest.fixture(scope="session")
def lakes():
    """Make a lake in a folder that may not exist yet."""

    def make(folder: Path) -> Lake:
        folder.mkdir(exist_ok=True)
        return Lake(folder)

    return make


@pytest.fixture
def events():
    return EVENTS


@pytest.fixture(scope="session")
def catalog_text():
    return CATALOG
