"""A tiny project: a lake of a few contacts, companies and activities, and segments over them."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl
import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import catalog_table
from segmentation_pipeline.segments.publish import publish
from segmentation_pipeline.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities]
    relations: {company: {object: company, key: company_id}}
    fields:
      contact_id: {type: text, required: true, unique: true}
      email: {type: text, unique: true, form: email}
      age: integer
      plan: text
      company_id: text
      born_on: date
      tags: {type: list, of: text, from: {table: tag_rows, value: tag}}
  company:
    table: companies
    key: company_id
    fields:
      company_id: {type: text, required: true, unique: true}
      size: integer
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
    types: {purchase: {fields: {revenue: decimal(2)}}, opened: {}}
"""
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
KEYS = ("contact_id", "company_id")


@dataclass
class TinyProject:
    """A workspace whose files, tables and clock a test changes, and what its runs published."""

    root: Path
    now: dt.datetime = NOW
    settings: dict[str, object] = field(default_factory=dict)

    @property
    def workspace(self) -> Workspace:
        made = Workspace("default", "Tiny", self.root, self.root / "segment_definitions", self.root / "lake")
        return replace(made, **self.settings)

    @property
    def store(self) -> DeltaStore:
        return DeltaStore(self.root / "lake")

    def copy(self, root: Path) -> TinyProject:
        """Return an equal project in another folder."""
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        return replace(self, root=root)

    def write(self, name: str, text: str) -> None:
        """Write a file of the definitions folder."""
        path = self.root / "segment_definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def segment(self, name: str, rule: str) -> None:
        """Write a definition: its id, and ``rule``, the lines after it."""
        self.write(f"segments/{name}.yaml", f"segment: {name}\n{rule}\n")

    def drop(self, name: str) -> None:
        (self.root / "segment_definitions" / "segments" / f"{name}.yaml").unlink()

    def table(self, name: str, rows: list[dict[str, object]]) -> None:
        """Replace a table of the lake; objects get their index in the order of their first coming."""
        table = catalog_table(load_catalog(self.workspace.catalog_file), name)
        numbers = self._numbers(name, table.schema)
        for row in rows:
            key = next((row[key] for key in KEYS if key in row), None)
            if "object_index" in table.schema:
                row["object_index"] = numbers.setdefault(key, max(numbers.values(), default=-1) + 1)
            if "month" in table.schema:
                row["month"] = f"{row['occurred_at']:%Y-%m}"
        self.store.replace(table, pl.DataFrame(rows, schema=table.schema, orient="row"))

    def contacts(self, **ages: int | None) -> None:
        self.table(
            "contacts",
            [{"contact_id": key, "age": age, "email": f"{key}@x.org"} for key, age in ages.items()],
        )

    def events(self, *rows: tuple[str, str, dt.datetime]) -> None:
        self.table(
            "activities",
            [
                {"activity_id": f"e{number}", "contact_id": key, "activity_type": kind, "occurred_at": at}
                for number, (key, kind, at) in enumerate(rows)
            ],
        )

    def run(self, **options):
        return publish(self.workspace, now=lambda: self.now, **options)

    def later(self, **span: float) -> None:
        self.now += dt.timedelta(**span)

    def rows(self, name: str, *columns: str) -> list[tuple]:
        """Return the rows of a table, sorted."""
        return sorted(self.store.scan(name).select(columns).collect().rows())

    def members(self, segment: str) -> list[str]:
        """Return the keys published for a segment, by the memberships themselves."""
        mine = self.store.scan("segment_memberships").filter(pl.col("segment_id") == segment)
        contacts = self.store.scan("contacts").select("object_index", "contact_id")
        return sorted(mine.join(contacts, on="object_index").collect()["contact_id"])

    def keyed(self, segment: str) -> list[str]:
        """Return the keys in ``segment_members``."""
        mine = self.store.scan("segment_members").filter(pl.col("segment_id") == segment)
        return sorted(mine.collect()["object_key"])

    def state(self, segment: str) -> dict[str, object]:
        """Return a segment's row of the registry."""
        rows = self.store.scan("segments").filter(pl.col("segment_id") == segment).collect().to_dicts()
        assert len(rows) == 1, f"{segment} has {len(rows)} rows"
        return rows[0]

    def changes(self, *columns: str) -> list[tuple]:
        return self.rows("segment_transitions", *(columns or ("segment_id", "object_index", "change")))

    def versions(self) -> dict[str, int]:
        """Return the version of every table of the lake."""
        names = [path.parent.name for path in (self.root / "lake").glob("*/_delta_log")]
        return {name: self.store.version(name) for name in sorted(names)}

    def _numbers(self, name: str, schema: pl.Schema) -> dict[object, int]:
        if "object_index" not in schema or not self.store.exists(name):
            return {}
        key = next(key for key in KEYS if key in schema)
        return dict(self.store.scan(name).select(key, "object_index").collect().iter_rows())


ADULTS = "where: {field: age, operator: greater_than_or_equal, value: 30}"


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The two projects below, made once and copied for each test."""
    plain = TinyProject(tmp_path_factory.mktemp("plain"))
    plain.write("catalog.yaml", CATALOG)
    plain.contacts(a=20, b=30, c=40)
    run = plain.copy(tmp_path_factory.mktemp("published"))
    run.segment("adults", ADULTS)
    run.segment("others", "where: {not: {segment: adults}}")
    run.run()
    return plain, run


@pytest.fixture
def project(made, tmp_path):
    """Contacts a (20), b (30), c (40) without any segment."""
    return made[0].copy(tmp_path)


@pytest.fixture
def published(made, tmp_path):
    """The tiny project after a run: `adults` are b and c, `others` embeds it."""
    return made[1].copy(tmp_path)
