"""A lake in which one contact stands in every table and field of the catalog, and how it is read whole."""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import io
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from segmentation_pipeline.catalog.contracts import MONTH, OBJECT_INDEX, layout
from segmentation_pipeline.catalog.merging import MERGED, MERGED_AT, PRIMARY
from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.cli.main import main
from segmentation_pipeline.conflicts.analysis import analyse
from segmentation_pipeline.conflicts.publish import publish_conflicts
from segmentation_pipeline.erasure.coverage import reachable_tables
from segmentation_pipeline.erasure.forget import Eraser
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import catalog_table
from segmentation_pipeline.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog

ROOT = Path(__file__).parents[2]
MARK = "Xq7Zmark"
NOW = dt.datetime(2026, 6, 30, tzinfo=dt.UTC)
BYSTANDERS = ("ann", "bob", "eve")


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str


def invoke(*arguments: object) -> Outcome:
    screen = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with (
        contextlib.redirect_stdout(screen),
        contextlib.redirect_stderr(screen),
        pytest.raises(SystemExit) as ended,
    ):
        main([str(argument) for argument in arguments])
    return Outcome(int(ended.value.code or 0), screen.buffer.getvalue().decode())


@dataclass(frozen=True)
class Lake:
    """A project with its one workspace."""

    project: Path

    @property
    def workspace(self) -> Workspace:
        return open_workspace(self.project, env={})

    @property
    def catalog(self) -> Catalog:
        return load_catalog(self.workspace.catalog_file)

    @property
    def store(self) -> DeltaStore:
        return DeltaStore(self.workspace.lake)

    @property
    def eraser(self) -> Eraser:
        return Eraser(self.workspace, self.store, self.catalog, self.catalog.objects["contact"])

    def run(self, *arguments: object, ends: int = 0) -> str:
        done = invoke(*arguments, "--project", self.project)
        assert done.status == ends, done.out
        return done.out

    def traces(self, mark: str = MARK) -> list[str]:
        """Every file below the lake that has the mark: in its bytes, its name, or a column of Parquet."""
        root = Path(self.workspace.lake)
        found = []
        wanted = mark.lower()
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            inside = path.read_bytes().decode("latin-1").lower()
            if path.suffix == ".parquet":
                inside += str(pl.read_parquet(path, hive_partitioning=False).to_dicts()).lower()
            if wanted in inside or wanted in str(path.relative_to(root)).lower():
                found.append(str(path.relative_to(root)))
        return found

    def rows(self, name: str) -> list[tuple[Any, ...]]:
        return sorted(self.store.scan(name).collect().rows(), key=repr)


def value(kind: pl.DataType, text: str, number: int) -> Any:
    """A value of a stored type that says `text` where it is text."""
    if kind == pl.String:
        return text
    if isinstance(kind, pl.List):
        return [value(kind.inner, text, number)]
    if isinstance(kind, pl.Decimal):
        return decimal.Decimal(number)
    if isinstance(kind, pl.Datetime):
        return NOW - dt.timedelta(days=number + 1)
    if kind == pl.Date:
        return dt.date(2026, 1, 1)
    return True if kind == pl.Boolean else float(number) if kind.is_float() else number


def filled(catalog: Catalog, table: str, key: str, number: int) -> dict[str, Any]:
    """A row of a table about one contact: its key wherever a contact's key stands, its name in every text.

    Of tables that say nothing of contacts, or stay when one is forgotten, only where they refer to it.
    """
    laid = layout(catalog, table)
    kind = catalog.object_of_table(table)
    plain = table not in reachable_tables(catalog, catalog.objects["contact"]) or (
        kind is not None and kind.on_forget == "unlink"
    )
    row = {}
    for name, dtype in catalog_table(catalog, table).schema.items():
        said = laid.fields.get(name)
        mine = not plain or (said is not None and said.pii) or name in ("contact_id", "person_id")
        row[name] = value(dtype, f"{name} {key if mine else number}", number)
        if said is not None and said.form == "email":
            row[name] = f"{key.lower()}@example.com"
    row |= {name: key for name in row if name == MERGED or name.endswith("contact_id")}
    if PRIMARY in row:
        row |= {MERGED: f"{key}-former", PRIMARY: key, "action": "merge", MERGED_AT: NOW}
    if OBJECT_INDEX in row:
        row[OBJECT_INDEX] = number
    if MONTH in row:
        row[MONTH] = "2026-06"
    if "field_name" in row:
        row["field_name"] = "email" if "old_value" in row else "nps"
    return row


def write_lake(lake: Lake, people: tuple[str, ...]) -> None:
    """Write two versions of every table of the catalog, a row of each of the people in every one."""
    catalog, store = lake.catalog, lake.store
    orphans = [source.orphans for source in catalog.events.values() if source.orphans is not None]
    for name in (*catalog.table_names(), *orphans):
        table = catalog_table(catalog, name)
        rows = [filled(catalog, name, key, ALL.index(key)) for key in people]
        for part in (rows[:1], rows[1:]):
            store.append(table, pl.DataFrame(part, schema=table.schema))
    if MARK in people:
        former = filled(catalog, "contacts", f"{MARK}-former", len(ALL))
        table = catalog_table(catalog, "contacts")
        store.append(table, pl.DataFrame([former], schema=table.schema))


