"""A small project whose nights are decided: files imported, segments run, and short ways to change it."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl
import pytest

from segmentation_pipeline.assignment.assign import assign
from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.cli.main import main
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import catalog_table
from segmentation_pipeline.segments.publish import publish
from segmentation_pipeline.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.lake.tables import Table

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    merges: contact_merges
    events: [activities]
    relations:
      suppressions: {object: suppression_match, foreign_key: contact_id, time: suppressed_at}
      preferences: {object: email_preference, foreign_key: contact_id, time: updated_at}
    fields:
      contact_id: {type: text, required: true, unique: true}
      email: {type: text, normalise: lower, form: email, pii: true}
      wants: text
  email_preference:
    table: contact_email_preferences
    key: preference_id
    made_from: [contact_id, preference_type]
    fields:
      preference_id: {type: text, required: true, unique: true}
      contact_id: {type: text, required: true}
      preference_type: {type: text, required: true}
      is_enabled: {type: boolean, required: true}
      updated_at: datetime
  suppression:
    table: contact_suppressions
    key: suppression_id
    fields:
      suppression_id: {type: text, required: true, unique: true}
      suppression_type: text
      email: {type: text, normalise: lower, form: email}
      domain: {type: text, normalise: lower}
      contact_id: text
      reason: text
      suppressed_at: datetime
      expires_at: datetime
  suppression_match:
    table: contact_suppression_matches
    key: match_id
    derived: true
    fields:
      match_id: {type: text, required: true, unique: true}
      contact_id: {type: text, required: true}
      suppression_id: {type: text, required: true}
      suppression_type: text
      matched_by: text
      reason: text
      suppressed_at: datetime
      expires_at: datetime
tables:
  contact_merges:
    key: [merge_id]
    columns:
      merge_id: {type: text, required: true}
      primary_id: {type: text, required: true}
      merged_id: {type: text, required: true}
      action: {type: enum, values: [merge, undo], required: true}
      merged_at: {type: datetime, required: true}
events:
  activities:
    table: activities
    key: contact_id
    type: activity_type
    time: occurred_at
    id: activity_id
    types:
      email_sent: {fields: {segment_id: text, message_id: text}}
      sms_sent: {channel: sms, fields: {segment_id: text}}
      purchase: {}
meanings: {sent: email_sent}
"""
SEGMENTS = {
    "welcome": "{channel: email, priority: 90, exclusivity_group: lifecycle, repeat: once_per_entry, "
    "expires_after_days: 5}",
    "flash": "{channel: sms, priority: 60, repeat: {every_days: 2}}",
    "winback": "{channel: email, priority: 50, exclusivity_group: lifecycle, repeat: once_per_entry}",
    "promo": "{channel: email, priority: 20, repeat: {every_days: 3}}",
}
POLICY = """
policy: default
exclusive_groups: [lifecycle]
rules:
  - {cooldown_days: 2}
  - {max: 2, days: 7, channel: email}
suppression: {email: [bounced]}
"""
ZONE = "Europe/Berlin"
TODAY = dt.date(2026, 6, 10)


def invoke(*arguments: object) -> str:
    screen = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with (
        contextlib.redirect_stdout(screen),
        contextlib.redirect_stderr(screen),
        pytest.raises(SystemExit) as ended,
    ):
        main([str(argument) for argument in arguments])
    said = screen.buffer.getvalue().decode()
    assert ended.value.code in (0, None), said
    return said


