"""Definitions from text; a `‸` in the text marks where a finding must stand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from segmentation_pipeline.catalog.overlay import overlay_catalog
from segmentation_pipeline.catalog.reading import load_catalog_node, read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.rules.definition import Setting, read_definition
from segmentation_pipeline.rules.definitions import read_local

SHIPPED = Path(__file__).parents[2] / "segment_definitions" / "catalog.yaml"
ADDED = """
objects:
  contact:
    fields:
      height: integer
      weight: number
      min_age: integer
      lucky: {type: list, of: integer}
      seen_on: date
      "dotted": {type: struct, from: {table: dotted_values}, fields: {"a.b": text}}
    relations:
      opportunities: {object: opportunity, foreign_key: contact_id, time: created_at}
      remarks: {object: remark, foreign_key: contact_id}
  opportunity:
    table: opportunities
    key: opportunity_id
    fields: {opportunity_id: text, contact_id: text, stage: text, amount: decimal(2), created_at: datetime,
             tags: {type: list, of: text}}
  remark:
    table: remarks
    key: remark_id
    fields: {remark_id: text, contact_id: text, text: text}
"""


@pytest.fixture(scope="session")
def catalog():
    return read_catalog(
        overlay_catalog(load_catalog_node(SHIPPED, "catalog.yaml"), read_documents(ADDED, "a.yaml")[0])
    )


@dataclass(frozen=True)
class Text:
    """A text with its mark taken out, and where that stood: line and column from 1."""

    plain: str
    place: tuple[int, int] | None


def unmarked(text: str) -> Text:
    before, mark, after = text.partition("‸")
    if not mark:
        return Text(text, None)
    line = before.count("\n") + 1
    return Text(before + after, (line, len(before) - (before.rfind("\n") + 1) + 1))


@pytest.fixture(scope="session")
def mark():
    return unmarked


@pytest.fixture
def definition(catalog, tmp_path):
    """Read one definition in full form, as from the file `s.yaml`; return it with its findings."""

    def read(text: str, folder: Path = tmp_path):
        node = read_documents(text, "s.yaml")[0]
        return read_definition(node, Setting(catalog, "UTC", folder), segment="s")

    return read


@pytest.fixture
def rule(definition):
    """Read one condition that has nothing wrong."""

    def read(text: str, object_name: str = "contact"):
        segment, findings = definition(f"segment: s\nobject: {object_name}\nwhere: {text}\n")
        assert findings == []
        return segment.where

    return read


@pytest.fixture
def local(catalog, tmp_path):
    """Read several definitions of one text, by id."""

    def read(text: str):
        node = read_documents(text, "s.yaml")[0]
        return read_local(
            {key.text: value for key, value in node.entries}, Setting(catalog, "UTC", tmp_path), 0
        )

    return read
