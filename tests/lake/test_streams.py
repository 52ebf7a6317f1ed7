"""Rows written as they come: slices replaced in one commit, few rows in memory, facts in the log."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pyarrow.parquet as pq
import pytest

from segmentation_pipeline.errors import ContractError, LakeError
from segmentation_pipeline.lake.store import Commit, DeltaStore
from segmentation_pipeline.lake.tables import Table

AT = dt.datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=dt.UTC)


@pytest.fixture
def part(table):
    """A frame of one slice of ``table``."""

    def of(*indexes, at=AT):
        columns = {"object_index": list(indexes), "added_at": [at] * len(indexes)}
        return pl.DataFrame(columns, schema={name: table.schema[name] for name in columns})

    return of


def stream(store, table, values, slices, commit=None):
    return store.replace_slices(table, "segment_id", values, slices, *([commit] if commit else []))


def test_the_first_slices_make_the_table(store, table, part, pairs):
    assert stream(store, table, ["a", "b"], [("a", [part(1, 2), part(5)]), ("b", [part(3)])]) == 0
    assert pairs(store.scan("memberships")) == [("a", 1), ("a", 2), ("a", 5), ("b", 3)]
    assert store.open("memberships").metadata().description == "who is in which segment"


def test_the_named_slices_are_replaced_and_no_other(store, table, rows, part, pairs):
    store.append(table, rows(("a", 1), ("b", 2), ("c", 3)))
    assert stream(store, table, ["a", "b"], [("a", [part(9)])], Commit({"run": "2"}, ("run", 2))) == 1
    assert pairs(store.scan("memberships")) == [("a", 9), ("c", 3)]
    assert store.commit_metadata("memberships", 1) == {"run": "2"}
    assert store.transaction("memberships", "run") == 2
    assert pairs(store.scan("memberships", 0)) == [("a", 1), ("b", 2), ("c", 3)]


def test_no_slices_are_a_commit_all_the_same(store, table, rows, pairs):
    store.append(table, rows(("a", 1)))
    assert stream(store, table, [], [], Commit({"run": "2"})) == 1
    assert store.commit_metadata("memberships", 1) == {"run": "2"}
    assert pairs(store.scan("memberships")) == [("a", 1)]


def test_a_table_may_begin_empty(store, table):
    stream(store, table, ["a"], [("a", [])])
    assert store.scan("memberships").collect().is_empty()
    assert store.schema("memberships") == table.schema


def test_a_slice_may_come_in_parts(store, table, part, pairs):
    stream(store, table, ["a", "b"], [("a", [part(1)]), ("b", [part(1)]), ("a", [part(2)])])
    assert pairs(store.scan("memberships")) == [("a", 1), ("a", 2), ("b", 1)]


@pytest.mark.parametrize("folder", ["lake", "a lake of ünits"])
def test_whatever_stands_in_the_value(tmp_path, table, part, pairs, folder):
    store = DeltaStore(tmp_path / folder)
    nasty = ["it's", 'say "x"', "100%", "a/b", "ü = ?", " ", "null", "a%20b"]
    stream(store, table, nasty, [(value, [part(1)]) for value in nasty])
    for value in nasty:
        stream(store, table, [value], [(value, [part(2)])])
    assert pairs(store.scan("memberships")) == sorted((value, 2) for value in nasty)
    files = store.snapshot(["memberships"]).files("memberships")
    assert files.lost() is None
    assert files.rows_by("segment_id") == dict.fromkeys(nasty, 1)
    read = [pl.read_parquet(path, hive_partitioning=False) for path in files.paths_of("segment_id", "a%20b")]
    assert pl.concat(read)["object_index"].to_list() == [2]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pl.DataFrame({"object_index": [1]}), "`added_at` is missing"),
        (pl.DataFrame({"object_index": [1], "added_at": ["x"]}), "`added_at` is String"),
        (pl.DataFrame({"segment_id": ["a"], "object_index": [1], "added_at": [AT]}), "`segment_id` is not"),
    ],
)
def test_other_columns_are_refused_and_nothing_changes(store, table, rows, pairs, frame, message):
    store.append(table, rows(("a", 1)))
    with pytest.raises(ContractError, match=message):
        stream(store, table, ["a"], [("a", [frame])])
    assert pairs(store.scan("memberships")) == [("a", 1)]
    assert store.version("memberships") == 0


def test_a_slice_that_is_not_to_be_replaced_is_refused(store, table, part):
    with pytest.raises(ContractError, match="outside the replaced slices of `segment_id`: `b`"):
        stream(store, table, ["a"], [("b", [part(1)])])
    assert not store.exists("memberships")


def test_frames_that_cannot_be_made_leave_the_table_as_it_was(store, table, rows, part, pairs):
    def failing():
        yield part(5)
        raise OSError("disk gone")

    store.append(table, rows(("a", 1)))
    with pytest.raises(LakeError, match="disk gone"):
        stream(store, table, ["a"], [("a", failing())])
    assert pairs(store.scan("memberships")) == [("a", 1)]


def test_another_table_than_the_declared_one_is_refused(store, table, part):
    other = Table("memberships", pl.Schema({"segment_id": pl.String, "n": pl.Int64}), ("segment_id",))
    store.append(other, pl.DataFrame({"segment_id": ["a"], "n": [1]}))
    with pytest.raises(ContractError, match="`object_index` is missing"):
        stream(store, table, ["a"], [("a", [part(1)])])


def test_repeated_text_comes_as_an_enum_and_is_read_as_text(store):
    table = Table("vias", pl.Schema({"n": pl.Int64, "via": pl.String}), packed=("n",))
    kind = pl.Enum(["pin", "rule"])
    frames = [pl.DataFrame({"n": [n], "via": [via]}, schema={"n": pl.Int64, "via": kind})
              for n, via in enumerate(["rule", None, "pin"])]  # fmt: skip
    store.append_stream(table, frames)
    store.append_stream(table, [pl.DataFrame({"n": [3], "via": ["rule"]})])
    found = store.scan("vias").sort("n").collect()
    assert found.schema == table.schema
    assert found["via"].to_list() == ["rule", None, "pin", "rule"]


def test_numbers_that_ascend_are_stored_as_differences(store, table, part, tmp_path):
    stream(store, table, ["a"], [("a", [part(*range(1000))])])
    (path,) = store.snapshot(["memberships"]).files("memberships").paths_of("segment_id", "a")
    columns = pq.ParquetFile(path).metadata.row_group(0)
    assert "DELTA_BINARY_PACKED" in columns.column(0).encodings
    assert columns.column(0).compression == "ZSTD"


def test_many_small_frames_become_one_row_group(store, table, part):
    stream(store, table, ["a"], [("a", (part(n) for n in range(50)))])
    (path,) = store.snapshot(["memberships"]).files("memberships").paths_of("segment_id", "a")
    assert pq.ParquetFile(path).metadata.num_row_groups == 1


def test_a_long_slice_goes_on_in_another_file(store, table, part, pairs, monkeypatch):
    from segmentation_pipeline.lake import writing

    monkeypatch.setattr(writing, "FILE_ROWS", 2)
    monkeypatch.setattr(writing, "_LEAST_ROWS", 1)
    stream(store, table, ["a"], [("a", (part(n) for n in range(5)))])
    assert len(store.snapshot(["memberships"]).files("memberships").paths_of("segment_id", "a")) == 3
    assert pairs(store.scan("memberships")) == [("a", n) for n in range(5)]


def test_the_log_knows_rows_and_bounds(store, table, rows, part):
    early = AT - dt.timedelta(days=1)
    stream(store, table, ["a", "b"], [("a", [part(1, 2)]), ("b", [part(3, at=early)])])
    store.append(table, rows(("c", 1)))
    files = store.snapshot(["memberships"]).files("memberships")
    assert files.exact
    assert files.rows == 4
    assert files.rows_by("segment_id") == {"a": 2, "b": 1, "c": 1}
    latest = files.latest("added_at")
    assert AT <= latest <= AT + dt.timedelta(milliseconds=2)
    assert files.latest("object_index") is None
    assert files.latest("nothing") is None


def test_times_of_nothing_but_nulls_have_no_bound(store, table, part):
    stream(store, table, ["a"], [("a", [part(1, at=None)])])
    assert store.snapshot(["memberships"]).files("memberships").latest("added_at") is None


def test_a_file_that_is_gone_is_noticed_without_reading(store, table, part):
    from pathlib import Path

    stream(store, table, ["a"], [("a", [part(1)])])
    files = store.snapshot(["memberships"]).files("memberships")
    (path,) = files.paths_of("segment_id", "a")
    Path(path).unlink()
    assert files.lost() == path


def test_slices_may_be_days(store):
    """A day is a folder; only its own rows are replaced, and a filter on days reads no others."""
    table = Table("days", pl.Schema({"day": pl.Date, "n": pl.Int64}), partition_by=("day",))

    def put(day: str, *numbers: int) -> None:
        rows = pl.DataFrame({"n": numbers}, schema={"n": pl.Int64})
        store.replace_slices(table, "day", [day], [(day, [rows])] if numbers else [])

    put("2026-06-30", 1, 2)
    put("2026-07-01", 3)
    put("2026-06-30", 4)
    june, july = dt.date(2026, 6, 30), dt.date(2026, 7, 1)
    assert sorted(store.scan("days").collect().rows()) == [(june, 4), (july, 3)]
    assert store.scan("days").filter(pl.col("day") > june).collect().rows() == [(july, 3)]
    put("2026-06-30")
    assert store.scan("days").collect().rows() == [(july, 3)]
    store.replace_where(table, pl.DataFrame({"day": [july], "n": [5]}), "day", ["2026-07-01"])
    assert store.scan("days").collect().rows() == [(july, 5)]
    with pytest.raises(ContractError, match="outside the replaced slices of `day`: `2026-07-01`"):
        store.replace_where(table, pl.DataFrame({"day": [july], "n": [5]}), "day", ["2026-06-30"])
