"""CDNOW: blank-separated purchases, among them equal rows that are real, and rows of $0."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

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


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    catalog = load_catalog(HERE.parents[1] / "segment_definitions" / "catalog.yaml")
    mapping = load_mapping(HERE / "cdnow" / "purchases.yaml", catalog)
    store = DeltaStore(tmp_path_factory.mktemp("cdnow"))
    file = Path(FOLDER) / "cdnow" / "CDNOW_master.txt"
    jobs = [
        import_files(
            store,
            catalog,
            "activities",
            [file],
            mapping,
            time_zone="UTC",
            now=lambda: datetime.now(UTC),
            batch_rows=rows,
        )
        for rows in (20_000, 50_000)
    ]
    return store, jobs


def test_every_row_lands_once(imported):
    store, (first, again) = imported
    assert (first.status, first.read, first.landed, first.created) == ("completed", 69_659, 69_659, 23_570)
    assert (again.landed, again.unchanged) == (0, 69_659)
    assert store.scan("activities").select(pl.len()).collect().item() == 69_659


def test_ids_keep_their_zeros(imported):
    contacts = imported[0].scan("contacts").select("contact_id").collect()["contact_id"]
    assert contacts.len() == 23_570
    assert contacts.min() == "00001"


def test_equal_rows_are_all_kept(imported):
    rows = imported[0].scan("activities").select("contact_id", "occurred_at", "quantity", "revenue").collect()
    assert rows.height - rows.unique().height == 255


def test_rows_of_no_money_are_rows(imported):
    free = imported[0].scan("activities").filter(pl.col("revenue") == 0).select(pl.len()).collect().item()
    assert free == 80
