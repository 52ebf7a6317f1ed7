"""A small project, and what a data team does with it in Dagster: load it, materialize, look."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from segmentation_pipeline.components.segment_folder import SegmentFolder
from segmentation_pipeline.lake.store import DeltaStore

if TYPE_CHECKING:
    from pathlib import Path

DAY = "2026-06-30"
"""The day that runs of partitioned jobs compute: that of the workspace's `as_of`."""
FILES = {
    "segmentation.toml": """
[workspaces.default]
time_zone = "Europe/Berlin"
as_of = 2026-06-30T00:00:00Z
""",
    "segment_definitions/catalog.yaml": """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities]
    fields:
      contact_id: {type: text, required: true, unique: true}
      email: {type: text, pii: true, unique: true, normalise: lower, form: email}
      country: text
      age: {type: integer, minimum: 0, pii: true}
      custom: {type: struct, from: {table: contact_custom_field_values}, fields: {nps: integer}}
events:
  activities:
    table: activities
    key: contact_id
    type: activity_type
    time: occurred_at
    id: activity_id
    fields:
      activity_id: {type: text, required: true, unique: true}
      contact_id: text
      activity_type: {type: text, required: true}
      occurred_at: {type: datetime, required: true}
    types:
      purchase: {fields: {revenue: decimal(2)}}
tables:
  contact_custom_field_values:
    key: [contact_id, field_name]
    columns:
      contact_id: {type: text, required: true}
      field_name: {type: text, required: true}
      value_text: text
      value_number: decimal(6)
      value_date: date
      value_datetime: datetime
      value_boolean: boolean
      updated_at: datetime
""",
    "segment_definitions/sources.yaml": """
sources:
  people: {table: contacts, files: data/people*.csv, mapping: mappings/people.yaml}
  shop: {table: activities, files: data/shop*.csv}
""",
    "segment_definitions/mappings/people.yaml": """
table: contacts
columns: {contact_id: id, email: mail, country: land, age: age, custom.nps: nps}
""",
    "data/people.csv": "id,mail,land,age,nps\n"
    + "".join(f"c{n},c{n}@example.com,{'de' if n % 2 else 'fr'},{20 + n},{n % 11}\n" for n in range(40)),
    "data/shop.csv": "activity_id,contact_id,activity_type,occurred_at,revenue\n"
    + "".join(f"a{n},c{n},purchase,2026-06-{1 + n % 28:02}T10:00:00Z,{10 * n}.00\n" for n in range(30)),
    "segment_definitions/segments/germans.yaml": """
segment: germans
owner: growth
labels: [geo]
where: {field: country, operator: equals, value: de}
""",
    "segment_definitions/segments/buyers.yaml": """# who bought
segment: buyers
name: Buyers
description: Bought at least once.
owner: ann@example.com
where: {event: purchase}
expect: {size: {at_least: 5, change_at_most: 10%}}
""",
    "segment_definitions/segments/german_buyers.yaml": """
segment: german_buyers
where:
  all:
    - {segment: germans}
    - {segment: buyers}
""",
}


@dataclass(frozen=True)
class Outcome:
    """A run that ended: what it materialized, checked and failed, by asset."""

    result: Any

    @property
    def success(self) -> bool:
        return self.result.success

    @property
    def materialized(self) -> dict[str, Any]:
        events = self.result.all_events
        found = [e.event_specific_data.materialization for e in events if e.is_step_materialization]
        return {m.asset_key.to_user_string(): m for m in found}

    @property
    def checks(self) -> dict[tuple[str, str], Any]:
        found = self.result.get_asset_check_evaluations()
        return {(c.asset_key.to_user_string(), c.check_name): c for c in found}

    @property
    def failures(self) -> dict[str, str]:
        found = [e for e in self.result.all_events if e.event_type_value == "STEP_FAILURE"]
        return {
            e.step_key: str(e.event_specific_data.user_failure_data or e.event_specific_data.error)
            for e in found
        }

    def rows(self, asset: str) -> int:
        return self.materialized[asset].metadata["dagster/row_count"].value

    def said(self, asset: str, key: str) -> Any:
        return self.materialized[asset].metadata[key].value

    def data_version(self, asset: str) -> str:
        return self.materialized[asset].tags["dagster/data_version"]


@dataclass(frozen=True)
class Team:
    """A project's folder and one Dagster instance over it."""

    project: Path
    instance: dg.DagsterInstance

    @property
    def store(self) -> DeltaStore:
        return DeltaStore(self.project / "data" / "lake")

    def definitions(self, **attributes: object) -> dg.Definitions:
        """The code location, loaded afresh."""
        component = SegmentFolder(project=str(self.project), **attributes)
        return dg.build_defs_for_component(component)

    def run(self, selection: Any = None, job: str | None = None, *, wait_seconds: float = 5) -> Outcome:
        defs = self.definitions(wait_seconds=wait_seconds)
        name = job or "__ASSET_JOB"
        if selection is not None:
            defs = dg.Definitions.merge(defs, dg.Definitions(jobs=[dg.define_asset_job("chosen", selection)]))
            name = "chosen"
        job_def = defs.resolve_job_def(name)
        day = DAY if job_def.partitions_def is not None else None
        return Outcome(
            job_def.execute_in_process(instance=self.instance, raise_on_error=False, partition_key=day)
        )

    def write(self, file: str, text: str) -> Path:
        path = self.project / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def segment(self, name: str, rule: str) -> Path:
        return self.write(f"segment_definitions/segments/{name}.yaml", f"segment: {name}\n{rule}\n")


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch):
    """Whoever runs the tests may have settings of their own."""
    for name in ("SEGMENTATION_PROJECT", "SEGMENTATION_WORKSPACE", "SEGMENTATION_AS_OF"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def team(tmp_path):
    """A project that nobody has run yet."""
    with dg.DagsterInstance.ephemeral() as instance:
        made = Team(tmp_path / "project", instance)
        for file, text in FILES.items():
            made.write(file, text)
        yield made


@pytest.fixture(scope="session")
def one_night(tmp_path_factory):
    """The project's folder after one night."""
    with dg.DagsterInstance.ephemeral() as instance:
        made = Team(tmp_path_factory.mktemp("night") / "project", instance)
        for file, text in FILES.items():
            made.write(file, text)
        assert made.run(job="nightly").success
        return made.project


@pytest.fixture
def published(team, one_night):
    """The project after one night, in a Dagster that has not seen it."""
    shutil.copytree(one_night, team.project, dirs_exist_ok=True)
    return team
