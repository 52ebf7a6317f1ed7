"""The past of a lake: changes, versions of tables as they were committed, and what was computed then."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest

from segmentation_pipeline.catalog.reading import load_catalog, read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import catalog_table
from segmentation_pipeline.rules.definition import Setting
from segmentation_pipeline.rules.definitions import read_local
from segmentation_pipeline.segments.dry_run import pin
from segmentation_pipeline.simulation.day_masks.members import past_members
from segmentation_pipeline.simulation.day_masks.reading import read_past

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    born: created_at
    events: [changes]
    history: changes
    relations: {company: {object: company, key: company_id}}
    fields:
      contact_id: {type: text, required: true, unique: true}
      company_id: text
      status: text
      score: {type: integer, history: false}
      created_at: {type: datetime, history: false}
  company:
    table: companies
    key: company_id
    fields: {company_id: {type: text, required: true, unique: true}, size: integer}
events:
  changes:
    table: changes
    key: contact_id
    type: change_type
    time: changed_at
    id: change_id
    partition_by_month: false
    fields:
      change_id: {type: text, required: true}
      contact_id: text
      change_type: {type: text, required: true}
      changed_at: {type: datetime, required: true}
      field_name: text
      old_value: text
      new_value: text
      changed_by: text
      job: text
    types: {field_changed: {}}
"""
RULES = {
    "scored": "{field: score, operator: greater_than_or_equal, value: 5}",
    "active": "{field: status, operator: equals, value: active}",
    "large": "{field: company.size, operator: greater_than, value: 100}",
}
DAYS = [dt.date(2026, 6, day) for day in range(1, 6)]


class Past:
    """A lake whose commits are dated back."""

    def __init__(self, folder: Path) -> None:
        self.store = DeltaStore(folder)
        self.catalog = read_catalog(read_documents(CATALOG, "catalog.yaml")[0])

    def write(self, name: str, day: int, *rows: dict) -> None:
        """Replace a table, at noon of a day of June."""
        table = catalog_table(self.catalog, name)
        numbered = [{"object_index": number, **row} for number, row in enumerate(rows)]
        rows = [{column: row.get(column) for column in table.schema} for row in numbered]
        version = self.store.replace(table, pl.DataFrame(rows, schema=table.schema, orient="row"))
        self.date(name, version, dt.datetime(2026, 6, day, 12, tzinfo=dt.UTC))

    def date(self, name: str, version: int, at: dt.datetime) -> None:
        log = Path(self.store.root.table(name)) / "_delta_log" / f"{version:020}.json"
        actions = [json.loads(line) for line in log.read_text().splitlines()]
        millis = int(at.timestamp() * 1000)
        for action in actions:
            if "commitInfo" in action:
                action["commitInfo"]["timestamp"] = millis
            if "metaData" in action:
                action["metaData"]["createdTime"] = millis
        log.write_text("\n".join(json.dumps(action) for action in actions) + "\n")

    def members(self, rules=None):
        texts = {name: f"{{where: {rule}}}" for name, rule in (rules or RULES).items()}
        nodes = {name: read_documents(text, name)[0] for name, text in texts.items()}
        definitions = read_local(nodes, Setting(self.catalog, "UTC", None), 0, None)
        assert not definitions.errors
        inputs = pin(self.store, [self.catalog], dt.datetime(2026, 6, 5, 23, tzinfo=dt.UTC)).inputs
        past = read_past(self.store, definitions, inputs, list(texts), DAYS, "UTC")
        return past_members(definitions, past, list(texts))


@pytest.fixture
def lake(tmp_path):
    past = Past(tmp_path / "lake")
    for day, scores in ((1, (9, 1)), (3, (1, 1)), (4, (1, 7))):
        rows = [
            {"contact_id": key, "company_id": "x", "status": "active", "score": score}
            for key, score in zip("ab", scores, strict=True)
        ]
        past.write("contacts", day, *rows)
    past.write("companies", 1, {"company_id": "x", "size": 500})
    past.write("companies", 4, {"company_id": "x", "size": 5})
    changed = {"change_id": "1", "contact_id": "b", "change_type": "field_changed", "field_name": "status"}
    at = dt.datetime(2026, 6, 2, 12, tzinfo=dt.UTC)
    past.write("changes", 2, {**changed, "old_value": "new", "new_value": "active", "changed_at": at})
    return past


