"""The week of the worked example as a real project: contacts, events that make members, policies A and B."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl
import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import catalog_table
from segmentation_pipeline.simulation.repeat import repeat
from segmentation_pipeline.simulation.run import simulate
from segmentation_pipeline.workspace import Workspace

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
      country: text
      created_at: datetime
events:
  activities:
    table: activities
    key: contact_id
    type: activity_type
    time: occurred_at
    id: activity_id
    fields: {activity_id: text, contact_id: text, activity_type: text, occurred_at: datetime}
    types:
      wanted_by: {fields: {by: text}}
      email_sent: {channel: email, fields: {segment_id: text}}
"""
SEGMENTS = {
    "welcome": "{channel: email, priority: 90, exclusivity_group: lifecycle, repeat: once_per_entry, "
    "expires_after_days: 3}",
    "sms_flash": "{channel: sms, priority: 60, repeat: {every_days: 2}}",
    "winback": "{channel: email, priority: 50, exclusivity_group: lifecycle, repeat: once_per_entry}",
    "promo": "{channel: email, priority: 20, repeat: {every_days: 3}}",
}
POLICY = """
policy: %s
max_contacts_per_day: 1
exclusive_groups: [lifecycle]
rules:
  - {cooldown_days: 2}
  - {max: %d, days: 7, channel: email}
quiet: [{weekday: sunday}]
suppression: {email: [no_mail]}
"""
MONDAY = dt.date(2026, 6, 1)
ALL = range(7)
MEMBERS = {
    "c0": {"promo": ALL, "sms_flash": range(4)},
    "c1": {"welcome": ALL, "winback": ALL, "promo": ALL},
    "c2": {"promo": ALL, "sms_flash": ALL},
    "c3": {"winback": (2, 3, 5, 6)},
    "c4": {"promo": ALL},
}
ZONE = "Europe/Berlin"
AFTER = dt.datetime(2026, 6, 8, 9, tzinfo=dt.UTC)


@dataclass
class Week:
    """A workspace in Berlin, whose files and tables a test changes."""

    root: Path
    rows: list[dict[str, object]] = field(default_factory=list)

    @property
    def workspace(self) -> Workspace:
        folder = self.root / "segment_definitions"
        return Workspace("default", "Week", self.root, folder, self.root / "lake", time_zone=ZONE)

    @property
    def store(self) -> DeltaStore:
        return DeltaStore(self.root / "lake")

    def write(self, name: str, text: str) -> None:
        path = self.root / "segment_definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip(), encoding="utf-8")

    def segment(self, name: str, delivery: str | None, rest: str = "") -> None:
        wanted = f"where: {{field: by, operator: equals, value: {name}}}"
        rule = f"where: {{event: wanted_by, {wanted}, within: last 1 day}}"
        told = f"delivery: {delivery}\n" if delivery else ""
        self.write(f"segments/{name}.yaml", f"segment: {name}\n{rest or rule}\n{told}")

    def simulation(self, name: str, text: str) -> None:
        self.write(f"simulations/{name}.yaml", f"simulation: {name}\n{text}\n")

    def contacts(self, *keys: str) -> None:
        table = catalog_table(load_catalog(self.workspace.catalog_file), "contacts")
        rows = [{"contact_id": key, "object_index": 10 * at} for at, key in enumerate(keys)]
        self.store.replace(table, pl.DataFrame(rows, schema=table.schema, orient="row"))

    def event(self, key: str, day: int, kind: str = "wanted_by", **more: object) -> None:
        moment = dt.datetime.combine(MONDAY, dt.time(12), dt.UTC) + dt.timedelta(days=day)
        row = {"activity_id": f"e{len(self.rows):06}", "contact_id": key, "activity_type": kind}
        self.rows.append({**row, "occurred_at": moment, "month": f"{moment:%Y-%m}", **more})

    def arrive(self) -> None:
        table = catalog_table(load_catalog(self.workspace.catalog_file), "activities")
        self.store.replace(table, pl.DataFrame(self.rows, schema=table.schema, orient="row"))

    def simulate(self, name: str, as_of: dt.datetime = AFTER, **more: object):
        return simulate(self.workspace, name, as_of=as_of, now=lambda: AFTER, **more)

    def repeat(self, run: str):
        return repeat(self.workspace, run, now=lambda: AFTER)

    def copy(self, root: Path) -> Week:
        """Return an equal project in another folder."""
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        return Week(root, [*self.rows])


@pytest.fixture(scope="session")
def worked_example(tmp_path_factory):
    """The worked example, with simulations `replayed` (policy A) and `compared` (A against B); to be read."""
    made = Week(tmp_path_factory.mktemp("week"))
    made.write("catalog.yaml", CATALOG)
    for name, delivery in SEGMENTS.items():
        made.segment(name, delivery)
    made.segment("no_mail", None, "type: static\nmembers: [c2]")
    made.write("policies/default.yaml", POLICY % ("default", 2))
    made.write("policies/capped.yaml", POLICY % ("capped", 1))
    made.simulation("replayed", "mode: replay\ndays: 7")
    made.simulation("compared", "mode: compare\ndays: 7\nproposed: {policy: capped}")
    made.contacts(*MEMBERS)
    for key, segments in MEMBERS.items():
        for segment, days in segments.items():
            for day in days:
                made.event(key, day, by=segment)
    made.event("c4", -3, "email_sent", segment_id="promo")
    made.event("c4", -1, "email_sent", segment_id="winback")
    made.arrive()
    return made


@pytest.fixture
def week(worked_example, tmp_path):
    """The worked example, to be changed."""
    return worked_example.copy(tmp_path)


@pytest.fixture(scope="session")
def simulated(worked_example, tmp_path_factory):
    """The worked example with two runs in its lake, `sim-000001` and `sim-000002`; to be read."""
    made = worked_example.copy(tmp_path_factory.mktemp("simulated"))
    return made, made.simulate("replayed"), made.simulate("compared")


@pytest.fixture(scope="session")
def replayed(simulated):
    return simulated[1]


@pytest.fixture(scope="session")
def compared(simulated):
    return simulated[2]
