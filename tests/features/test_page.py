"""docs/features.md: its example is computed, its columns and weights are those there are."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from pathlib import Path

import polars as pl
import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.catalog.scores import COLUMNS
from segmentation_pipeline.features.refresh import refresh_features
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import catalog_table

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
_SHOWN = PAGE.partition("| example |")[2].partition("\n\n")[0]
EXPECTED = dict(re.findall(r"^\| `(\w+)` \| (\S.*?) \|$", _SHOWN, re.MULTILINE))


@pytest.fixture(scope="module")
def catalog():
    return load_catalog(ROOT / "segment_definitions" / "catalog.yaml")


def rows(name):
    text = re.search(rf"^```csv {name}.csv\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return list(csv.DictReader(io.StringIO(text[1])))


def fill(store, catalog, name):
    table = catalog_table(catalog, name)
    frame = pl.DataFrame(rows(name)).with_columns(pl.col(pl.String).replace("", None))
    if "occurred_at" in frame.columns:
        at = pl.col("occurred_at").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC")
        frame = frame.with_columns(at, month=pl.col("occurred_at").str.slice(0, 7))
    else:
        frame = frame.with_columns(object_index=pl.int_range(pl.len(), dtype=pl.Int64))
    missing = [
        pl.lit(None, kind).alias(column)
        for column, kind in table.schema.items()
        if column not in frame.columns
    ]
    store.append(table, frame.with_columns(missing).select(table.schema.names()).cast(dict(table.schema)))


@pytest.fixture(scope="module")
def kim(catalog, tmp_path_factory):
    store = DeltaStore(tmp_path_factory.mktemp("lake"))
    fill(store, catalog, "contacts")
    fill(store, catalog, "activities")
    refresh_features(store, catalog, dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC))
    (row,) = store.scan("contact_engagement").collect().to_dicts()
    return row


def test_the_example_shows_scores():
    assert {"engagement_score", "enrichment_score", "open_fraction"} <= EXPECTED.keys()


@pytest.mark.parametrize("column", EXPECTED)
def test_the_example_is_computed(kim, column):
    value = kim[column]
    assert EXPECTED[column] == ("null" if value is None else str(value))


@pytest.mark.parametrize("column", COLUMNS)
def test_the_page_names_every_column(column):
    assert f"`{column}`" in PAGE


def test_the_page_shows_the_weights_there_are(catalog):
    shown = re.findall(r"\{(recency|rate|count): (\w+), weight: (\d+), \w+: ([\d.]+)\}", PAGE)
    assert [(kind, of, int(weight), float(number)) for kind, of, weight, number in shown] == [
        (part.kind, part.meaning, part.weight, float(part.half_life or part.full_at))
        for part in catalog.engagement.parts
    ]