ALL = (MARK, *BYSTANDERS)
SEGMENTS = {
    "everyone": "where: {everyone: true}\ndelivery: {channel: email, priority: 1, exclusivity_group: mail}",
    "with_mail": (
        "where: {field: email, operator: is_not_empty}\n"
        "delivery: {channel: email, priority: 2, exclusivity_group: mail}"
    ),
    "noted": "where: {related: notes}",
}
REJECTED = f"""contact_id,email,first_name,status,shoe size
{MARK},{MARK}@example.com,Ann,of {MARK},{MARK} 42
zoe,not an address,Zoe,active,{MARK}@example.com
zed,zed@example.com,Zed,no such status,43
"""
CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities, contact_history]
    history: contact_history
    merges: contact_merges
    relations:
      notes: {object: note, foreign_key: contact_id, time: created_at}
    fields:
      contact_id: {type: text, required: true, unique: true}
      email: {type: text, pii: true, unique: true, normalise: lower, form: email}
      first_name: {type: text, pii: true}
      status: {type: enum, values: [active, bounced]}
      tags: {type: list, of: text, from: {table: contact_tags, value: tag}}
      custom: {type: struct, from: {table: contact_custom_field_values}, fields: {nps: integer}}
  note:
    table: contact_notes
    key: note_id
    relations: {contact: {object: contact, key: contact_id}}
    fields: {note_id: text, contact_id: text, body: {type: text, pii: true}, created_at: datetime}
  people:
    table: people
    key: person_id
    relations: {contact: {object: contact, key: contact_id}}
    fields: {person_id: text, contact_id: text, email: {type: text, pii: true, form: email}}
  user:
    table: users
    key: user_id
    on_forget: unlink
    relations:
      person: {object: people, key: person_id}
      contact: {object: contact, key: contact_id}
    fields:
      {user_id: text, person_id: text, contact_id: text, phone: {type: text, pii: true}, visits: integer}
  company:
    table: companies
    key: company_id
    fields: {company_id: text, name: text}
events:
  activities:
    table: activities
    key: contact_id
    type: activity_type
    time: occurred_at
    id: activity_id
    orphans: activities_orphaned
    fields:
      activity_id: {type: text, required: true, unique: true}
      contact_id: text
      activity_type: {type: text, required: true}
      occurred_at: {type: datetime, required: true}
      recipient: {type: text, pii: true}
    types: {purchase: {fields: {revenue: decimal(2)}}}
  contact_history:
    table: contact_history
    key: contact_id
    type: change_type
    time: changed_at
    id: change_id
    partition_by_month: false
    fields: {field_name: text, old_value: text, new_value: text, changed_by: text, job: text, notes: text}
    types: {field_changed: }
tables:
  contact_merges:
    key: [merge_id]
    columns:
      merge_id: {type: text, required: true}
      primary_id: text
      merged_id: text
      action: {type: enum, values: [merge, undo]}
      merged_at: datetime
      merge_data: {type: text, pii: true}
"""


def made(project: Path, catalog: str, people: tuple[str, ...]) -> Lake:
    """A project whose lake has everything that can be there: imports, rejects, a run, conflicts."""
    (project / "segment_definitions" / "segments").mkdir(parents=True)
    (project / "segment_definitions" / "catalog.yaml").write_text(catalog, encoding="utf-8")
    (project / "segmentation.toml").write_text(
        "[workspaces.default]\nas_of = 2026-06-30T00:00:00Z\n", encoding="utf-8"
    )
    for name, rule in SEGMENTS.items():
        path = project / "segment_definitions" / "segments" / f"{name}.yaml"
        path.write_text(f"segment: {name}\n{rule}\n", encoding="utf-8")
    lake = Lake(project)
    write_lake(lake, people)
    if MARK in people:
        (project / "people.csv").write_text(REJECTED, encoding="utf-8")
        lake.run("import", "contacts", project / "people.csv", ends=3)
    lake.run("run")
    publish_conflicts(lake.store, analyse(lake.workspace, NOW))
    return lake


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch):
    for name in [name for name in os.environ if name.startswith("SEGMENTATION_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def _prepared(tmp_path_factory):
    return made(tmp_path_factory.mktemp("marked") / "project", CATALOG, ALL)


@pytest.fixture(scope="session")
def full(_prepared):
    """A lake in which the contact stands in every table and text; for reading."""
    return _prepared


@pytest.fixture(scope="session")
def forgotten(_prepared, tmp_path_factory):
    """The same after the contact was forgotten; for reading."""
    folder = tmp_path_factory.mktemp("forgotten") / "project"
    lake = Lake(Path(shutil.copytree(_prepared.project, folder)))
    lake.run("forget", MARK)
    return lake


@pytest.fixture
def lake(_prepared, tmp_path):
    """A lake in which the contact stands in every table and text; a test may change it."""
    return Lake(Path(shutil.copytree(_prepared.project, tmp_path / "project")))


@pytest.fixture(scope="session")
def without(tmp_path_factory):
    """The lake of a project that never had the contact; for reading."""
    return made(tmp_path_factory.mktemp("without") / "project", CATALOG, BYSTANDERS)


@pytest.fixture(scope="session")
def make_lake():
    """Make a lake of everybody under a catalog."""
    return lambda project, catalog: made(project, catalog, ALL)
