"""Fields that live in tables of their own: lists one row a value, structs one row a field.

A mapped list or struct field is a value like any other: what the file says replaces what was
there, so rows are added, changed and removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX, polars_type, split
from segmentation_pipeline.catalog.satellites import VALUE_COLUMNS
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
from segmentation_pipeline.ingest.batch import FINDINGS, ROW
from segmentation_pipeline.ingest.history.changes import ADD, DELETE, MERGE
from segmentation_pipeline.ingest.indexes import indexed
from segmentation_pipeline.ingest.made_keys import with_made_keys
from segmentation_pipeline.ingest.targets import target_of
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.catalog.model import Catalog, Field, Satellite
    from segmentation_pipeline.ingest.history.record import Record
    from segmentation_pipeline.ingest.targets import Target
    from segmentation_pipeline.lake.store import DeltaStore


@dataclass(frozen=True, slots=True)
class SatelliteRows:
    """Rows of one satellite table that a batch gives, with `ROW` of the row each comes from.

    ``values`` are the columns it decides; ``fields`` the struct's fields, None for a list.
    """

    table: str
    frame: pl.DataFrame
    key: tuple[str, ...]
    values: tuple[str, ...]
    fields: tuple[str, ...] | None


def satellite_rows(catalog: Catalog, target: Target, frame: pl.DataFrame) -> list[SatelliteRows]:
    """Return what the frame's mapped lists and structs say, by satellite table.

    Rows of a table that is an object's own have their key.
    """
    found: list[SatelliteRows] = []
    structs: dict[str, list[tuple[Field, Satellite]]] = {}
    key = target.key[0]
    for name in frame.columns:
        field = target.fields.get(name)
        if field is None or field.satellite is None:
            continue
        if field.satellite.value is None:
            structs.setdefault(field.satellite.table, []).append((field, field.satellite))
            continue
        value = field.satellite.value
        rows = frame.select(ROW, key, pl.col(name).alias(value))
        if isinstance(field.type, ListOf):
            rows = rows.explode(value)
        rows = rows.filter(pl.col(value).is_not_null()).unique((key, value), maintain_order=True)
        own = target_of(catalog, field.satellite.table)
        rows = with_made_keys(own, rows) if own.made_from else rows
        found.append(SatelliteRows(own.table, rows, (key, value), (), None))
    for table, parts in structs.items():
        rows = pl.concat([_values(frame, key, field) for field, _ in parts])
        names = tuple(_field_name(field.name) for field, _ in parts)
        values = tuple(name for name in VALUE_COLUMNS if name != "field_name")
        found.append(SatelliteRows(table, rows, (key, "field_name"), values, names))
    return found


def satellite_findings(catalog: Catalog, rows: Iterable[SatelliteRows]) -> pl.DataFrame:
    """Return breaches of the satellite tables' contracts as findings on the rows they come from."""
    found = [pl.DataFrame(schema=FINDINGS)]
    for part in rows:
        _, bad = split(catalog, part.table, part.frame.drop(ROW))
        numbers = part.frame.get_column(ROW).gather(bad.get_column("row"))
        found.append(bad.drop("row").with_columns(numbers.alias(ROW)).select(FINDINGS.names()))
    return pl.concat(found)


@dataclass(frozen=True, slots=True)
class SatelliteChange:
    """What must be written to a satellite table: rows to add, rows to replace, keys to delete.

    ``held`` are the rows that the lake has of the same objects (of a struct, of the fields given).
    """

    table: str
    key: tuple[str, ...]
    held: pl.DataFrame
    add: pl.DataFrame
    merge: pl.DataFrame
    delete: pl.DataFrame

    @property
    def objects(self) -> pl.DataFrame:
        return pl.concat([rows.select(self.key[0]) for rows in (self.add, self.merge, self.delete)]).unique()


def satellite_change(
    store: DeltaStore, catalog: Catalog, rows: SatelliteRows, keys: pl.DataFrame
) -> SatelliteChange:
    """Compare what the file says of the objects ``keys`` with what the lake holds."""
    schema = catalog_table(catalog, rows.table).schema
    given = rows.frame.drop(ROW)
    held = pl.DataFrame(schema=schema)
    if store.exists(rows.table):
        scan = store.scan(rows.table).join(keys.lazy(), on=rows.key[0], how="semi")
        if rows.fields is not None:
            scan = scan.filter(pl.col("field_name").is_in(list(rows.fields)))
        held = scan.select(schema.names()).collect()
    others = [name for name in schema if name not in given.columns]
    joined = given.join(
        held.select(
            *rows.key,
            *others,
            *(pl.col(name).alias(f"held {name}") for name in rows.values),
            pl.lit(value=True).alias("held"),
        ),
        on=rows.key,
        how="left",
        maintain_order="left",
    )
    same = pl.all_horizontal(
        pl.col("held").fill_null(value=False),
        *(pl.col(name).eq_missing(pl.col(f"held {name}")) for name in rows.values),
    )
    changed = joined.filter(~same)
    new = changed.get_column("held").is_null()
    gone = held.select(rows.key).join(given, on=rows.key, how="anti")
    columns = schema.names()
    return SatelliteChange(
        rows.table,
        rows.key,
        held,
        changed.filter(new).select(columns),
        changed.filter(~new).select(columns),
        gone,
    )


def write_satellite(store: DeltaStore, catalog: Catalog, change: SatelliteChange, record: Record) -> None:
    """Add, then delete: a list is never shorter in between than before or after."""
    table = catalog_table(catalog, change.table)
    if change.add.height:
        if OBJECT_INDEX in table.schema:
            rows, mark = indexed(store, table.name, change.add, pl.col(OBJECT_INDEX).is_null())
            store.append(table, rows, record.commit(ADD, (OBJECT_INDEX, mark)))
        else:
            store.append(table, change.add, record.commit(ADD))
    if change.merge.height:
        store.merge(table, change.merge, change.key, record.commit(MERGE))
    if change.delete.height:
        store.delete(table, change.delete, change.key, record.commit(DELETE))


def _values(frame: pl.DataFrame, key: str, field: Field) -> pl.DataFrame:
    filled = _value_column(field.type)
    columns = [
        pl.col(field.name).cast(polars_type(kind)).alias(name)
        if name == filled
        else pl.lit(None, polars_type(kind)).alias(name)
        for name, kind in VALUE_COLUMNS.items()
        if name != "field_name"
    ]
    name = pl.lit(_field_name(field.name)).alias("field_name")
    return frame.filter(pl.col(field.name).is_not_null()).select(ROW, key, name, *columns)


def _value_column(kind: FieldType) -> str:
    match kind:
        case Integer() | Number() | Decimal():
            return "value_number"
        case Date():
            return "value_date"
        case Datetime():
            return "value_datetime"
        case Boolean():
            return "value_boolean"
        case _:
            return "value_text"


def _field_name(path: str) -> str:
    """``custom.plan_tier`` is the field ``plan_tier`` of its struct."""
    return path.partition(".")[2]
