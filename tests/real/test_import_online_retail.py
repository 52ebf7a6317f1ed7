"""UCI Online Retail: invoice lines as Parquet and as daily CSV files, some without a customer."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.ingest.job import import_files
from segmentation_pipeline.ingest.mapping_file import load_mapping
from segmentation_pipeline.lake.store import DeltaStore

FOLDER = os.environ.get("SEGMENTATION_REAL_DATA")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.real,
    pytest.mark.skipif(FOLDER is None, reason="SEGMENTATION_REAL_DATA is not set"),
]
HERE = Path(__file__).parent
DATA = Path(FOLDER or ".") / "online_retail"


def load(store, *files):
    catalog = load_catalog(HERE.parents[1] / "segment_definitions" / "catalog.yaml")
    mapping = load_mapping(HERE / "online_retail" / "lines.yaml", catalog)
    now = lambda: datetime.now(UTC)  # noqa: E731 - the one argument that is a clock
    return import_files(store, catalog, "activities", files, mapping, time_zone="UTC", now=now)


def count(store, table):
    return store.scan(table).select(pl.len()).collect().item()


@pytest.fixture(scope="module")
def parquet(tmp_path_factory):
    store = DeltaStore(tmp_path_factory.mktemp("parquet"))
    return store, load(store, DATA / "retail.parquet")


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    """The daily files one by one, all of them twice."""
    store = DeltaStore(tmp_path_factory.mktemp("days"))
    files = sorted((DATA / "by-day").glob("*.csv"))
    return store, [load(store, file) for file in files], load(store, *files)


def test_every_line_lands_or_waits(parquet):
    store, job = parquet
    assert (job.status, job.read, job.rejected) == ("completed", 541_909, 0)
    assert (job.landed, job.orphaned, job.unmapped) == (406_829, 135_080, ())
    assert (count(store, "activities"), count(store, "activities_orphaned")) == (406_829, 135_080)
    assert job.seconds < 60


def test_the_lines_make_their_contacts(parquet):
    store, job = parquet
    contacts = store.scan("contacts").select("contact_id", "object_index", "country").collect()
    assert job.created == contacts.height == 4_372
    assert contacts["object_index"].sort().to_list() == list(range(4_372))
    assert contacts.filter(pl.col("contact_id") == "17850")["country"].to_list() == ["United Kingdom"]


def test_lines_are_purchases_and_cancellations(parquet):
    store, _ = parquet
    source = pl.read_parquet(DATA / "retail.parquet").filter(pl.col("CustomerID").is_not_null())
    cancelled = source.filter(pl.col("InvoiceNo").str.starts_with("C")).height
    kinds = store.scan("activities").group_by("activity_type").len().collect()
    assert dict(kinds.iter_rows()) == {"purchase": source.height - cancelled, "purchase_cancelled": cancelled}


def test_revenue_is_exact(parquet):
    store, _ = parquet
    source = pl.read_parquet(DATA / "retail.parquet").filter(pl.col("CustomerID").is_not_null())
    price = pl.col("UnitPrice").cast(pl.String).cast(pl.Decimal(38, 4))
    expected = source.select((price * pl.col("Quantity").cast(pl.Decimal(38, 0))).sum()).item()
    assert store.scan("activities").select(pl.col("revenue").sum()).collect().item() == expected


def test_exact_duplicates_are_kept(parquet):
    store, _ = parquet
    names = [
        "contact_id",
        "occurred_at",
        "order_id",
        "product",
        "product_name",
        "quantity",
        "unit_price",
        "country",
    ]
    both = pl.concat(
        [store.scan("activities").select(names), store.scan("activities_orphaned").select(names)]
    )
    rows = both.collect()
    assert rows.height - rows.unique().height == 5_268


def test_daily_files_give_the_same_rows_as_that_part_of_the_parquet(parquet, days):
    whole, daily = parquet[0], days[0]
    before = pl.col("occurred_at") < datetime(2010, 12, 24, tzinfo=UTC)
    for table in ("activities", "activities_orphaned"):
        expected = whole.scan(table).filter(before).collect()
        assert expected.height > 15_000
        assert_frame_equal(daily.scan(table).collect(), expected, check_row_order=False)


def test_daily_files_are_imported_once_however_often(days):
    store, jobs, again = days
    assert sum(job.read for job in jobs) == again.read == again.unchanged == 42_481
    assert (again.landed, again.orphaned, again.created) == (0, 0, 0)
    assert count(store, "activities") + count(store, "activities_orphaned") == 42_481