def on_days(found, name):
    """Who was a member, day by day."""
    words = [found.words([name], day)[0] for day in range(len(DAYS))]
    return ["".join("abcd"[at] for at in range(mine.size) if mine[at]) for mine in words]


def test_fields_without_a_history_are_those_of_the_version_of_the_day(lake):
    found = lake.members()
    assert on_days(found, "scored") == ["a", "a", "", "b", "b"]
    assert found.basis["score"] == "versions"


def test_fields_with_a_history_are_read_backwards(lake):
    found = lake.members()
    assert on_days(found, "active") == ["a", "ab", "ab", "ab", "ab"]
    assert found.basis["status"] == "history"


def test_other_objects_are_those_of_the_version_of_the_day(lake):
    found = lake.members()
    assert on_days(found, "large") == ["ab", "ab", "ab", "", ""]
    assert found.basis["companies"] == "versions"


def test_what_no_version_knows_is_as_it_is_today(lake):
    for version in range(3):
        lake.date("contacts", version, dt.datetime(2026, 6, 3, 12, tzinfo=dt.UTC))
    lake.date("contacts", 2, dt.datetime(2026, 6, 5, 12, tzinfo=dt.UTC))
    found = lake.members()
    assert on_days(found, "scored") == ["b", "b", "", "", "b"]
    assert found.basis["score"] == "current"


def test_a_version_whose_files_are_gone_is_no_version(lake):
    table = Path(lake.store.root.table("companies"))
    (first,) = (
        json.loads(line)["add"]["path"]
        for line in (table / "_delta_log" / f"{0:020}.json").read_text().splitlines()
        if "add" in json.loads(line)
    )
    (table / first).unlink()
    found = lake.members()
    assert on_days(found, "large") == [""] * 5
    assert found.basis["companies"] == "current"


def test_moving_rows_to_other_files_is_no_change(lake):
    lake.store.open("contacts").optimize.compact()
    lake.store.open("contacts").vacuum(24 * 30)
    found = lake.members({"active": RULES["active"]})
    assert not found.by_day


def test_what_came_later_counts_from_when_it_was_born(lake):
    born = dt.datetime(2026, 6, 3, 12, tzinfo=dt.UTC)
    common = {"company_id": "x", "status": "active", "score": 7}
    rows = [{"contact_id": key, **common} for key in "abc"] + [
        {"contact_id": "d", "created_at": born, **common}
    ]
    lake.write("contacts", 5, *rows)
    found = lake.members()
    # Nothing says since when there is c: its row is that of today. d's row is, too, since it was born.
    assert on_days(found, "scored") == ["ac", "ac", "cd", "bcd", "abcd"]


def test_engagement_is_that_of_the_day(tmp_path):
    shipped = load_catalog(Path(__file__).parents[3] / "segment_definitions" / "catalog.yaml")
    past = Past(tmp_path / "lake")
    past.catalog = shipped
    past.write("contacts", 1, {"contact_id": "a"}, {"contact_id": "b"})
    sent = [
        {"activity_id": f"{key}{day}", "contact_id": key, "activity_type": "email_delivered",
         "month": "2026-06", "occurred_at": dt.datetime(2026, 6, day, 12, tzinfo=dt.UTC)}
        for key, day in (("a", 1), ("a", 3), ("b", 4))
    ]  # fmt: skip
    past.write("activities", 1, *sent)
    received = "{field: engagement.total_emails_received, operator: greater_than_or_equal, value: %d}"
    found = past.members({"once": received % 1, "twice": received % 2})
    assert on_days(found, "once") == ["a", "a", "a", "ab", "ab"]
    assert on_days(found, "twice") == ["", "", "a", "a", "a"]
    assert found.basis["contact_engagement"] == "history"
