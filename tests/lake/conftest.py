from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import Table

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    return DeltaStore(tmp_path / "lake")


@pytest.fixture
def table():
    return Table(
        "memberships",
        pl.Schema({"segment_id": pl.String, "object_index": pl.Int64, "added_at": pl.Datetime("us", "UTC")}),
        partition_by=("segment_id",),
        comment="who is in which segment",
        column_comments={"object_index": "dense number of the object"},
        packed=("object_index",),
    )


@pytest.fixture
def plain():
    return Table("contacts", pl.Schema({"contact_id": pl.String, "age": pl.Int64}))


@pytest.fixture
def rows(table):
    """A frame of ``table`` from (segment, index) pairs."""

    def of(*pairs):
        return pl.DataFrame([(*pair, AT) for pair in pairs], schema=table.schema, orient="row")

    return of


@pytest.fixture
def contacts(plain):
    return lambda *pairs: pl.DataFrame(list(pairs), schema=plain.schema, orient="row")


@pytest.fixture
def pairs():
    """The (segment, index) pairs of a scan, sorted: a scan has no order."""
    return lambda frame: sorted(frame.select("segment_id", "object_index").collect().rows())
