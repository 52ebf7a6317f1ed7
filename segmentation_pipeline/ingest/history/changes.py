"""What a landing changes of objects that keep a history: one row a value, old and new, as text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import polars_type
from segmentation_pipeline.catalog.derivations import DERIVATIONS, inputs
from segmentation_pipeline.catalog.satellites import VALUE_COLUMNS
from segmentation_pipeline.ingest.text import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.catalog.model import Catalog, Field, ObjectType
    from segmentation_pipeline.ingest.landing import Landing
    from segmentation_pipeline.ingest.satellites import SatelliteChange
    from segmentation_pipeline.lake.store import DeltaStore

KEY, TYPE, FIELD, OLD, NEW = "object key", "change", "field", "old", "new"
TABLE, STEP = "written_table", "written_by"
"""Which commit makes a change true: a row's table and the step of writing it."""
AT, BY = "changed: at", "changed: by"
"""What a row says of its own change, null where it says nothing."""
ROWS, ADD, MERGE, DELETE = "rows", "add", "merge", "delete"
CHANGED = "field_changed"
_VALUES = tuple(name for name in VALUE_COLUMNS if name != "field_name")


def stored(name: str) -> str:
    """Return what a landing calls the value that the lake holds of column ``name``."""
    return f"stored {name}"


THERE = "is stored"


def historian(catalog: Catalog, table: str) -> ObjectType | None:
    """Return the object whose history an import of ``table`` writes to: its own, or its satellite's."""
    for kind in catalog.objects.values():
        if kind.history is not None and (kind.table == table or _held_in(kind, table)):
            return kind
    return None


def changes(store: DeltaStore, kind: ObjectType, landing: Landing) -> pl.DataFrame:
    """Return the changes a landing makes of objects that were there before.

    Columns: `KEY`, `TYPE`, `FIELD`, `OLD`, `NEW` (text), `AT`, `BY`, `TABLE`, `STEP`.
    """
    if landing.target.kind is kind:
        parts = [_of_fields(kind, landing.changed.filter(THERE))]
        new = landing.changed.filter(~pl.col(THERE)).select(kind.key)
        said = landing.occasions.rename({kind.key: KEY})
        for change in landing.satellites:
            rows = _of_satellite(kind, _less(change, new))
            parts.append(rows.drop(AT, BY).join(said, on=KEY, how="left"))
    else:
        rows = _of_rows(kind, landing)
        there = pl.LazyFrame(schema={KEY: rows.schema[KEY]})
        if store.exists(kind.table):
            there = store.scan(kind.table).select(pl.col(kind.key).alias(KEY))
        parts = [rows.join(there.join(rows.lazy(), on=KEY, how="semi").collect(), on=KEY, how="semi")]
    empty = _empty(kind)
    return pl.concat([empty, *(part.select(empty.columns) for part in parts)])


def _less(change: SatelliteChange, new: pl.DataFrame) -> SatelliteChange:
    """Return what a satellite's change says of objects that are not ``new``: those have nothing else."""
    return replace(change, add=change.add.join(new, on=new.columns, how="anti")) if new.height else change


def _held_in(kind: ObjectType, table: str) -> list[Field]:
    return [it for it in kind.fields.values() if it.satellite is not None and it.satellite.table == table]


def _empty(kind: ObjectType) -> pl.DataFrame:
    key = polars_type(kind.fields[kind.key].type)
    texts = dict.fromkeys((TYPE, FIELD, OLD, NEW), pl.String())
    return pl.DataFrame(
        schema={
            KEY: key,
            **texts,
            AT: pl.Datetime("us", "UTC"),
            BY: pl.String(),
            TABLE: pl.String(),
            STEP: pl.String(),
        }
    )


def _of_fields(kind: ObjectType, rows: pl.DataFrame) -> pl.DataFrame:
    found = [_empty(kind)]
    for field in kind.fields.values():
        if not field.stored or not field.history or field.name == kind.key:
            continue
        differs = pl.col(field.name).ne_missing(pl.col(stored(field.name)))
        if field.derived is not None:
            # What follows from another change is none of its own.
            derivation = DERIVATIONS[field.derived]
            causes = (pl.col(name).ne_missing(pl.col(stored(name))) for name in inputs(derivation))
            differs &= ~pl.any_horizontal(causes)
        found.append(_changed(kind, rows.filter(differs), field.name))
    return pl.concat(found)


def _changed(kind: ObjectType, rows: pl.DataFrame, name: str) -> pl.DataFrame:
    return rows.select(
        pl.col(kind.key).alias(KEY),
        pl.lit(CHANGED).alias(TYPE),
        pl.lit(name).alias(FIELD),
        as_text(rows.get_column(stored(name))).alias(OLD),
        as_text(rows.get_column(name)).alias(NEW),
        AT,
        BY,
        pl.lit(kind.table).alias(TABLE),
        pl.lit(ROWS).alias(STEP),
    )


