"""Added columns, compaction and removal of files keep what readers may still read."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from segmentation_pipeline.errors import ContractError
from segmentation_pipeline.lake.maintenance import add_columns, compact, vacuum
from segmentation_pipeline.lake.tables import Table


def test_a_lake_written_before_a_column_was_declared_is_opened_and_widened(store, plain, contacts):
    store.append(plain, contacts(("a", 1)))
    wider = Table(
        "contacts",
        pl.Schema({**plain.schema, "city": pl.String}),
        column_comments={"city": "where they live"},
    )
    assert add_columns(store, wider) == 1
    assert add_columns(store, wider) == 1
    store.append(wider, pl.DataFrame({"contact_id": ["b"], "age": [2], "city": ["Rome"]}))
    assert sorted(store.scan("contacts").collect().rows()) == [("a", 1, None), ("b", 2, "Rome")]
    assert store.schema("contacts") == wider.schema
    fields = {field.name: field.metadata for field in store.open("contacts").schema().fields}
    assert fields["city"] == {"comment": "where they live"}


def test_a_retyped_column_is_no_added_one(store, plain, contacts):
    store.append(plain, contacts(("a", 1)))
    other = Table("contacts", pl.Schema({"contact_id": pl.String, "age": pl.String, "city": pl.String}))
    with pytest.raises(ContractError, match="`age` is Int64, not String"):
        add_columns(store, other)
    assert store.version("contacts") == 0


def test_compaction_keeps_the_rows_and_the_old_versions(store, plain, contacts):
    for number in range(4):
        store.append(plain, contacts((f"c{number}", number)))
    assert compact(store, "contacts") == 4
    assert len(store.open("contacts").file_uris()) == 1
    assert sorted(store.scan("contacts").collect()["age"]) == [0, 1, 2, 3]
    assert sorted(store.scan("contacts", 1).collect()["age"]) == [0, 1]


def test_vacuum_keeps_pinned_versions_and_what_is_young(store, plain, contacts):
    for number in range(4):
        store.replace(plain, contacts((f"c{number}", number)))
    assert vacuum(store, "contacts", timedelta(days=7)) == []
    removed = vacuum(store, "contacts", timedelta(0), versions=[1])
    assert len(removed) == 2
    assert store.scan("contacts").collect()["age"].to_list() == [3]
    assert store.scan("contacts", 1).collect()["age"].to_list() == [1]
    assert len(list(Path(store.root.table("contacts")).glob("*.parquet"))) == 2
