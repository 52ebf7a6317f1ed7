"""A lake of ten contacts, published segments over it, and what is found in them."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.conflicts.analysis import analyse
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import catalog_table
from segmentation_pipeline.segments.publish import publish
from segmentation_pipeline.workspace import Workspace

NOW = dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC)
CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    fields:
      contact_id: {type: text, required: true, unique: true}
      age: integer
      active: boolean
invariants:
  - name: children are not active
    when: {field: age, operator: less_than, value: 14}
    then: {field: active, operator: is_false}
"""
SEGMENTS = {
    "young": "where: {field: age, operator: less_than, value: 30}\n"
    "delivery: {channel: email, priority: 2, exclusivity_group: age}",
    "old": "where: {field: age, operator: greater_than_or_equal, value: 30}\n"
    "delivery: {channel: email, priority: 1, exclusivity_group: age}",
    "teens": "where: {field: age, operator: between, value: [13, 19]}",
    "active": "where: {field: active, operator: is_true}\ndelivery: {channel: email, priority: 1}",
}


@dataclass(frozen=True)
class Shop:
    """A project: its files, its lake, its runs at one instant."""

    root: Path

    @property
    def workspace(self) -> Workspace:
        return Workspace("default", "Shop", self.root, self.root / "definitions", self.root / "lake")

    @property
    def store(self) -> DeltaStore:
        return DeltaStore(self.root / "lake")

    def write(self, name: str, text: str) -> None:
        path = self.root / "definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def segment(self, name: str, rule: str) -> None:
        self.write(f"segments/{name}.yaml", f"segment: {name}\n{rule}\n")

    def contacts(self, ages: list[int | None], active: list[bool]) -> None:
        table = catalog_table(load_catalog(self.workspace.catalog_file), "contacts")
        rows = [
            {"contact_id": f"c{n}", "age": age, "active": flag, "object_index": n}
            for n, (age, flag) in enumerate(zip(ages, active, strict=True))
        ]
        self.store.replace(table, pl.DataFrame(rows, schema=table.schema, orient="row"))

    def run(self):
        return publish(self.workspace, now=lambda: NOW)

    def analyse(self, **options):
        return analyse(self.workspace, NOW, **options)


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory):
    made = Shop(tmp_path_factory.mktemp("shop"))
    made.write("catalog.yaml", CATALOG)
    for name, rule in SEGMENTS.items():
        made.segment(name, rule)
    made.contacts([16, 18, 25, 29, 30, 40, 50, 60, None, 12], [n % 2 == 0 for n in range(10)])
    made.run()
    return made


@pytest.fixture
def shop(evaluated, tmp_path):
    """Contacts c0 … c9, aged 16 18 25 29 30 40 50 60 ? 12, the even ones active, after a run."""
    return Shop(Path(shutil.copytree(evaluated.root, tmp_path / "shop")))
