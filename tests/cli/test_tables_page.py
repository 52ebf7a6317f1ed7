"""docs/tables.md: generated, complete, true to the seeds, and its queries run on the lake of the demo."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.report.lake_page import lake_page, lake_tables, read_entries

ROOT = Path(__file__).parents[2]
ENTRIES = read_entries(ROOT / "docs" / "tables.yaml")
SAID = {name: entry for group in ENTRIES.values() for name, entry in group.items()}
# Tables that the sample fills, whose examples must therefore find something.
FILLED = {
    *(set(ENTRIES["Contacts and what is known of them"]) - {"contact_merges", "contact_enrichment_queue"}),
    *("activities", "activities_orphaned", "companies", "crm_campaigns", "import_jobs", "import_records"),
    *("segments", "segment_memberships", "segment_transitions"),
}


@pytest.fixture(scope="module")
def catalog():
    return load_catalog(ROOT / "segment_definitions" / "catalog.yaml", "catalog.yaml")


@pytest.fixture(scope="module")
def tables(catalog):
    return lake_tables(catalog)


@pytest.fixture(scope="module")
def lake(made, tables):
    """A DuckDB connection with every table: those of the demo, the others empty."""
    store = DeltaStore(made[0] / "data" / "lake")
    connection = duckdb.connect()
    for name, table in tables.items():
        frame = store.scan(name).collect() if store.exists(name) else pl.DataFrame(schema=table.schema)
        connection.register(name, frame.to_arrow())
    return connection


def test_the_page_is_that_of_the_tables(catalog):
    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    how = "out of date: run `python -m segmentation_pipeline.report.lake_page docs`"
    assert page == lake_page(catalog, ENTRIES), how


def test_every_table_of_the_catalog_has_its_words(catalog):
    assert set(catalog.table_names()) <= SAID.keys()


@pytest.mark.parametrize("name", SAID)
def test_a_seed_column_that_is_said_to_be_here_is_here(tables, name):
    entry = SAID[name]
    wanted = {*entry.kept, *(entry.renamed or {}).values()}
    assert wanted <= set(tables[name].schema)
    assert not set(entry.dropped or {}) & {*entry.kept, *(entry.renamed or {})}


@pytest.mark.parametrize("name", SAID)
def test_the_example_of_a_table_runs(lake, name):
    rows = lake.sql(SAID[name].example).fetchall()
    assert rows or name not in FILLED


def test_every_table_says_what_it_is(tables):
    assert [name for name, table in tables.items() if not table.comment] == []
