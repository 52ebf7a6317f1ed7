"""A catalog may declare more than a lake holds: only the rules that read a missing table fail."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from segmentation_pipeline.catalog.contracts import table_schema
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.evaluation.evaluate import evaluate
from segmentation_pipeline.rules.definition import Setting
from segmentation_pipeline.rules.definitions import read_local

RULES = """\
french: {where: {field: country, operator: equals, value: France}}
customers: {where: {related: opportunities, where: {field: stage, operator: equals, value: won}}}
visits: {object: session, where: {field: device, operator: equals, value: mobile}}
"""


@pytest.fixture(scope="module")
def evaluation(shipped):
    nodes = {key.text: value for key, value in read_documents(RULES, "rules.yaml")[0].entries}
    definitions = read_local(nodes, Setting(shipped), 0)
    row = {"contact_id": "a", "country": "France", "object_index": 0}
    contacts = pl.DataFrame([row], schema=table_schema(shipped, "contacts"))
    return evaluate(definitions, {"contacts": contacts}, dt.datetime(2026, 6, 30, tzinfo=dt.UTC))


def test_rules_over_what_there_is_are_evaluated(evaluation):
    assert evaluation.keys("french") == ["a"]


@pytest.mark.parametrize(("segment", "table"), [("customers", "opportunities"), ("visits", "sessions")])
def test_rules_over_a_missing_table_fail_and_name_it(evaluation, segment, table):
    assert evaluation.failed[segment].cause == f"table `{table}` has not been imported"
