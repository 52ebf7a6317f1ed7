"""Changes are kept exactly once, and only those that landed, whenever the process dies.

An object and its history are two tables, and no commit spans both. So the changes of a batch are set
aside first, under a number; each commit of the batch carries that number; the changes go to the
history last, in a commit that carries it too. What a kill leaves set aside, the next import publishes
as far as the commits of that number were made, and forgets the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.ingest.history.changes import (
    AT,
    BY,
    FIELD,
    KEY,
    NEW,
    OLD,
    STEP,
    TABLE,
    TYPE,
    changes,
    historian,
)
from segmentation_pipeline.ingest.identity import row_hash
from segmentation_pipeline.lake.commit import Commit
from segmentation_pipeline.lake.maintenance import add_columns
from segmentation_pipeline.lake.tables import Table, catalog_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from segmentation_pipeline.catalog.model import Catalog, EventSource, ObjectType
    from segmentation_pipeline.ingest.landing import Landing
    from segmentation_pipeline.ingest.targets import Target
    from segmentation_pipeline.lake.store import DeltaStore

_STAGED, _PUBLISHED, _BEGUN = "staged", "published", "history begun"


@dataclass(frozen=True, slots=True)
class Record:
    """The changes of one batch on their way to the history; ``number`` is None where there are none."""

    store: DeltaStore
    metadata: Mapping[str, str]
    table: Table | None = None
    rows: pl.DataFrame | None = None
    number: int | None = None

    def commit(self, step: str, transaction: tuple[str, int] | None = None) -> Commit:
        """Return what a commit of the batch carries, so that it can be seen to have been made."""
        mark = (_step(self.table, step), self.number) if self.table and self.number else None
        return Commit(self.metadata, transaction, mark)

    def publish(self) -> None:
        """Add the changes to the history, after every commit of the batch."""
        if self.table is not None and self.rows is not None and self.number is not None:
            commit = Commit(self.metadata, (_PUBLISHED, self.number))
            self.store.append(self.table, self.rows.select(self.table.schema.names()), commit)


def pending_table(catalog: Catalog, source: EventSource) -> Table:
    """Return the table in which the changes of one batch wait; empty between two imports."""
    history = catalog_table(catalog, source.table)
    said = "changes that an import is about to make; published to the history once they have landed"
    marks = {TABLE: pl.String(), STEP: pl.String()}
    return Table(f"{source.table}_pending", pl.Schema({**history.schema, **marks}), comment=said)


def set_aside(
    store: DeltaStore, catalog: Catalog, landing: Landing, metadata: Mapping[str, str], started: datetime
) -> Record:
    """Set aside the changes that a landing is going to make; nothing is written where it makes none.

    ``metadata`` names the import (``job``); ``started`` is when a change happened of which its row
    does not say so.
    """
    kind = historian(catalog, landing.target.table)
    if kind is None or kind.history is None or not _begun(store, catalog, kind, landing.target):
        return Record(store, metadata)
    source = catalog.events[kind.history]
    found = changes(store, kind, landing)
    if found.is_empty():
        return Record(store, metadata)
    table, pending = catalog_table(catalog, source.table), pending_table(catalog, source)
    if store.exists(table.name):
        add_columns(store, table)
    rows = _rows(source, table, found, metadata["job"], started)
    staged, published = _numbers(store, table, pending)
    if staged > published:
        settle(store, catalog)
    number = max(staged, published) + 1
    store.replace(pending, rows.select(pending.schema.names()), Commit(metadata, (_STAGED, number)))
    return Record(store, metadata, table, rows, number)


def settle(store: DeltaStore, catalog: Catalog) -> None:
    """Publish what was set aside and has landed, forget the rest. Needs the lake's lock.

    Called before an import, for what a killed one has left, and after it: nothing waits for long.
    """
    for kind in catalog.objects.values():
        if kind.history is None:
            continue
        source = catalog.events[kind.history]
        table, pending = catalog_table(catalog, source.table), pending_table(catalog, source)
        if not store.exists(pending.name):
            continue
        rows = store.scan(pending.name).collect()
        if rows.is_empty():
            continue
        number, published = _numbers(store, table, pending)
        if number > published:
            made = rows.select(TABLE, STEP).unique().rows()
            made = [
                (name, step) for name, step in made if store.transaction(name, _step(table, step)) == number
            ]
            landed = pl.DataFrame(made, schema={TABLE: pl.String, STEP: pl.String}, orient="row")
            known = rows.join(landed, on=[TABLE, STEP], how="semi").match_to_schema(
                pending.schema, missing_columns="insert", extra_columns="ignore"
            )
            Record(store, {"job": "settled"}, table, known, number).publish()
        store.replace(pending, pl.DataFrame(schema=pending.schema))


def begin(store: DeltaStore, catalog: Catalog, target: Target, metadata: Mapping[str, str]) -> None:
    """Note that a satellite has been imported once: from now on its rows are changes.

    The first import of one is the first arrival of what it says, and that is no change.
    """
    kind = historian(catalog, target.table)
    if kind is None or _begun(store, catalog, kind, target) or not store.exists(target.table):
        return
    table = catalog_table(catalog, target.table)
    store.append(table, pl.DataFrame(schema=table.schema), Commit(metadata, (_BEGUN, 1)))


def _begun(store: DeltaStore, catalog: Catalog, kind: ObjectType, target: Target) -> bool:
    if catalog.object_of_table(target.table) is kind:
        return True
    return store.transaction(target.table, _BEGUN) is not None


def _numbers(store: DeltaStore, table: Table, pending: Table) -> tuple[int, int]:
    """Return the number that was last set aside, and that last published."""
    return store.transaction(pending.name, _STAGED) or 0, store.transaction(table.name, _PUBLISHED) or 0


def _step(table: Table | None, step: str) -> str:
    return f"{table.name if table else ''} {step}"


def _rows(
    source: EventSource, table: Table, found: pl.DataFrame, job: str, started: datetime
) -> pl.DataFrame:
    """Return changes as rows of the history, with what the commits are told apart by."""
    named = {KEY: source.key, TYPE: source.type, FIELD: "field_name", OLD: "old_value", NEW: "new_value"}
    rows = found.rename({**named, AT: source.time, BY: "changed_by"}).with_columns(
        pl.col(source.time).fill_null(pl.lit(started)),
        pl.col("changed_by").fill_null(job),
        pl.lit(job).alias("job"),
    )
    telling = (source.key, source.type, source.time, "field_name", "old_value", "new_value", "job")
    ids = row_hash(rows.select(telling), {name: source.columns[name] for name in telling})
    missing = [name for name in table.schema if name not in rows.columns and name != source.id]
    rows = rows.with_columns(ids.alias(source.id), *(pl.lit(None, table.schema[n]).alias(n) for n in missing))
    return rows.sort(source.time, source.id)
