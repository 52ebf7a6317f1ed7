"""Rules over features see them as of the run; a run whose segments read none of them does not pay."""

from __future__ import annotations

import datetime as dt
import shutil

import pytest

from segmentation_pipeline.catalog.scores import COLUMNS
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.dry_run import pin
from segmentation_pipeline.segments.preview import preview

FIELDS = "\n".join(f"      {name}: {kind}" for name, kind in COLUMNS.items())
CATALOG = f"""
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities]
    relations:
      engagement: {{object: engagement, key: contact_id}}
      suppressions: {{object: suppression_match, foreign_key: contact_id, time: suppressed_at}}
    fields:
      contact_id: {{type: text, required: true, unique: true}}
      email: {{type: text, unique: true, form: email}}
      age: integer
  engagement:
    table: contact_engagement
    key: contact_id
    derived: true
    fields:
      contact_id: {{type: text, required: true, unique: true}}
{FIELDS}
  suppression:
    table: contact_suppressions
    key: suppression_id
    fields: {{suppression_id: text, suppression_type: text, email: text, domain: text, contact_id: text,
             reason: text, suppressed_at: datetime, expires_at: datetime}}
  suppression_match:
    table: contact_suppression_matches
    key: match_id
    derived: true
    fields: {{match_id: text, contact_id: text, suppression_id: text, suppression_type: text,
             matched_by: text, reason: text, suppressed_at: datetime, expires_at: datetime}}
events:
  activities:
    table: activities
    key: contact_id
    type: activity_type
    time: occurred_at
    id: activity_id
    fields: {{activity_id: text, contact_id: text, activity_type: text, occurred_at: datetime}}
    types: {{purchase: {{fields: {{revenue: decimal(2)}}}}, opened: {{}}}}
meanings: {{open: opened, seen: opened}}
features: {{engagement: {{score: [{{recency: open, weight: 1, half_life: 1}}]}}}}
"""
ENGAGED = "where: {field: engagement.engagement_score, operator: greater_than, value: 60}"
SUPPRESSED = """\
where:
  related: suppressions
  where:
    all:
      - {field: suppression_type, operator: in, value: [hard_bounce, complaint]}
      - any:
          - {field: expires_at, operator: is_empty}
          - {field: expires_at, operator: after, value: now}
"""
TABLE = "contact_engagement"


@pytest.fixture
def lake(project):
    """a opened something an hour ago, b two days ago; segments `engaged` and `adults`."""
    project.write("catalog.yaml", CATALOG)
    project.table(
        "contacts", [{"contact_id": key, "age": 40, "email": f"{key}@x.org"} for key in ("a", "b", "c")]
    )
    hour = project.now.replace(hour=11)
    project.events(("a", "opened", hour), ("b", "opened", hour.replace(month=2, day=27)))
    project.segment("adults", "where: {field: age, operator: greater_than_or_equal, value: 30}")
    project.segment("engaged", ENGAGED)
    return project


def results(run):
    return {one.segment: one for one in run.segments}


def test_a_rule_sees_scores_as_of_the_run(lake):
    lake.run()
    assert lake.members("engaged") == ["a"]
    lake.later(days=1)
    lake.run()
    assert lake.members("engaged") == []


def test_who_reads_no_features_does_not_pay(lake):
    lake.run(select=["adults"])
    assert not lake.store.exists(TABLE)
    lake.run()
    version = lake.store.version(TABLE)
    lake.later(days=1)
    lake.run(select=["adults"])
    assert lake.store.version(TABLE) == version


def test_a_segment_is_not_evaluated_where_its_features_are_as_they_were(lake):
    lake.run()
    lake.later(minutes=30)
    assert results(lake.run())["engaged"].evaluated is False
    lake.later(days=1)
    assert results(lake.run())["engaged"].evaluated is True


def test_a_run_of_the_past_computes_features_of_the_past_and_writes_none(lake):
    lake.later(days=1)
    lake.run()
    version, before = lake.store.version(TABLE), lake.now
    lake.later(days=-1)
    run = lake.run(as_of=lake.now)
    assert run.published is False
    assert results(run)["engaged"].size == 1
    assert lake.store.version(TABLE) == version
    assert before > lake.now


def test_a_preview_sees_features_as_of_its_instant(lake):
    lake.run()
    definitions = read_definitions(lake.workspace)
    sizes = []
    for days in (0, 3):
        standing = pin(lake.store, [definitions.catalog], lake.now + dt.timedelta(days=days))
        sizes.append(preview(definitions, "engaged", standing).size.value)
    assert sizes == [1, 0]


def test_suppressions_hold_until_they_expire(lake):
    rows = [
        {"suppression_id": "s1", "suppression_type": "complaint", "domain": "x.org", "object_index": 0},
        {"suppression_id": "s2", "suppression_type": "hard_bounce", "email": "B@x.org", "object_index": 1},
        {"suppression_id": "s3", "suppression_type": "manual", "email": "c@x.org", "object_index": 2},
    ]
    ends = (lake.now.replace(hour=10), None, None)
    for row, end in zip(rows, ends, strict=True):
        row |= {"suppressed_at": lake.now.replace(month=1), "expires_at": end}
    lake.table("contact_suppressions", rows)
    lake.segment("suppressed", SUPPRESSED)
    lake.run()
    assert lake.members("suppressed") == ["b"]


def test_what_cannot_be_computed_keeps_the_last_good_members(lake):
    lake.run()
    lake.later(days=1)
    shutil.rmtree(lake.root / "lake" / TABLE)
    lake.events(("c", "opened", lake.now.replace(hour=11)))
    for path in (lake.root / "lake" / "activities").glob("month=*/*"):
        path.unlink()
    run = results(lake.run())
    assert run["engaged"].status == "stale"
    assert "activities" in run["engaged"].cause
    assert run["adults"].status == "fresh"
    assert lake.members("engaged") == ["a"]


def test_a_run_of_the_past_says_what_it_cannot_compute(lake):
    lake.later(days=1)
    lake.run()
    shutil.rmtree(lake.root / "lake" / TABLE)
    for path in (lake.root / "lake" / "activities").glob("month=*/*"):
        path.unlink()
    run = results(lake.run(as_of=lake.now - dt.timedelta(days=1)))
    assert run["engaged"].status == "stale"
    assert "cannot be computed" in run["engaged"].cause
    assert run["adults"].status == "fresh"
