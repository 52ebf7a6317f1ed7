"""AdventureWorks: customers with fields that the catalog gains in YAML, and their order lines."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from segmentation_pipeline.catalog.reading import load_catalog_node, overlay_catalog, read_catalog
from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.job import import_files
from segmentation_pipeline.ingest.mapping_file import load_mapping
from segmentation_pipeline.ingest.notation.settling import settle_notation
from segmentation_pipeline.ingest.reading.source_file import open_source
from segmentation_pipeline.ingest.targets import target_of
from segmentation_pipeline.lake.store import DeltaStore

FOLDER = os.environ.get("SEGMENTATION_REAL_DATA")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.real,
    pytest.mark.skipif(FOLDER is None, reason="SEGMENTATION_REAL_DATA is not set"),
]
HERE = Path(__file__).parent / "adventureworks"


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """Sales first, so that all of them wait for their customers."""
    shipped = load_catalog_node(HERE.parents[2] / "segment_definitions" / "catalog.yaml")
    catalog = read_catalog(overlay_catalog(shipped, load_catalog_node(HERE / "catalog.yaml")))
    store = DeltaStore(tmp_path_factory.mktemp("adventureworks"))
    data = Path(FOLDER) / "adventureworks"

    def load(table, mapping, *files):
        return import_files(
            store,
            catalog,
            table,
            files,
            load_mapping(HERE / mapping, catalog),
            time_zone="UTC",
            now=lambda: datetime.now(UTC),
        )

    sales = load("activities", "sales.yaml", *sorted(data.glob("AdventureWorks_Sales_*.csv")))
    return store, sales, load("contacts", "customers.yaml", data / "customers.csv")


def test_every_customer_lands(imported):
    store, _, job = imported
    assert (job.status, job.read, job.landed, job.unmapped) == ("completed", 18_148, 18_148, ())
    assert store.scan("contacts").select(pl.col("email").n_unique()).collect().item() == 18_148


def test_order_lines_wait_for_their_customers(imported):
    store, sales, customers = imported
    assert (sales.read, sales.orphaned, customers.adopted) == (56_046, 56_046, 56_046)
    assert store.scan("activities_orphaned").select(pl.len()).collect().item() == 0
    buyers = store.scan("activities").select(pl.col("contact_id").n_unique()).collect().item()
    assert buyers == 17_416
    everyone = store.scan("contacts").join(store.scan("activities"), on="contact_id", how="anti")
    assert everyone.select(pl.len()).collect().item() == 732


def test_both_styles_of_birth_dates_are_month_first(imported):
    rows = imported[0].scan("contacts").filter(pl.col("contact_id").is_in(["11000", "11001"]))
    found = rows.sort("contact_id").select("birth_date", "annual_income").collect().rows()
    assert found == [(date(1966, 4, 8), Decimal("90000.00")), (date(1965, 5, 14), Decimal("60000.00"))]


def test_na_is_a_gender_of_its_own(imported):
    counts = imported[0].scan("contacts").group_by("gender").len().collect()
    assert dict(counts.iter_rows()) == {"male": 9_126, "female": 8_892, "unknown": 130}


def test_birth_dates_do_not_prove_their_order():
    """Days above 12 stand in one style alone, which proves nothing of the other."""
    shipped = load_catalog_node(HERE.parents[2] / "segment_definitions" / "catalog.yaml")
    catalog = read_catalog(overlay_catalog(shipped, load_catalog_node(HERE / "catalog.yaml")))
    mapping = load_mapping(HERE / "customers.yaml", catalog)
    silent = mapping.columns["birth_date"].model_copy(update={"date_order": None})
    mapping = mapping.model_copy(update={"columns": {**mapping.columns, "birth_date": silent}})
    file = open_source(Path(FOLDER) / "adventureworks" / "customers.csv", "customers.csv", mapping.format)
    with pytest.raises(ImportFailed, match="column `BirthDate` can be read with the day first and") as caught:
        settle_notation([file], mapping, target_of(catalog, "contacts"), catalog)
    # Of 7,763 that are readable either way, 628 are the same day both ways.
    assert f"row 1: `04/08/1966` and {7_763 - 628 - 1:,} more" in caught.value.what
    assert "no value proves either of this style" in caught.value.what
    assert "birth_date: {column: BirthDate, date_order: day_first}" in caught.value.hint
