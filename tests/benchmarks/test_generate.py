"""A data set on disk: written once, whole, in two forms of the same rows."""

from __future__ import annotations

import polars as pl
import pytest

from benchmarks.data.generate import dataset, default_events
from segmentation_pipeline.lake.store import DeltaStore


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return dataset(tmp_path_factory.mktemp("data"), 500, 4000, seed=3)


def test_both_forms_hold_the_same_activities(data):
    lake = DeltaStore(data.lake).scan("activities").collect()
    plain = pl.read_parquet(data.plain_activities / "*.parquet")
    here = lake.select(
        pl.col("contact_id").str.slice(1).cast(pl.Int32).alias("object_index"),
        pl.col("occurred_at").dt.replace_time_zone(None),
        "activity_type",
        pl.col("revenue").cast(pl.Decimal(18, 2)),
    )
    assert here.sort("occurred_at").equals(plain.sort("occurred_at").select(here.columns))


def test_both_forms_hold_the_same_contacts(data):
    lake = DeltaStore(data.lake).scan("contacts").sort("object_index").collect()
    plain = pl.read_parquet(data.plain_contacts / "*.parquet")
    for column in ("email", "tags", "birthday", "satisfaction"):
        assert lake[column].to_list() == plain[column].to_list()
    assert plain.schema["object_index"] == pl.Int32


def test_a_month_of_plain_activities_is_in_order_of_time(data):
    files = sorted(data.plain_activities.iterdir())
    assert len(files) == 24
    for file in files:
        assert pl.read_parquet(file)["occurred_at"].is_sorted()


def test_what_is_there_is_taken_as_it_is(data):
    said = []
    again = dataset(data.folder.parent, 500, 4000, seed=3, say=said.append)
    assert again == data
    assert said == []


def test_an_interrupted_generation_is_done_again(data):
    (data.folder / "complete.json").unlink()
    (data.plain_contacts / "0000.parquet").write_text("half a file")
    dataset(data.folder.parent, 500, 4000, seed=3)
    assert pl.read_parquet(data.plain_contacts / "*.parquet").height == 500


def test_the_largest_size_has_ten_events_a_contact():
    assert [default_events(contacts) for contacts in (10**5, 10**6, 10**7)] == [15 * 10**5, 15 * 10**6, 10**8]
