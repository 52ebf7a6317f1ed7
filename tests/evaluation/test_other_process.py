"""A bucket is evaluated from pickled values alone, in another process, from the stored index."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import polars as pl
import pytest

from segmentation_pipeline.catalog.types import Decimal, Integer, Text
from segmentation_pipeline.evaluation.bucket import evaluate_bucket
from segmentation_pipeline.evaluation.engine import Engine
from segmentation_pipeline.evaluation.positions import buckets
from segmentation_pipeline.index.stored import input_tables, open_index
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import catalog_table
from segmentation_pipeline.rules.clock import to_micros
from segmentation_pipeline.rules.tree import (
    Any,
    Compare,
    Events,
    Field,
    InSegment,
    Measure,
    Not,
    Rank,
    Sequence,
    Step,
)

CHILD = """
import pickle, sys
from segmentation_pipeline.evaluation.bucket import evaluate_bucket
from segmentation_pipeline.index.stored import input_tables, read_index
from segmentation_pipeline.lake.store import DeltaStore

lake, plan, ranges = pickle.load(sys.stdin.buffer)
store = DeltaStore(lake)
index = read_index(store, plan.catalog, store.snapshot(input_tables(plan.catalog)))
masks = [evaluate_bucket(plan, bucket, index) for bucket in ranges]
pickle.dump(masks, sys.stdout.buffer)
"""


@pytest.fixture
def lake(kit, random_rows, tmp_path):
    """A lake with random rows and the index over them."""
    store = DeltaStore(tmp_path)
    tables = input_tables(kit.catalog)
    for name, frame in random_rows.frames(kit.catalog).items():
        if name in tables:
            table = catalog_table(kit.catalog, name)
            added = {column: "2026-01" for column in table.schema if column not in frame.columns}
            filled = frame.with_columns(**{column: pl.lit(value) for column, value in added.items()})
            store.replace(table, filled.select(table.schema.names()))
    return store, open_index(store, kit.catalog, store.snapshot(tables))


@pytest.mark.integration
def test_masks_are_those_of_this_process_whatever_its_threads(kit, random_rows, lake):
    store, index = lake
    opened = Measure(Events("activities", ("open", "click")), "count", Integer())
    bought = Measure(Events("activities", ("purchase",)), "avg", Decimal(18), Field(("revenue",), Decimal(4)))
    thirds = Rank(Field(("age",), Integer()), "ntile", "descending", Integer(), buckets=3)
    rules = {
        "named": Compare(Field(("nick",), Text()), "contains", "v", ignore_case=True),
        "small": Compare(Field(("company", "size"), Text()), "is_not_empty"),
        "busy": Any((Compare(opened, "greater_than", 1), Compare(bought, "greater_than", 1))),
        "chained": Sequence("activities", (Step(("open",)), Step(("purchase",)))),
        "top": Compare(thirds, "equals", 1),
        "rest": Not(Any((InSegment("named"), InSegment("top")))),
    }
    definitions = kit.of(*(kit.one(name, rule) for name, rule in rules.items()))
    engine = Engine(definitions, index, to_micros(random_rows.instant), size=7)
    plan = engine.plan(list(definitions.segments.values()), {}, {})
    ranges = buckets(engine.objects("contact"), 7)
    for threads in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", CHILD],
            input=pickle.dumps((str(store.root.text), plan, ranges)),
            capture_output=True,
            check=True,
            env={**os.environ, "POLARS_MAX_THREADS": threads},
        )
        for bucket, masks in zip(ranges, pickle.loads(done.stdout), strict=True):
            here = evaluate_bucket(plan, bucket, index)
            assert masks.equals(here)
            assert sum(here.sum().row(0)) > 0
