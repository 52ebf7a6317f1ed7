"""What a catalog declares of scores, and what is said of a declaration that does not fit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.catalog.scores import COLUMNS, ScorePart
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import DefinitionError

FIELDS = "\n".join(f"      {name}: {kind}" for name, kind in COLUMNS.items())
CATALOG = f"""\
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities]
    fields:
      contact_id: text
      email: text
      tags: {{type: list, of: text, from: {{table: tag_rows, value: tag}}}}
  engagement:
    table: contact_engagement
    key: contact_id
    derived: true
    fields:
      contact_id: text
{FIELDS}
events:
  activities:
    table: activities
    key: contact_id
    type: kind
    time: at
    id: activity_id
    types: {{opened: {{}}, bought: {{fields: {{revenue: decimal(2), weight: number}}}}}}
meanings: {{open: opened, conversion: bought, revenue: bought.revenue}}
features:
  engagement:
    minimum: 3
    score:
      - {{recency: open, weight: 30, half_life: 10}}
      - {{rate: click, weight: 20, full_at: 0.05}}
      - {{count: conversion, weight: 10, full_at: 2}}
    completeness: {{email: 2, contact_id: 1}}
"""


def read(old="", new=""):
    assert old in CATALOG
    (document,) = read_documents(CATALOG.replace(old, new, 1), "catalog.yaml")
    return read_catalog(document)


def test_what_is_declared_is_read():
    found = read().engagement
    assert (found.received, found.minimum) == ("delivered", 3)
    assert found.parts == (
        ScorePart("recency", "open", 30, half_life=10),
        ScorePart("rate", "click", 20, full_at=Decimal("0.05")),
        ScorePart("count", "conversion", 10, full_at=Decimal("2.0")),
    )
    assert found.completeness == (("email", 2), ("contact_id", 1))


def test_a_catalog_need_not_declare_any():
    assert read(CATALOG[CATALOG.index("features:") :], "").engagement is None


FAULTS = {
    "a weight of nothing": ("weight: 30", "weight: 0", "catalog-shape", "`weight`"),
    "two kinds in one part": ("{recency: open,", "{recency: open, count: open,", "catalog-shape", "one of"),
    "no half-life": (", half_life: 10", "", "catalog-shape", "half_life"),
    "a half-life of centuries": ("half_life: 10", "half_life: 40000", "catalog-shape", "3650"),
    "no goal": (", full_at: 0.05", "", "catalog-shape", "full_at"),
    "half a count": ("full_at: 2}", "full_at: 2.5}", "catalog-shape", "whole"),
    "too fine a goal": ("0.05", "0.00005", "catalog-shape", "4 decimals"),
    "no minimum": ("minimum: 3", "minimum: 0", "catalog-shape", "at least 1"),
    "an unknown key": ("minimum: 3", "minimun: 3", "catalog-shape", "minimun"),
    "no such meaning": ("recency: open", "recency: opne", "unknown-event", "`opne`"),
    "a meaning without a time": ("recency: open", "recency: bounce", "unknown-event", "`bounce`"),
    "received what": ("minimum: 3", "received: seen", "unknown-event", "`seen`"),
    "no such field": ("{email: 2,", "{emial: 2,", "unknown-column", "`emial`"),
    "a field elsewhere": ("{email: 2,", "{tags: 2,", "unknown-column", "`tags`"),
    "a weight of a field": ("{email: 2,", "{email: -2,", "catalog-shape", "`email`"),
    "a column that is not declared": ("      total_replies: integer\n", "", "column-type", "total_replies"),
    "a column of another type": ("open_rate: decimal(2)", "open_rate: number", "column-type", "open_rate"),
    "a column that nothing computes": (
        "      open_rate:",
        "      opens: integer\n      open_rate:",
        "unknown-column",
        "`opens`",
    ),
    "an imported object": ("    derived: true\n", "", "unknown-object", "derived"),
    "a sum of floats": ("bought.revenue", "bought.weight", "column-type", "decimals"),
    "a sum of a type": ("revenue: bought.revenue", "revenue: bought", "unknown-event", "a column"),
    "a count of a column": ("conversion: bought", "conversion: bought.revenue", "unknown-event", "types"),
}


@pytest.mark.parametrize(("old", "new", "rule", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_where_it_stands(old, new, rule, said):
    with pytest.raises(DefinitionError) as caught:
        read(old, new)
    (finding,) = caught.value.diagnostics
    assert finding.rule == rule
    assert said in f"{finding.message} {finding.hint}"
    assert finding.at.line > 1
