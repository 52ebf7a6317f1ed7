"""Rows of a keyed table meet those in the lake: what changes is written, the rest counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.derivations import DERIVATIONS, inputs
from segmentation_pipeline.catalog.derived import derive
from segmentation_pipeline.catalog.types import Datetime
from segmentation_pipeline.ingest.batch import ROW
from segmentation_pipeline.ingest.history.changes import AT, BY, ROWS, THERE, stored
from segmentation_pipeline.ingest.history.record import set_aside
from segmentation_pipeline.ingest.indexes import indexed
from segmentation_pipeline.ingest.satellites import satellite_change, satellite_rows, write_satellite
from segmentation_pipeline.ingest.targets import UPDATED
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from datetime import datetime

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.ingest.history.record import Record
    from segmentation_pipeline.ingest.satellites import SatelliteChange
    from segmentation_pipeline.ingest.targets import Target
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.lake.tables import Table

_CHANGED = "is changed"


@dataclass(frozen=True, slots=True)
class Landing:
    """What rows will change, before anything is written.

    ``changed`` are the rows of the table that differ from what is stored; ``landed`` counts the rows
    that change anything, ``unchanged`` those that say nothing new. ``occasions`` has key, `AT` and
    `BY`: when and by whom each row says that it was changed.
    """

    target: Target
    changed: pl.DataFrame
    satellites: tuple[SatelliteChange, ...]
    occasions: pl.DataFrame
    landed: int
    unchanged: int


def plan_landing(store: DeltaStore, catalog: Catalog, target: Target, frame: pl.DataFrame) -> Landing:
    """Compare ``frame`` (`ROW`, mapped fields, one row a key) with the lake; nothing is written.

    Columns that the frame lacks keep what is stored. A row older than the stored one, by
    ``updated_at`` or what else tells (`Target.clock`), changes nothing.
    """
    table = catalog_table(catalog, target.table)
    merged = _merged(store, table, target, frame)
    mapped = [name for name in frame.columns if name in table.schema]
    if (clock := target.clock(mapped)) is not None:
        stale = pl.col(stored(clock)) > pl.col(clock)
        merged = merged.filter(~stale.fill_null(value=False))
    merged = _derived(target, merged, mapped).with_columns(_occasion(target, mapped))
    compared = [name for name in table.schema if name != OBJECT_INDEX]
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(stored(name))) for name in compared)
    merged = merged.with_columns((~pl.col(THERE) | differs).alias(_CHANGED))
    keys = merged.select(target.key)
    current = frame.join(keys, on=target.key, how="semi", maintain_order="left")
    given = satellite_rows(catalog, target, current) if target.kind is not None else ()
    satellites = tuple(satellite_change(store, catalog, rows, keys) for rows in given)
    changed = merged.filter(pl.col(_CHANGED))
    touched = [changed.select(target.key), *(change.objects for change in satellites)]
    said = pl.concat(touched).unique().height
    occasions = merged.select(*target.key, AT, BY)
    return Landing(target, changed, satellites, occasions, said, frame.height - said)


def write_landing(
    store: DeltaStore, catalog: Catalog, landing: Landing, metadata: dict[str, str], started: datetime
) -> None:
    """Write what was planned, as at most one commit of the table, and what it changed to the history.

    ``started`` is when the import began: when a change happened that does not say so itself.

    Satellites are written before: a kill in between leaves rows that the next plan of the same rows
    finds and keeps, and the table's own commit comes last but for the history, which
    `settle` brings up to date.
    """
    record = set_aside(store, catalog, landing, metadata, started)
    for change in landing.satellites:
        write_satellite(store, catalog, change, record)
    table = catalog_table(catalog, landing.target.table)
    _write(store, table, landing.target, landing.changed, record)
    record.publish()


def _merged(store: DeltaStore, table: Table, target: Target, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows as they would be, beside what is stored of each."""
    lying = pl.DataFrame(schema=table.schema)
    if store.exists(table.name):
        scan, keys = store.scan(table.name), frame.select(target.key).lazy()
        # Keys alone first: as a rule most rows are new, and nothing else need be read.
        there = scan.select(target.key).join(keys, on=target.key, how="semi").collect()
        if there.height:
            lying = scan.join(there.lazy(), on=target.key, how="semi").select(table.schema.names()).collect()
    beside = lying.select(
        *target.key,
        *(pl.col(name).alias(stored(name)) for name in table.schema),
        pl.lit(value=True).alias(THERE),
    )
    joined = frame.join(beside, on=target.key, how="left", maintain_order="left")
    kept = [pl.col(stored(name)).alias(name) for name in table.schema if name not in frame.columns]
    return joined.with_columns(*kept, pl.col(THERE).fill_null(value=False))


def _derived(target: Target, frame: pl.DataFrame, mapped: list[str]) -> pl.DataFrame:
    """Compute derived fields anew where the file changes what they come from and not themselves."""
    if target.kind is None:
        return frame
    schema = frame.schema
    for field in target.kind.fields.values():
        if field.derived is None or field.name in mapped:
            continue
        if set(mapped) & set(inputs(DERIVATIONS[field.derived])):
            frame = frame.with_columns(pl.lit(None, schema[field.name]).alias(field.name))
    return derive(target.kind, frame).cast({name: schema[name] for name in schema})


def _occasion(target: Target, mapped: list[str]) -> list[pl.Expr]:
    """Return `AT`, where a row is newer than what is stored, and `BY`, where the file says by whom."""
    clock = target.clock(mapped)
    said = pl.lit(None, pl.Datetime("us", "UTC"))
    if clock is not None and isinstance(target.fields[clock].type, Datetime):
        newer = pl.col(stored(clock)).is_null() | (pl.col(clock) > pl.col(stored(clock)))
        said = pl.when(newer).then(clock)
    author = f"{(clock or UPDATED).removesuffix('_at')}_by"
    return [said.alias(AT), (pl.col(author) if author in mapped else pl.lit(None, pl.String)).alias(BY)]


def _write(store: DeltaStore, table: Table, target: Target, changed: pl.DataFrame, record: Record) -> None:
    if changed.is_empty():
        return
    commit = record.commit(ROWS)
    if OBJECT_INDEX in table.schema:
        changed, mark = indexed(store, table.name, changed.sort(ROW), ~pl.col(THERE))
        commit = record.commit(ROWS, (OBJECT_INDEX, mark))
    rows = changed.select(table.schema.names())
    if changed.select(pl.col(THERE).any()).item():
        store.merge(table, rows, target.key, commit)
    else:
        store.append(table, rows, commit)