def _of_satellite(kind: ObjectType, change: SatelliteChange) -> pl.DataFrame:
    """Return what the rows of lists and structs say, written along with the object's own."""
    fields = _held_in(kind, change.table)
    lists = [field for field in fields if field.satellite and field.satellite.value is not None]
    return pl.concat(
        [_empty(kind), *(_of_list(kind, field, change) for field in lists), *_of_struct(kind, fields, change)]
    )


def _of_list(kind: ObjectType, field: Field, change: SatelliteChange) -> pl.DataFrame:
    if not field.history or field.satellite is None or field.satellite.value != change.key[1]:
        return _empty(kind)
    added = _elements(kind, field, change.add, ADD)
    return pl.concat([added, _elements(kind, field, change.delete, DELETE)])


def _elements(kind: ObjectType, field: Field, rows: pl.DataFrame, step: str) -> pl.DataFrame:
    """Return elements that a list gained or lost: `tag_added`, where the elements are tags."""
    assert field.satellite is not None
    assert field.satellite.value is not None
    value = field.satellite.value
    text, nothing = as_text(rows.get_column(value)), pl.lit(None, pl.String)
    gained = step != DELETE
    return rows.select(
        pl.col(kind.key).alias(KEY),
        pl.lit(f"{value}_{'added' if gained else 'removed'}").alias(TYPE),
        pl.lit(field.name).alias(FIELD),
        (nothing if gained else text).alias(OLD),
        (text if gained else nothing).alias(NEW),
        (pl.col(AT) if AT in rows.columns else nothing.cast(pl.Datetime("us", "UTC"))).alias(AT),
        (pl.col(BY) if BY in rows.columns else nothing).alias(BY),
        pl.lit(field.satellite.table).alias(TABLE),
        pl.lit(step).alias(STEP),
    )


def _of_struct(kind: ObjectType, fields: list[Field], change: SatelliteChange) -> Iterator[pl.DataFrame]:
    if change.key[1] != "field_name":
        return
    before = change.held.select(*change.key, _text(change.held).alias(OLD))
    for step, rows in ((ADD, change.add), (MERGE, change.merge), (DELETE, change.delete)):
        new = _text(rows) if step != DELETE else pl.Series(NEW, [None] * rows.height, pl.String)
        values = rows.select(*change.key, new.alias(NEW)).join(before, on=change.key, how="left")
        values = values.with_columns(
            pl.lit(None, pl.Datetime("us", "UTC")).alias(AT), pl.lit(None, pl.String).alias(BY)
        )
        yield _values(kind, fields, values, change.table, step)


def _of_rows(kind: ObjectType, landing: Landing) -> pl.DataFrame:
    """Return what the rows of a satellite say that is imported by itself."""
    table, rows = landing.target.table, landing.changed
    fields = _held_in(kind, table)
    found = [_empty(kind)]
    lists = [
        it for it in fields if it.history and it.satellite is not None and it.satellite.value is not None
    ]
    found += [_elements(kind, field, rows.filter(~pl.col(THERE)), ROWS) for field in lists]
    if any(field.satellite is not None and field.satellite.value is None for field in fields):
        old = _text(rows.select(pl.col(stored(name)).alias(name) for name in _VALUES))
        values = rows.select(kind.key, "field_name", old.alias(OLD), _text(rows).alias(NEW), AT, BY)
        found.append(_values(kind, fields, values, table, ROWS))
    return pl.concat(found)


def _values(
    kind: ObjectType, fields: list[Field], values: pl.DataFrame, table: str, step: str
) -> pl.DataFrame:
    """Return changes of single fields of a struct; ``field_name`` is the name below the struct."""
    struct = next(field.name.partition(".")[0] for field in fields if "." in field.name)
    silent = [field.name.partition(".")[2] for field in fields if not field.history]
    differs = pl.col(OLD).ne_missing(pl.col(NEW)) & ~pl.col("field_name").is_in(silent)
    return values.filter(differs).select(
        pl.col(kind.key).alias(KEY),
        pl.lit(CHANGED).alias(TYPE),
        pl.format(f"{struct}.{{}}", "field_name").alias(FIELD),
        OLD,
        NEW,
        AT,
        BY,
        pl.lit(table).alias(TABLE),
        pl.lit(step).alias(STEP),
    )


def _text(rows: pl.DataFrame) -> pl.Series:
    """Return the one value of each row of a struct's table as text, null where it has none."""
    texts = [as_text(rows.get_column(name)) for name in _VALUES]
    return pl.DataFrame(texts).select(pl.coalesce(pl.all())).to_series()
