"""Six contacts in a real lake, segments over them, and a copy in which a test changes the definitions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl
import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import catalog_table
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.dry_run import pin
from segmentation_pipeline.segments.sides import set_against
from segmentation_pipeline.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities]
    fields:
      contact_id: {type: text, required: true, unique: true}
      email: {type: text, form: email, pii: true}
      age: integer
      country: text
      tags: {type: list, of: text, from: {table: tag_rows, value: tag}}
tables:
  tag_rows: {key: [contact_id, tag], columns: {contact_id: text, tag: text}}
events:
  activities:
    table: activities
    key: contact_id
    type: activity_type
    time: occurred_at
    id: activity_id
    fields: {activity_id: text, contact_id: text, activity_type: text, occurred_at: datetime}
    types: {opened: {}}
"""
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
PEOPLE = {
    "a": (20, "fr"),
    "b": (30, "de"),
    "c": (40, "fr"),
    "d": (35, None),
    "e": (17, "de"),
    "f": (65, "de"),
}
ADULTS = "where: {field: age, operator: greater_than_or_equal, value: 30}"
OTHERS = "where: {not: {segment: adults}}"


@dataclass
class SmallProject:
    root: Path
    now: dt.datetime = NOW

    @property
    def workspace(self) -> Workspace:
        return Workspace("default", "Small", self.root, self.root / "segment_definitions", self.root / "lake")

    @property
    def store(self) -> DeltaStore:
        return DeltaStore(self.root / "lake")

    def elsewhere(self, root: Path) -> SmallProject:
        """Return a project with equal definitions in another folder."""
        files = self.root / "segment_definitions"
        for path in files.rglob("*.yaml"):
            target = root / "segment_definitions" / path.relative_to(files)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
        return replace(self, root=root)

    def write(self, name: str, text: str) -> None:
        path = self.root / "segment_definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def segment(self, name: str, rule: str) -> None:
        self.write(f"segments/{name}.yaml", f"segment: {name}\n{rule}\n")

    def drop(self, name: str) -> None:
        (self.root / "segment_definitions" / "segments" / f"{name}.yaml").unlink()

    def people(self, people) -> None:
        rows = [
            {
                "contact_id": key,
                "email": f"{key}@x.org",
                "age": age,
                "country": country,
                "object_index": number,
            }
            for number, (key, (age, country)) in enumerate(people.items())
        ]
        table = catalog_table(load_catalog(self.workspace.catalog_file), "contacts")
        self.store.replace(table, pl.DataFrame(rows, schema=table.schema, orient="row"))

    @property
    def definitions(self):
        return read_definitions(self.workspace)


@pytest.fixture
def project(tmp_path):
    """`adults` are b, c, d, f; `others`, which embeds it, are a and e."""
    made = SmallProject(tmp_path / "here")
    made.write("catalog.yaml", CATALOG)
    made.people(PEOPLE)
    made.segment("adults", ADULTS)
    made.segment("others", OTHERS)
    return made


@pytest.fixture
def sides(project, tmp_path):
    """Set the project against what a test makes of its definitions in a copy."""

    def against(change, also=()):
        proposed = project.elsewhere(tmp_path / "proposed")
        change(proposed)
        before, after = project.definitions, proposed.definitions
        standing = pin(project.store, [before.catalog, after.catalog], project.now)
        return set_against(before, after, standing, also)

    return against
