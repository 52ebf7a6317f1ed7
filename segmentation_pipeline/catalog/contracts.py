"""Tables and contracts derived from the catalog: Polars schemas, pandera checks, good rows from bad."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandera.polars as pa
import polars as pl
from pandera.config import ValidationDepth, config_context
from pandera.errors import SchemaErrors

from segmentation_pipeline.catalog.constraints import (
    Constraint,
    event_constraints,
    field_constraints,
    is_single,
    satellite_constraints,
)
from segmentation_pipeline.catalog.types import (
    Boolean,
    Date,
    Datetime,
    Decimal,
    FieldType,
    Integer,
    ListOf,
    Number,
)
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import ContractError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from segmentation_pipeline.catalog.model import Catalog, EventSource, Field

OBJECT_INDEX = "object_index"
MONTH = "month"
FAILURES = pl.Schema({"row": pl.Int64, "column": pl.String, "value": pl.String, "reason": pl.String})


@dataclass(frozen=True, slots=True)
class Layout:
    """How one table of the catalog lies in the lake: its fields, its key, what ingestion adds."""

    fields: Mapping[str, Field]
    key: tuple[str, ...]
    added: Mapping[str, pl.DataType] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    partition_by: tuple[str, ...] = ()
    description: str = ""


def polars_type(kind: FieldType) -> pl.DataType:
    """Return how values of a catalog type are stored; text and enum are both plain text.

    >>> polars_type(Decimal(2))
    Decimal(precision=38, scale=2)
    """
    if isinstance(kind, ListOf):
        return pl.List(polars_type(kind.of))
    if isinstance(kind, Decimal):
        return pl.Decimal(38, kind.scale)
    if isinstance(kind, Datetime):
        return pl.Datetime("us", "UTC")
    return {Integer: pl.Int64(), Number: pl.Float64(), Boolean: pl.Boolean(), Date: pl.Date()}.get(
        type(kind), pl.String()
    )


def layout(catalog: Catalog, table: str) -> Layout:
    """Return the layout of an object's, events' or plain table, or of a table of orphaned events.

    Raises `UsageError` for a table that the catalog does not declare.
    """
    if kind := catalog.object_of_table(table):
        stored = {name: column for name, column in kind.fields.items() if column.stored}
        required = frozenset({kind.key, *(name for name, column in stored.items() if column.required)})
        return Layout(stored, (kind.key,), {OBJECT_INDEX: pl.Int64()}, required, (), kind.description)
    if source := catalog.source_of_table(table):
        return _event_layout(source, orphaned=False)
    if source := next((source for source in catalog.events.values() if source.orphans == table), None):
        return _event_layout(source, orphaned=True)
    if plain := catalog.tables.get(table):
        required = frozenset(
            {*plain.key, *(name for name, column in plain.columns.items() if column.required)}
        )
        return Layout(plain.columns, plain.key, {}, required, (), plain.description)
    names = catalog.table_names()
    raise UsageError(f"the catalog has no table `{table}`", hint=did_you_mean(table, names))


def table_schema(catalog: Catalog, table: str) -> pl.Schema:
    """Return the columns of the table as stored, those that ingestion adds last."""
    laid = layout(catalog, table)
    return pl.Schema(
        {name: polars_type(column.type) for name, column in laid.fields.items()} | dict(laid.added)
    )


def contract(catalog: Catalog, table: str, with_unique: bool = True) -> pa.DataFrameSchema:
    """Return the pandera schema of the table as stored: types, nulls, lists, ranges, forms.

    ``with_unique`` adds uniqueness of keys and of unique fields. Validate through `failures`: by
    itself pandera looks only at names and types of a LazyFrame, and says nothing of the rest.
    """
    laid = layout(catalog, table)
    demands = [*_constraints(catalog, table, laid), *(_uniqueness(laid) if with_unique else ())]
    return _schema(table, table_schema(catalog, table), laid.required | laid.added.keys(), demands)


def failures(catalog: Catalog, table: str, frame: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Return every breach of the contract by the table as stored.

    Columns: ``row`` (position from 0), ``column``, ``value`` (as text), ``reason`` (a sentence).
    """
    laid = layout(catalog, table)
    demands = [*_constraints(catalog, table, laid), *_uniqueness(laid)]
    schema = _schema(table, table_schema(catalog, table), laid.required | laid.added.keys(), demands)
    # Collected here: of a LazyFrame pandera would check names and types and pass the rest.
    return _validate(schema, frame.lazy().collect(), demands)


