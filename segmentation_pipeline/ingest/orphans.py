"""Events whose object is unknown wait beside the others until it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import MONTH
from segmentation_pipeline.ingest.lookups import MADE, MADE_START, made_keys
from segmentation_pipeline.ingest.merges import known_keys
from segmentation_pipeline.ingest.stored_ids import present
from segmentation_pipeline.ingest.tally import Counts
from segmentation_pipeline.lake.commit import Commit
from segmentation_pipeline.lake.file_changes import files_added_by
from segmentation_pipeline.lake.reading import scan_files
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from segmentation_pipeline.catalog.model import Catalog, EventSource
    from segmentation_pipeline.ingest.jobs.journal import Place
    from segmentation_pipeline.ingest.run import Run
    from segmentation_pipeline.lake.store import DeltaStore

_KEY = "key of the object"


def adopt_waiting(
    run: Run, place: Place, sources: Sequence[EventSource], *, own_after: int | None = None
) -> None:
    """Move waiting events whose object has arrived, as one step of an import.

    With ``own_after``, the version of their table before the first batch (-1 for none), those that the
    import itself put there since then count as landed: they were not orphaned after all.
    """
    if run.journal.is_done(place):
        return
    ids = [_arrived_ids(run, source) for source in sources]
    adopted, own = sum(len(found) for found in ids), 0
    if own_after is not None and adopted and not run.journal.is_again(place):
        own = sum(_own(run, source, found, own_after) for source, found in zip(sources, ids, strict=True))
    if adopted:
        run.plan(place, Counts(adopted=adopted - own, landed=own, orphaned=-own))
    for source in sources:
        adopt(run.store, run.catalog, source, run.batch_rows, run.metadata)


def _arrived_ids(run: Run, source: EventSource) -> pl.Series:
    """Return the ids of waiting events that an adoption will add to their table."""
    arrived = _arrived(run.store, run.catalog, source)
    if arrived is None:
        return pl.Series(source.id, dtype=pl.String)
    columns = [source.id, MONTH] if source.partition_by_month else [source.id]
    rows = arrived.select(columns).collect()
    there = present(run.store, source.table, source, rows)
    return rows.get_column(source.id).filter(~rows.get_column(source.id).is_in(there.implode()))


def _own(run: Run, source: EventSource, ids: pl.Series, after: int) -> int:
    """Return how many of ``ids`` this import itself added to the waiting rows."""
    assert source.orphans is not None
    table = run.store.open(source.orphans)
    files = files_added_by(run.store, source.orphans, after, {"job": run.job})
    rows = scan_files(run.store.root.table(source.orphans), table, files).select(source.id)
    return int(rows.join(ids.to_frame().lazy(), on=source.id, how="semi").select(pl.len()).collect().item())


def adopt(
    store: DeltaStore, catalog: Catalog, source: EventSource, batch_rows: int, metadata: dict[str, str]
) -> pl.Series:
    """Move waiting events whose object is known to their table; return their ids.

    First added, then removed, a part at a time: a kill in between leaves rows that stand in both
    tables, and the next adoption only removes them.
    """
    arrived = _arrived(store, catalog, source)
    if arrived is None or source.orphans is None:
        return pl.Series(dtype=pl.String)
    table, orphans = catalog_table(catalog, source.table), catalog_table(catalog, source.orphans)
    adopted = [pl.Series(dtype=pl.String)]
    for months in _parts(arrived, source, batch_rows):
        part = arrived.filter(pl.col(MONTH).is_in(months)) if source.partition_by_month else arrived
        rows = part.select(table.schema.names()).collect()
        new = rows.filter(~pl.col(source.id).is_in(present(store, source.table, source, rows).implode()))
        if new.height:
            store.append(table, new, Commit(metadata))
        store.delete(orphans, rows.select(source.id), (source.id,), Commit(metadata))
        adopted.append(new.get_column(source.id))
    return pl.concat(adopted)


def _arrived(store: DeltaStore, catalog: Catalog, source: EventSource) -> pl.LazyFrame | None:
    """Return the waiting events whose object is known; None where nothing waits or nothing is known."""
    waiting, owner = source.orphans, catalog.owner_of_source(source.name)
    if waiting is None or not store.exists(waiting) or not store.exists(owner.table):
        return None
    known = known_keys(store, owner).rename({owner.key: source.key})
    rows = store.scan(waiting)
    arrived = rows.join(known, on=source.key, how="semi")
    if rows.filter(pl.col(source.key).str.starts_with(MADE_START)).head(1).collect().is_empty():
        return arrived
    # Rows that name their object by its e-mail wait under the key that is made of it.
    named = made_keys(store, catalog, source).rename({owner.key: _KEY})
    found = rows.join(known, on=source.key, how="anti").join(named, left_on=source.key, right_on=MADE)
    columns = rows.collect_schema().names()
    return pl.concat([arrived, found.with_columns(pl.col(_KEY).alias(source.key)).select(columns)])


def _parts(arrived: pl.LazyFrame, source: EventSource, batch_rows: int) -> Iterator[list[str]]:
    """Group the months of the rows so that a group, if not a month, fits a batch."""
    if not source.partition_by_month:
        if arrived.select(pl.len()).collect().item():
            yield []
        return
    held: list[str] = []
    count = 0
    for month, rows in arrived.group_by(MONTH).len().sort(MONTH).collect().iter_rows():
        if held and count + rows > batch_rows:
            yield held
            held, count = [], 0
        held.append(month)
        count += rows
    if held:
        yield held
