"""What is computed of contacts: assets between the imports and the index, with a contract each."""

from __future__ import annotations

import dagster as dg
import pytest

from segmentation_pipeline.catalog.scores import COLUMNS

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

FIELDS = "\n".join(f"      {name}: {kind}" for name, kind in COLUMNS.items())
DECLARED = f"""
  engagement:
    description: What a contact did.
    table: contact_engagement
    key: contact_id
    derived: true
    fields:
      contact_id: {{type: text, required: true, unique: true}}
{FIELDS}
events:"""
FEATURES = """
meanings: {conversion: purchase, revenue: purchase.revenue, seen: purchase}
features:
  engagement: {score: [{count: conversion, weight: 1, full_at: 1}], completeness: {email: 1, age: 1}}
"""
TABLE = "contact_engagement"


@pytest.fixture
def counting(team):
    """The project with engagement, and a segment that reads it."""
    catalog = team.project / "segment_definitions/catalog.yaml"
    text = catalog.read_text().replace("    events: [activities]\n", RELATION).replace("\nevents:", DECLARED)
    catalog.write_text(text + FEATURES)
    team.segment("engaged", "where: {field: engagement.engagement_score, operator: greater_than, value: 60}")
    return team


RELATION = """\
    events: [activities]
    relations: {engagement: {object: engagement, key: contact_id}}
"""


def test_the_night_computes_features_between_imports_and_index(counting):
    night = counting.run(job="nightly")
    assert night.success
    assert night.rows(TABLE) == 40
    assert (night.said(TABLE, "rows_recomputed"), night.said(TABLE, "whole")) == (30, True)
    assert night.checks[TABLE, "contract"].passed
    assert night.rows("segment/engaged") == 30
    order = list(night.materialized)
    assert order.index("activities") < order.index(TABLE) < order.index("profile_index_engagement")


def test_features_hang_on_what_they_are_computed_from(counting):
    graph = counting.definitions().resolve_asset_graph()
    parents = {key.to_user_string() for key in graph.get(dg.AssetKey(TABLE)).parent_keys}
    assert parents == {"contacts", "activities"}
    index = {key.to_user_string() for key in graph.get(dg.AssetKey("profile_index_engagement")).parent_keys}
    assert index == {TABLE}
    assert graph.get(dg.AssetKey(TABLE)).group_name == "features"


def test_a_second_look_writes_nothing(counting):
    first = counting.run(job="nightly")
    again = counting.run(job="recalculate_segments")
    assert again.said(TABLE, "written") is False
    assert again.data_version(TABLE) == first.data_version(TABLE)
    assert (TABLE, "contract") not in again.checks