def split(catalog: Catalog, table: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows of an arriving frame that may land, and every breach of the others.

    Columns of the table that the frame lacks count as null, other columns are passed through; what
    ingestion adds, uniqueness, and whose event it is (an orphan's contact) are not looked at.
    Raises `ContractError` for a column of another type than the table's.
    """
    laid = layout(catalog, table)
    source = catalog.source_of_table(table)
    demands = list(_constraints(catalog, table, laid))
    expected = pl.Schema({name: polars_type(column.type) for name, column in laid.fields.items()})
    required = laid.required - ({source.key} if source is not None else set())
    arriving = frame.select(
        pl.col(name) if name in frame.schema else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in expected.items()
    )
    bad = _validate(_schema(table, expected, required, demands), arriving, demands)
    if bad.is_empty():
        return frame, bad
    # Pandera's own drop_invalid_rows would drop both holders of a key and name neither.
    rows = pl.int_range(pl.len(), dtype=pl.Int64)
    return frame.filter(~rows.is_in(bad["row"].unique().to_list())), bad


def _event_layout(source: EventSource, *, orphaned: bool) -> Layout:
    columns = source.columns
    required = {
        source.type,
        source.time,
        source.id,
        *(name for name, c in source.fields.items() if c.required),
    }
    required = required - {source.key} if orphaned else required | {source.key}
    monthly = source.partition_by_month
    return Layout(
        columns,
        (source.id,),
        {MONTH: pl.String()} if monthly else {},
        frozenset(required),
        (MONTH,) if monthly else (),
        source.description,
    )


def _constraints(catalog: Catalog, table: str, laid: Layout) -> Iterator[Constraint]:
    for name, column in laid.fields.items():
        yield from field_constraints(column, name)
    if source := catalog.source_of_table(table):
        yield from event_constraints(source)
    yield from satellite_constraints(catalog, table)


def _uniqueness(laid: Layout) -> Iterator[Constraint]:
    yield Constraint(
        laid.key[0],
        f"stands in several rows, of which `{', '.join(laid.key)}` is the key",
        is_single(laid.key),
    )
    for name, column in laid.fields.items():
        if column.unique and (name,) != laid.key:
            fold = column.form == "email" or column.normalise == "lower"
            yield Constraint(
                name, f"stands in several rows, and `{name}` is unique", is_single((name,), fold=fold)
            )
    if OBJECT_INDEX in laid.added:
        yield Constraint(
            OBJECT_INDEX, f"stands in several rows of `{OBJECT_INDEX}`", is_single((OBJECT_INDEX,))
        )


def _schema(
    table: str, columns: pl.Schema, required: Iterable[str], demands: Iterable[Constraint]
) -> pa.DataFrameSchema:
    needed = frozenset(required)
    return pa.DataFrameSchema(
        # `nullable` is written out: what the library assumes has changed between its versions.
        {name: pa.Column(dtype, nullable=name not in needed) for name, dtype in columns.items()},
        checks=[_check(demand) for demand in demands],
        strict=True,
        coerce=False,
        name=table,
    )


def _check(demand: Constraint) -> pa.Check:
    def holds(data: Any) -> pl.LazyFrame:
        tested: pl.LazyFrame = data.lazyframe.select(demand.holds)
        return tested

    return pa.Check(holds, name=demand.column, error=_phrase(demand))


def _validate(schema: pa.DataFrameSchema, frame: pl.DataFrame, demands: list[Constraint]) -> pl.DataFrame:
    try:
        # Set explicitly: the environment can turn validation off, or reduce it to types.
        with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
            schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        return _tidy(error.failure_cases, frame, schema.name or "", demands)
    return pl.DataFrame(schema=FAILURES)


def _tidy(cases: pl.DataFrame, frame: pl.DataFrame, table: str, demands: list[Constraint]) -> pl.DataFrame:
    shapes = cases.filter(pl.col("index").is_null())
    if shapes.height:
        said = "; ".join(
            f"`{case['column']}` {case['check']}: {case['failure_case']}" for case in shapes.to_dicts()
        )
        raise ContractError(f"the frame is not the table's: {said}", where=table)
    reasons = {_phrase(demand): demand for demand in demands}
    found = []
    for (name, check), part in cases.group_by("column", "check", maintain_order=True):
        demand = reasons.get(str(check))
        column = demand.column if demand else str(name)
        reason = demand.reason if demand else "is required and missing"
        rows = part["index"].cast(pl.Int64)
        values = _as_text(frame[column].gather(rows))
        found.append(
            pl.DataFrame({"row": rows, "column": [column] * len(rows), "value": values}).with_columns(
                reason=pl.concat_str(pl.lit("`"), pl.col("value").fill_null(column), pl.lit(f"` {reason}"))
            )
        )
    return pl.concat(found).match_to_schema(FAILURES).sort("row", maintain_order=True)


def _phrase(demand: Constraint) -> str:
    return f"{demand.column}: {demand.reason}"


def _as_text(values: pl.Series) -> pl.Series:
    if isinstance(values.dtype, pl.List):
        return values.cast(pl.List(pl.String)).list.join(", ", ignore_nulls=True)
    return values.cast(pl.String)
