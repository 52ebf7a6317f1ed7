"""The type guard: what may be written to a Delta table, checked exactly before every write.

The writer below casts leniently (floats are cut to integers, naive times pass for UTC) and the
reader above then finds other values, or cannot read at all; so nothing is cast here, only refused
with the cast that its caller should have made.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.errors import ContractError, LakeError, SegmentationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polars.datatypes import DataTypeClass

    from segmentation_pipeline.lake.tables import Table

_STORABLE = (
    pl.String,
    pl.Int64,
    pl.Int32,
    pl.Int16,
    pl.Int8,
    pl.Float64,
    pl.Float32,
    pl.Boolean,
    pl.Date,
    pl.Decimal,
    pl.Binary,
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LONGEST = 400
_UNSIGNED = (pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)


def unstorable(dtype: pl.DataType) -> str | None:
    """Return why a column of this type would not come back as written, or None if it would.

    >>> unstorable(pl.UInt32())
    'comes back signed; `pl.len()` is one and underflows: cast to pl.Int64 before subtracting'
    >>> unstorable(pl.List(pl.String()))
    """
    if isinstance(dtype, pl.List):
        return unstorable(_inner(dtype))
    if isinstance(dtype, pl.Struct):
        reasons = (unstorable(_instance(part.dtype)) for part in dtype.fields)
        return next((reason for reason in reasons if reason), None)
    if isinstance(dtype, (pl.Categorical, pl.Enum)):
        return "the writer panics on dictionaries: cast to pl.String"
    if isinstance(dtype, _UNSIGNED):
        return "comes back signed; `pl.len()` is one and underflows: cast to pl.Int64 before subtracting"
    if isinstance(dtype, pl.Datetime):
        return _altered_time(dtype)
    if isinstance(dtype, pl.Array):
        return "can be written and then never read: cast to pl.List"
    if isinstance(dtype, _STORABLE):
        return None
    return "Delta has no such type"


def check_frame(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """Return ``frame`` with its columns in the table's order.

    Raises `ContractError` that lists every column that is missing, unknown or of another type, and
    rows that belong to no slice (a null or empty partition value is stored as the other of the two).
    """
    if not isinstance(frame, pl.DataFrame):
        raise ContractError(
            f"expected a DataFrame, not {type(frame).__name__}",
            where=table.name,
            hint="collect it first: a LazyFrame has no values to check",
        )
    faults = differences(table.schema, frame.schema)
    if faults:
        raise ContractError("the frame is not the table's: " + "; ".join(faults), where=table.name)
    for column in table.partition_by:
        if table.schema[column] == pl.String:
            blank = frame.select((pl.col(column).is_null() | (pl.col(column) == "")).sum()).item()
        else:
            blank = frame[column].null_count()
        if blank:
            raise ContractError(
                f"{blank} rows have no `{column}`, by which the table is partitioned", where=table.name
            )
    return frame.select(table.schema.names())


def check_key(
    table: Table, frame: pl.DataFrame, key: Sequence[str], *, distinct: bool = True
) -> pl.DataFrame:
    """Return the key columns of ``frame``.

    Raises `ContractError` for a key that is no column of both, for nulls in it and, if it must be
    ``distinct``, for two rows with one key.
    """
    expected = pl.Schema({column: table.schema[column] for column in key if column in table.schema})
    if not key or len(expected) < len(key):
        raise ContractError(
            f"({', '.join(key)}) is no key of the table", where=table.name, allowed=table.schema.names()
        )
    faults = differences(
        expected, pl.Schema({name: frame.schema[name] for name in key if name in frame.schema})
    )
    if faults:
        raise ContractError("the key is not the table's: " + "; ".join(faults), where=table.name)
    keys = frame.select(key)
    empty = [column for column in key if keys[column].null_count()]
    if empty:
        raise ContractError(f"the key column {', '.join(empty)} has nulls", where=table.name)
    if distinct and keys.is_duplicated().any():
        raise ContractError(f"several rows have one ({', '.join(key)})", where=table.name)
    return keys


def check_slices(table: Table, frame: pl.DataFrame, column: str, values: Sequence[str]) -> None:
    """Refuse rows outside the slices that are replaced, and a column that makes no slices."""
    if column not in table.partition_by or table.schema[column] not in (pl.String, pl.Date):
        raise ContractError(
            f"`{column}` is no column of text or days by which the table is partitioned",
            where=table.name,
            allowed=table.partition_by,
        )
    found = frame[column].unique().sort()
    outside = found.filter(~found.cast(pl.String).is_in(list(values))).to_list()
    if outside:
        named = ", ".join(f"`{value}`" for value in outside[:5])
        raise ContractError(f"rows outside the replaced slices of `{column}`: {named}", where=table.name)


def check_value(table: Table, column: str, value: str, values: Sequence[str]) -> str:
    """Return a slice that may be written; raise `ContractError` for one that is not replaced."""
    if value not in values:
        raise ContractError(f"rows outside the replaced slices of `{column}`: `{value}`", where=table.name)
    return value


def differences(expected: pl.Schema, got: pl.Schema) -> list[str]:
    """Return one phrase per column that is missing, unknown or of another type; order is no matter."""
    faults = [f"`{name}` is missing ({dtype})" for name, dtype in expected.items() if name not in got]
    for name, dtype in got.items():
        if name not in expected:
            faults.append(f"`{name}` is not a column of the table")
        elif expected[name] != dtype:
            why = unstorable(dtype) or f"cast to {expected[name]}, if that is meant"
            faults.append(f"`{name}` is {dtype}, not {expected[name]} ({why})")
    return faults


@contextmanager
def wrapping(what: str, where: str) -> Iterator[None]:
    """Turn whatever the Delta library raises into a `LakeError`.

    A Rust panic is a BaseException and would pass every ``except Exception``; interrupts and exits,
    which are BaseExceptions too, go through.
    """
    try:
        yield
    except SegmentationError:
        raise
    except Exception as error:
        raise LakeError(f"{what}: {_said(error)}", where=where) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise LakeError(f"{what}: the Delta library panicked: {_said(error)}", where=where) from error


def _altered_time(dtype: pl.Datetime) -> str | None:
    if dtype.time_zone is None:
        return 'a time without a zone is stored as another type: .dt.replace_time_zone("UTC") if it is UTC'
    if dtype.time_unit != "us":
        return 'is silently rounded to microseconds: .dt.cast_time_unit("us")'
    if dtype.time_zone != "UTC":
        return 'comes back as UTC: .dt.convert_time_zone("UTC")'
    return None


def _inner(dtype: pl.List) -> pl.DataType:
    return _instance(dtype.inner)


def _instance(dtype: pl.DataType | DataTypeClass) -> pl.DataType:
    return dtype if isinstance(dtype, pl.DataType) else dtype()


def _said(error: BaseException) -> str:
    """The library's message without its colours and tables of rows, on one line."""
    text = _COLOUR.sub("", str(error)).strip() or type(error).__name__
    return " ".join(text.partition("\n\n")[0].split())[:_LONGEST]
