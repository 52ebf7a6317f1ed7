"""A shop's mails and purchases, runs at chosen instants, and analytics over them."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from segmentation_pipeline.analytics.update import update_analytics
from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import catalog_table
from segmentation_pipeline.segments.basis import read_definitions
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
    fields: {contact_id: {type: text, required: true, unique: true}, age: integer}
  company:
    table: companies
    key: company_id
    fields: {company_id: {type: text, required: true, unique: true}, size: integer}
events:
  activities:
    table: activities
    key: contact_id
    type: activity_type
    time: occurred_at
    id: activity_id
    fields: {activity_id: text, contact_id: text, activity_type: text, occurred_at: datetime}
    types:
      email_delivered: &mail {fields: {message_id: text, campaign_id: text}}
      email_opened: *mail
      email_clicked: *mail
      purchase: {fields: {revenue: decimal(2)}}
      login: {}
meanings:
  delivered: email_delivered
  open: email_opened
  click: email_clicked
  conversion: [purchase]
  revenue: purchase.revenue
"""
ZONE = "Europe/Paris"


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@dataclass
class Shop:
    """A workspace in Paris; `event` adds one, `run` publishes as of an instant, `update` the analytics."""

    root: Path
    count: int = 0
    waiting: list[dict[str, object]] = field(default_factory=list)

    @property
    def workspace(self) -> Workspace:
        folder = self.root / "segment_definitions"
        return Workspace("default", "Shop", self.root, folder, self.root / "lake", time_zone=ZONE)

    @property
    def store(self) -> DeltaStore:
        return DeltaStore(self.root / "lake")

    @property
    def catalog(self):
        return load_catalog(self.workspace.catalog_file)

    def segment(self, name: str, rule: str) -> None:
        path = self.root / "segment_definitions" / "segments" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"segment: {name}\n{rule}\n", encoding="utf-8")

    def contacts(self, **ages: int) -> None:
        rows = [
            {"contact_id": key, "age": age, "object_index": number}
            for number, (key, age) in enumerate(ages.items())
        ]
        table = catalog_table(self.catalog, "contacts")
        self.store.replace(table, pl.DataFrame(rows, schema=table.schema, orient="row"))

    def event(self, key: str, kind: str, at: str | dt.datetime, **more: object) -> None:
        moment = instant(at) if isinstance(at, str) else at
        row = {"activity_id": f"e{self.count:04}", "contact_id": key, "activity_type": kind}
        self.waiting.append({**row, "occurred_at": moment, "month": f"{moment:%Y-%m}", **more})
        self.count += 1

    def arrive(self) -> None:
        """Append the events told of so far, as an import does."""
        table = catalog_table(self.catalog, "activities")
        self.store.append(table, pl.DataFrame(self.waiting, schema=table.schema, orient="row"))
        self.waiting = []

    def run(self, at: str | dt.datetime) -> None:
        moment = instant(at) if isinstance(at, str) else at
        publish(self.workspace, now=lambda: moment)

    def update(self, *days: str, full: bool = False):
        wanted = [dt.date.fromisoformat(day) for day in days]
        with lake_lock(self.root / "lake", "test"):
            return update_analytics(
                self.store, read_definitions(self.workspace), ZONE, days=wanted, full=full
            )

    def rewrite_events(self, rows: pl.DataFrame) -> None:
        """Replace the table of events, as an erasure does."""
        self.store.replace(catalog_table(self.catalog, "activities"), rows)

    def judged(self) -> dict[tuple[str, dt.date], tuple[int, Decimal]]:
        """Return opens and revenue by segment and day, each event judged by itself in plain Python."""
        columns = ("segment_id", "object_index", "at", "run_id", "change")
        history = sorted(self.rows("segment_transitions", *columns))
        numbers = dict(self.rows("contacts", "contact_id", "object_index"))
        found: dict[tuple[str, dt.date], tuple[int, Decimal]] = {}
        events = self.rows(
            "activities", "activity_id", "contact_id", "activity_type", "occurred_at", "revenue"
        )
        for _, key, kind, at, revenue in events:
            day = at.astimezone(zoneinfo.ZoneInfo(ZONE)).date()
            for segment in {row[0] for row in history}:
                mine = [row for row in history if row[:2] == (segment, numbers[key]) and row[2] <= at]
                if mine and mine[-1][4] == "entered":
                    opens, money = found.get((segment, day), (0, Decimal(0)))
                    paid = revenue or Decimal(0)
                    found[segment, day] = (opens + (kind == "email_opened"), money + paid)
        return {key: sums for key, sums in found.items() if sums != (0, 0)}

    def counted(self) -> dict[tuple[str, dt.date], tuple[int, Decimal]]:
        """Return the same from the analytics."""
        rows = self.rows("segment_analytics", "segment_id", "date", "opens", "revenue")
        return {(name, day): (opens, paid) for name, day, opens, paid in rows if opens or paid}

    def rows(self, name: str, *columns: str, **where: object) -> list[tuple]:
        found = self.store.scan(name).filter(*(pl.col(k) == v for k, v in where.items()))
        return sorted(
            found.select(columns).collect().rows(), key=lambda row: [(it is not None, it) for it in row]
        )

    def day(self, segment: str, day: str) -> dict[str, object]:
        """Return the one row of a segment and day."""
        date = dt.date.fromisoformat(day)
        scan = self.store.scan("segment_analytics").filter(
            pl.col("segment_id") == segment, pl.col("date") == date
        )
        (row,) = scan.collect().to_dicts()
        return row


@pytest.fixture
def shop(tmp_path):
    """Contacts a (20), b (30), c (40); nothing happened yet."""
    made = Shop(tmp_path)
    folder = tmp_path / "segment_definitions"
    folder.mkdir()
    (folder / "catalog.yaml").write_text(CATALOG, encoding="utf-8")
    made.contacts(a=20, b=30, c=40)
    return made