@dataclass
class Shop:
    """A workspace in Berlin; ``now`` is the clock of its runs and nights."""

    root: Path
    now: dt.datetime = dt.datetime(2026, 6, 8, 4, tzinfo=dt.UTC)

    @property
    def workspace(self) -> Workspace:
        return Workspace(
            "default",
            "Shop",
            self.root,
            self.root / "segment_definitions",
            self.root / "lake",
            time_zone=ZONE,
        )

    @property
    def store(self) -> DeltaStore:
        return DeltaStore(self.root / "lake")

    def copy(self, root: Path) -> Shop:
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        return replace(self, root=root)

    def write(self, name: str, text: str) -> None:
        path = self.root / "segment_definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def segment(self, name: str, rule: str) -> None:
        self.write(f"segments/{name}.yaml", f"segment: {name}\n{rule}\n")

    def wanted(self, name: str, more: str = "") -> None:
        """Define a segment of those who want what it is called."""
        self.segment(name, f"{more}where: {{field: wants, operator: contains, value: {name}}}")

    def load(self, table: str, rows: list[dict[str, object]]) -> None:
        """Import rows from a file, as a user does."""
        file = self.root / f"{table}.csv"
        pl.DataFrame(rows, infer_schema_length=None).write_csv(file)
        invoke("import", table, file, "--project", self.root)

    def people(self, **wants: str) -> None:
        """Import contacts with an address each, and the segments that they are to be in."""
        rows = [
            {"contact_id": key, "email": f"{key}@{key[0]}.example", "wants": names}
            for key, names in wants.items()
        ]
        self.load("contacts", rows)

    def sends(self, *rows: tuple[str, str, str, str | None]) -> None:
        """Import activities: contact, type, UTC instant, segment."""
        start = len(list(self.root.glob("lake/activities/_delta_log/*.json"))) * 1000
        said = [
            {
                "activity_id": f"e{start + number}",
                "contact_id": key,
                "activity_type": kind,
                "occurred_at": f"{at}:00Z",
                "segment_id": segment,
            }
            for number, (key, kind, at, segment) in enumerate(rows)
        ]
        self.load("activities", said)

    def run(self):
        return publish(self.workspace, now=lambda: self.now)

    def at(self, text: str) -> None:
        self.now = dt.datetime.fromisoformat(f"{text}:00Z")

    def assign(self, **options):
        return assign(self.workspace, now=lambda: self.now, **options)

    def rows(self, name: str, *columns: str) -> list[tuple]:
        return sorted(self.store.scan(name).select(columns).collect().rows(), key=repr)

    def decisions(self, day: dt.date = TODAY) -> dict[tuple[str, str], tuple]:
        """Return, by contact and segment, the decision, what blocked, and the rule's place."""
        rows = self.store.scan("contact_assignments").filter(pl.col("day") == day).collect()
        said = rows.select("contact_id", "segment_id", "decision", "blocked_by", "rule").rows()
        found = {row[:2]: row[2:] for row in said}
        assert len(found) == rows.height, "a contact and segment twice"
        return found


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A project that ran on 8 June; on the 10th it is to be decided.

    Of the contacts the first letter is their domain's; each of them is one case, named in the tests.
    """
    shop = Shop(tmp_path_factory.mktemp("shop") / "project")
    shop.root.mkdir()
    (shop.root / "segmentation.toml").write_text(
        f'[workspaces.default]\nlake = "lake"\ntime_zone = "{ZONE}"\n', encoding="utf-8"
    )
    shop.write("catalog.yaml", CATALOG)
    shop.write("policies/default.yaml", POLICY)
    for name, delivery in SEGMENTS.items():
        shop.wanted(name, f"delivery: {delivery}\n")
    shop.wanted("blocked", "type: suppression\n")
    shop.wanted("bounced")
    both = "flash promo"
    shop.people(
        a=both,
        by_key=both,
        by_address=both,
        d_domain=both,
        preference=both,
        kept="flash promo blocked",
        returned="flash promo bounced",
        texted=both,
        mailed_twice=both,
        named="promo",
        over="promo",
        welcomed="welcome winback",
        old_winback="winback promo",
        merged=both,
        primary=both,
        late="promo",
        nobody="",
    )
    shop.run()
    return shop


@pytest.fixture
def shop(made, tmp_path):
    return made.copy(tmp_path / "project")


@dataclass
class Tables:
    """The tables of the same catalog, written row by row without an import."""

    store: DeltaStore
    catalog: Catalog

    def put(self, table: Table, rows: list[dict[str, object]]) -> None:
        blank = dict.fromkeys(table.schema)
        self.store.replace(table, pl.DataFrame([blank | row for row in rows], schema=table.schema))

    def rows(self, name: str, rows: list[dict[str, object]]) -> None:
        """Replace a table of the catalog; contacts are numbered as they come."""
        table = catalog_table(self.catalog, name)
        for number, row in enumerate(rows):
            if "object_index" in table.schema:
                row.setdefault("object_index", number)
            if "month" in table.schema:
                row["month"] = f"{row['occurred_at']:%Y-%m}"
        self.put(table, rows)


@pytest.fixture
def tables(tmp_path):
    found = read_catalog(read_documents(CATALOG, "catalog.yaml")[0])
    return Tables(DeltaStore(tmp_path / "lake"), found)
