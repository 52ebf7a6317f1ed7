"""Each type that Delta alters, truncates or cannot read back is refused before it is written."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import polars as pl
import pytest

from segmentation_pipeline.errors import ContractError, Forbidden, LakeError
from segmentation_pipeline.lake.guard import check_frame, wrapping
from segmentation_pipeline.lake.tables import Table

REFUSED = {
    "categorical panics": (pl.Categorical(), "panics"),
    "enum panics": (pl.Enum(["a"]), "panics"),
    "unsigned comes back signed": (pl.UInt8(), "signed"),
    "pl.len is unsigned and underflows": (pl.UInt32(), "pl.len"),
    "unsigned 64": (pl.UInt64(), "signed"),
    "naive time": (pl.Datetime("us"), "without a zone"),
    "nanoseconds are cut": (pl.Datetime("ns", "UTC"), "microseconds"),
    "milliseconds": (pl.Datetime("ms", "UTC"), "microseconds"),
    "another zone comes back as UTC": (pl.Datetime("us", "Europe/Berlin"), "UTC"),
    "array is never read": (pl.Array(pl.Int64(), 2), "never read"),
    "duration": (pl.Duration("us"), "no such type"),
    "time of day": (pl.Time(), "no such type"),
    "null": (pl.Null(), "no such type"),
    "int128": (pl.Int128(), "no such type"),
    "inside a list": (pl.List(pl.Categorical()), "panics"),
    "inside a struct": (pl.Struct({"a": pl.List(pl.UInt8())}), "signed"),
}


@pytest.mark.parametrize(("dtype", "why"), REFUSED.values(), ids=REFUSED)
def test_a_table_of_an_unstorable_type_is_refused(dtype, why):
    with pytest.raises(ContractError, match=why):
        Table("t", pl.Schema({"a": dtype}))


STORED = {
    "text": pl.Series(["a", None, ""]),
    "integer": pl.Series([1, None, -(2**63)]),
    "small integers": pl.Series([1, None, -128], dtype=pl.Int8),
    "number": pl.Series([1.5, None, float("nan")]),
    "boolean": pl.Series([True, None, False]),
    "date": pl.Series([datetime(2026, 1, 1).date(), None, datetime(1900, 1, 1).date()]),
    "instant": pl.Series([datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC), None]).dt.cast_time_unit("us"),
    "decimal": pl.Series(["1.2345", None, "-9999999999999999999999999999999999.9999"]).cast(
        pl.Decimal(38, 4)
    ),
    "list": pl.Series([["a", None], [], None]),
    "list of structs": pl.Series([[{"a": 1, "b": "x"}], [], None]),
    "binary": pl.Series([b"\x00", None]),
}


@pytest.mark.parametrize("values", STORED.values(), ids=STORED)
def test_a_storable_type_comes_back_exactly(values, store):
    frame = pl.DataFrame({"key": range(len(values)), "a": values})
    store.append(Table("t", frame.schema), frame)
    back = store.scan("t").sort("key").collect()
    assert back.schema == frame.schema
    assert back.equals(frame)


ALTERED = {
    "floats are truncated silently": (pl.Series([8.7]), "age` is Float64, not Int64"),
    "text is cast silently": (pl.Series(["77"]), "age` is String, not Int64"),
    "an unsigned count": (pl.Series([1], dtype=pl.UInt32), "cast to pl.Int64"),
    "a narrower integer": (pl.Series([1], dtype=pl.Int32), "age` is Int32, not Int64"),
}


@pytest.mark.parametrize(("values", "why"), ALTERED.values(), ids=ALTERED)
def test_a_column_of_another_type_is_refused_before_every_write(values, why, store, plain, contacts):
    store.append(plain, contacts(("a", 1)))
    frame = pl.DataFrame({"contact_id": ["b"], "age": values})
    for write in (store.append, store.replace):
        with pytest.raises(ContractError, match=why):
            write(plain, frame)
    with pytest.raises(ContractError, match=why):
        store.merge(plain, frame, ("contact_id",))
    assert store.version("contacts") == 0


@pytest.mark.parametrize(
    "at",
    [
        pl.Series([datetime(2026, 1, 1)]),
        pl.Series([datetime(2026, 1, 1, tzinfo=UTC)]).dt.cast_time_unit("ns"),
        pl.Series([datetime(2026, 1, 1, tzinfo=UTC)]).dt.convert_time_zone("Europe/Berlin"),
    ],
    ids=["naive", "nanoseconds", "zoned"],
)
def test_a_time_that_is_not_utc_microseconds_is_refused(at, store, table):
    frame = pl.DataFrame({"segment_id": ["a"], "object_index": [1], "added_at": at})
    with pytest.raises(ContractError, match="added_at` is Datetime"):
        store.append(table, frame)


def test_every_difference_is_listed(plain):
    frame = pl.DataFrame({"age": [time(1)], "name": ["x"]})
    with pytest.raises(ContractError) as caught:
        check_frame(plain, frame)
    assert "`contact_id` is missing (String)" in str(caught.value)
    assert "`age` is Time, not Int64" in str(caught.value)
    assert "`name` is not a column" in str(caught.value)


def test_the_order_of_columns_is_no_difference(store, plain, contacts):
    store.append(plain, contacts(("a", 1)).select("age", "contact_id"))
    assert store.scan("contacts").collect().rows() == [("a", 1)]


def test_a_lazy_frame_is_refused(plain, contacts):
    with pytest.raises(ContractError, match="LazyFrame"):
        check_frame(plain, contacts(("a", 1)).lazy())


@pytest.mark.parametrize("segment", [None, ""], ids=["null", "empty text becomes null"])
def test_a_row_without_a_slice_is_refused(segment, store, table, rows):
    with pytest.raises(ContractError, match="1 rows have no `segment_id`"):
        store.append(table, rows((segment, 1)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"partition_by": ("b",)},
        {"partition_by": ("n",)},
        {"packed": ("a",)},
        {"column_comments": {"b": "?"}},
        {"schema": pl.Schema({"a": pl.String, "A": pl.String})},
        {"name": "../elsewhere"},
        {"name": "Contacts"},
    ],
    ids=str,
)
def test_a_table_that_cannot_be_is_refused(wrong):
    with pytest.raises((ContractError, Forbidden)):
        Table(**({"name": "t", "schema": pl.Schema({"a": pl.String, "n": pl.Float64})} | wrong))


def test_a_panic_of_the_library_is_a_lake_error(tmp_path):
    """A PanicException is a BaseException, which no `except Exception` sees."""
    from deltalake import write_deltalake

    with pytest.raises(LakeError, match="panicked"), wrapping("cannot write", "t"):
        write_deltalake(str(tmp_path / "a[b"), pl.DataFrame({"a": [1]}))


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_interrupt_is_no_lake_error(kind):
    with pytest.raises(kind), wrapping("cannot write", "t"):
        raise kind


def test_an_unstorable_value_hidden_in_a_frame_names_its_column(store, table):
    frame = pl.DataFrame({"segment_id": ["a"], "object_index": [1], "added_at": [timedelta(1)]})
    with pytest.raises(ContractError, match=r"added_at` is Duration.*no such type"):
        store.append(table, frame)
