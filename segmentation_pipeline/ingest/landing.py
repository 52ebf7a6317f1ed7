"""Rows of a keyed table meet those in the lake: what changes is written, the rest counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.derivations import DERIVATIONS, inputs
from segmentation_pipeline.catalog.derived import derive
from segmentation_pipeline.ingest.batch import ROW
from segmentation_pipeline.ingest.claims import UPDATED
from segmentation_pipeline.ingest.satellites import satellite_change, satellite_rows, write_satellite
from segmentation_pipeline.lake.commit import Commit
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.ingest.targets import Target
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.lake.tables import Table

_THERE, _CHANGED = "is stored", "is changed"


@dataclass(frozen=True, slots=True)
class Landed:
    """How many rows were written, and how many said nothing new."""

    landed: int
    unchanged: int


def land(
    store: DeltaStore, catalog: Catalog, target: Target, frame: pl.DataFrame, metadata: dict[str, str]
) -> Landed:
    """Write ``frame`` (`ROW`, mapped fields, one row a key) as at most one commit of the table.

    Columns that the frame lacks keep what is stored. A row older than the stored one, by
    ``updated_at``, changes nothing. Satellites are written before: a kill in between leaves rows
    that the next import of the file finds and keeps.
    """
    table = catalog_table(catalog, target.table)
    merged = _merged(store, table, target, frame)
    mapped = [name for name in frame.columns if name in table.schema]
    if UPDATED in mapped:
        stale = pl.col(_stored(UPDATED)) > pl.col(UPDATED)
        merged = merged.filter(~stale.fill_null(value=False))
    merged = _derived(target, merged, mapped)
    compared = [name for name in table.schema if name != OBJECT_INDEX]
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(_stored(name))) for name in compared)
    merged = merged.with_columns((~pl.col(_THERE) | differs).alias(_CHANGED))
    keys = merged.select(target.key)
    current = frame.join(keys, on=target.key, how="semi", maintain_order="left")
    touched = [keys.clear()]
    for rows in satellite_rows(target, current) if target.kind is not None else ():
        change = satellite_change(store, catalog, rows, keys)
        write_satellite(store, catalog, change, Commit(metadata))
        touched.append(change.objects)
    changed = merged.filter(pl.col(_CHANGED))
    _write(store, table, target, changed, metadata)
    said = pl.concat([changed.select(target.key), *touched]).unique().height
    return Landed(said, frame.height - said)


def _merged(store: DeltaStore, table: Table, target: Target, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows as they would be, beside what is stored of each."""
    stored = pl.DataFrame(schema=table.schema)
    if store.exists(table.name):
        scan, keys = store.scan(table.name), frame.select(target.key).lazy()
        # Keys alone first: as a rule most rows are new, and nothing else need be read.
        there = scan.select(target.key).join(keys, on=target.key, how="semi").collect()
        if there.height:
            stored = scan.join(there.lazy(), on=target.key, how="semi").select(table.schema.names()).collect()
    beside = stored.select(
        *target.key,
        *(pl.col(name).alias(_stored(name)) for name in table.schema),
        pl.lit(value=True).alias(_THERE),
    )
    joined = frame.join(beside, on=target.key, how="left", maintain_order="left")
    kept = [pl.col(_stored(name)).alias(name) for name in table.schema if name not in frame.columns]
    return joined.with_columns(*kept, pl.col(_THERE).fill_null(value=False))


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


def _write(
    store: DeltaStore, table: Table, target: Target, changed: pl.DataFrame, metadata: dict[str, str]
) -> None:
    if changed.is_empty():
        return
    commit = Commit(metadata)
    if OBJECT_INDEX in table.schema:
        new = ~pl.col(_THERE)
        first = next_index(store, table.name)
        changed = changed.sort(ROW).with_columns(
            pl.when(new)
            .then(first + new.cum_sum().cast(pl.Int64) - 1)
            .otherwise(pl.col(OBJECT_INDEX))
            .alias(OBJECT_INDEX)
        )
        # The mark outlives the rows: the index of an object that was erased is never given again.
        mark = first + int(changed.select(new.sum()).item())
        commit = Commit(metadata, (OBJECT_INDEX, mark))
    rows = changed.select(table.schema.names())
    if changed.select(pl.col(_THERE).any()).item():
        store.merge(table, rows, target.key, commit)
    else:
        store.append(table, rows, commit)


def next_index(store: DeltaStore, table: str) -> int:
    """Return the index for the table's next new object, counting from 0. Needs the lake's lock."""
    if not store.exists(table):
        return 0
    highest = store.scan(table).select(pl.col(OBJECT_INDEX).max()).collect().item()
    after = 0 if highest is None else int(highest) + 1
    return max(after, store.transaction(table, OBJECT_INDEX) or 0)


def _stored(name: str) -> str:
    return f"stored {name}"
