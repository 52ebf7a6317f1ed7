"""Values of the past, read backwards from what the history of contacts says."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from segmentation_pipeline.catalog import types
from segmentation_pipeline.catalog.contracts import polars_type
from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.index.build import build_index
from segmentation_pipeline.ingest.text import as_text
from segmentation_pipeline.rules.clock import Clock
from segmentation_pipeline.rules.definition import Setting
from segmentation_pipeline.rules.definitions import read_local
from segmentation_pipeline.segments.given import Given
from segmentation_pipeline.simulation.day_masks.changes import typed
from segmentation_pipeline.simulation.day_masks.members import past_members
from segmentation_pipeline.simulation.day_masks.past import past_of

SHIPPED = Path(__file__).parents[3] / "segment_definitions" / "catalog.yaml"
ROWS = """
contacts:
  - {contact_id: a, first_name: Ann, last_name: Lee, status: active, tags: [vip, new], custom: {lifetime_value: 30}}
  - {contact_id: b, first_name: Bob, status: inactive}
  - {contact_id: c, status: active, tags: [vip]}
contact_history:
  - {contact_id: a, change_type: field_changed, field_name: status, old_value: inactive, new_value: active, changed_at: 2026-06-02T12:00:00Z}
  - {contact_id: b, change_type: field_changed, field_name: status, old_value: active, new_value: unsubscribed, changed_at: 2026-06-01T23:59:59.999999Z}
  - {contact_id: b, change_type: field_changed, field_name: status, old_value: unsubscribed, new_value: inactive, changed_at: 2026-06-03T00:00:00Z}
  - {contact_id: a, change_type: field_changed, field_name: last_name, old_value: May, new_value: Lee, changed_at: 2026-06-03T12:00:00Z}
  - {contact_id: a, change_type: field_changed, field_name: custom.lifetime_value, old_value: '12.5', new_value: '30', changed_at: 2026-06-02T12:00:00Z}
  - {contact_id: c, change_type: field_changed, field_name: custom.lifetime_value, old_value: '20', changed_at: 2026-06-02T12:00:00Z}
  - {contact_id: a, change_type: tag_added, field_name: tags, new_value: new, changed_at: 2026-06-02T12:00:00Z}
  - {contact_id: b, change_type: tag_removed, field_name: tags, old_value: vip, changed_at: 2026-06-03T12:00:00Z}
  - {contact_id: b, change_type: tag_added, field_name: tags, new_value: vip, changed_at: 2026-06-02T12:00:00Z}
"""  # noqa: E501 — a row a line
DAYS = [dt.date(2026, 6, day) for day in (1, 2, 3)]
CASES = {
    "{field: status, operator: equals, value: active}": ["c", "ac", "ac"],
    "{field: status, operator: equals, value: unsubscribed}": ["b", "b", ""],
    "{field: full_name, operator: equals, value: Ann May}": ["a", "a", ""],
    "{field: full_name, operator: equals, value: Ann Lee}": ["", "", "a"],
    "{field: custom.lifetime_value, operator: less_than, value: 25}": ["ac", "", ""],
    "{field: tags, operator: has_any, value: [new]}": ["", "a", "a"],
    "{field: tags, operator: has_any, value: [vip]}": ["ac", "abc", "ac"],
    "{field: tags, operator: is_empty}": ["b", "", "b"],
}


@pytest.fixture(scope="module")
def catalog():
    return load_catalog(SHIPPED)


@pytest.fixture(scope="module")
def found(catalog):
    frames = Given(catalog, Clock(0, "UTC")).frames(read_documents(ROWS, "rows.yaml")[0])
    index = build_index(catalog, frames)
    texts = {f"s{number}": f"{{where: {rule}}}" for number, rule in enumerate(CASES)}
    nodes = {name: read_documents(text, name)[0] for name, text in texts.items()}
    definitions = read_local(nodes, Setting(catalog, "UTC", None), 0, None)
    assert not definitions.errors
    past = past_of(catalog, index, DAYS, "UTC")
    return past_members(definitions, past, list(nodes))


@pytest.mark.parametrize(("number", "members"), list(enumerate(CASES.values())), ids=list(CASES))
def test_a_field_has_the_value_that_it_had(found, number, members):
    words = [found.words([f"s{number}"], day)[0] for day in range(len(DAYS))]
    assert ["".join("abc"[at] for at in range(3) if mine[at]) for mine in words] == members
    assert not found.by_day


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (types.Text(), ["", "a", None]),
        (types.Integer(), [0, -(2**63), 2**63 - 1, None]),
        (types.Number(), [0.1, 1e300, -2.0, float("inf"), None]),
        (types.Decimal(4), ["12.5000", "-0.0001", None]),
        (types.Boolean(), [True, False, None]),
        (types.Date(), [dt.date(2026, 2, 28), dt.date(1, 1, 1), None]),
        (types.Datetime(), [dt.datetime.fromtimestamp(0.25, dt.UTC), None]),
        (types.ListOf(types.Text()), [["a", "b"], [], None]),
        (types.ListOf(types.Date()), [[dt.date(2026, 2, 28)], None]),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_kept_as_text_is_read_as_it_was(kind, values):
    column = pl.Series("value", values, strict=False).cast(polars_type(kind))
    assert typed(as_text(column), kind).to_list() == column.to_list()
