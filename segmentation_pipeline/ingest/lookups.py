"""Events that name their object by its e-mail: the key that is made of it, and the one it has by now.

Such an event has the made key until its object is known. Its id is made before, so that the event is
the same one whenever it is imported again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.ingest.identity import made_key
from segmentation_pipeline.ingest.targets import target_of

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog, EventSource
    from segmentation_pipeline.ingest.batch import Batch
    from segmentation_pipeline.ingest.run import Run
    from segmentation_pipeline.ingest.transform import Fields
    from segmentation_pipeline.lake.store import DeltaStore

MADE = "made key"
MADE_START = "email-"


def resolved(
    run: Run, source: EventSource, fields: Fields, batch: Batch, frame: pl.DataFrame
) -> pl.DataFrame:
    """Return the events with the keys of the objects that have their e-mail; others keep the made key."""
    origin = fields.sources.get(source.key)
    if origin is None or origin.lookup is None or frame.is_empty():
        return frame
    owner = run.catalog.owner_of_source(source.name)
    identity = fields.owner
    if identity is None or not run.store.exists(owner.table):
        return frame
    wanted = fields.identities(batch.frame, source.key).drop_nulls().unique().alias(identity.name)
    stored = run.store.scan(owner.table).select(identity.name, owner.key)
    found = stored.join(wanted.to_frame().lazy(), on=identity.name, how="semi").collect()
    return _replaced(frame, source.key, _made(found, identity.name, owner.key))


def made_keys(store: DeltaStore, catalog: Catalog, source: EventSource) -> pl.LazyFrame:
    """Return `MADE` and the key of every object that is known by an e-mail and has another key."""
    owner = catalog.owner_of_source(source.name)
    identity = target_of(catalog, owner.table).identity
    if identity is None:
        return pl.LazyFrame(schema={MADE: pl.String(), owner.key: pl.String()})
    rows = store.scan(owner.table).select(identity.name, owner.key).drop_nulls().collect()
    return _made(rows, identity.name, owner.key).lazy()


def _made(rows: pl.DataFrame, identity: str, key: str) -> pl.DataFrame:
    made = made_key(rows.get_column(identity)).alias(MADE)
    return rows.select(key).with_columns(made).filter(pl.col(MADE) != pl.col(key)).select(MADE, key)


def _replaced(frame: pl.DataFrame, column: str, known: pl.DataFrame) -> pl.DataFrame:
    key = known.columns[1]
    joined = frame.join(
        known.rename({key: "key of the object"}),
        left_on=column,
        right_on=MADE,
        how="left",
        maintain_order="left",
    )
    return joined.with_columns(pl.coalesce("key of the object", column).alias(column)).drop(
        "key of the object"
    )
