"""A small shop whose site is written: two segments, a test, a saved report, a run and its analytics."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
import pytest

from segmentation_pipeline.analytics.update import update_analytics
from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import catalog_table
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.publish import publish
from segmentation_pipeline.site.build import build_site
from segmentation_pipeline.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    fields: {contact_id: {type: text, required: true, unique: true}, age: integer}
"""
ADULTS = """segment: adults
name: Adults & <others>
description: "<script>alert('x')</script>"
owner: team@shop.example
labels: [a<b]
where: {field: age, operator: greater_than_or_equal, value: 30}
"""
TEST = """test: adults are 30 or older
given: {contacts: [{contact_id: a, age: 30}]}
expect: {adults: [a]}
"""
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@dataclass
class Shop:
    root: Path

    @property
    def workspace(self) -> Workspace:
        return Workspace(
            "default", "Shop & Sons", self.root, self.root / "segment_definitions", self.root / "lake"
        )

    @property
    def store(self) -> DeltaStore:
        return DeltaStore(self.root / "lake")

    @property
    def site(self) -> Path:
        return self.root / "site"

    def write(self, name: str, text: str) -> None:
        path = self.root / "segment_definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self) -> None:
        publish(self.workspace, now=lambda: NOW)
        update_analytics(self.store, read_definitions(self.workspace), "UTC")

    def build(self):
        return build_site(self.workspace, self.store, self.site)

    def page(self, name: str) -> str:
        return (self.site / name).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    shop = Shop(tmp_path_factory.mktemp("shop"))
    shop.write("catalog.yaml", CATALOG)
    shop.write("segments/adults.yaml", ADULTS)
    shop.write("segments/young.yaml", "segment: young\nwhere: {not: {segment: adults}}\n")
    shop.write("tests/adults.yaml", TEST)
    shop.write("reports/review.yaml", "report: review\ntitle: R & D\nsegments: [adults, young]\ndays: 1\n")
    contacts = catalog_table(load_catalog(shop.workspace.catalog_file), "contacts")
    rows = [
        {"contact_id": key, "age": age, "object_index": n}
        for n, (key, age) in enumerate({"a": 30, "b": 5}.items())
    ]
    shop.store.replace(contacts, pl.DataFrame(rows, schema=contacts.schema))
    shop.run()
    return shop


@pytest.fixture
def shop(published, tmp_path):
    """The published shop; a test may change it."""
    return Shop(shutil.copytree(published.root, tmp_path / "shop"))
