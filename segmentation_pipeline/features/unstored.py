"""Feature tables as of an instant for whoever must not write: previews, comparisons, runs of the past."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.features.additions import prepared
from segmentation_pipeline.features.engagement import engagement_table, made_of
from segmentation_pipeline.features.state import pinned
from segmentation_pipeline.features.suppressions import Matching, matching_made
from segmentation_pipeline.features.tables import (
    computable,
    feature_tables,
    micros,
    stored_numbers,
    stored_state,
    telling,
)
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    import datetime as dt

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.lake.store import DeltaStore, Snapshot


def features_at(
    store: DeltaStore, catalog: Catalog, tables: Snapshot, as_of: dt.datetime
) -> dict[str, pl.LazyFrame]:
    """Return, without writing, the feature tables that pinned ones do not evidently have as of an instant.

    They are computed when they are first collected, which raises as `refresh_features` does.
    """
    found = {}
    for name in computable(catalog, tables.tables):
        if not _is_evident(store, catalog, tables, name, as_of):
            computed = cache(partial(_computed, store, catalog, tables, name, micros(as_of)))
            found[name] = pl.defer(computed, schema=catalog_table(catalog, name).schema)
    return found


def _computed(store: DeltaStore, catalog: Catalog, tables: Snapshot, name: str, as_of: int) -> pl.DataFrame:
    with telling(name, feature_tables(catalog)[name]):
        if name != engagement_table(catalog):
            return Matching.of(catalog, tables).rows(*stored_numbers(store, tables, name))
        counting, _ = prepared(store, catalog, tables, as_of, full=False)
        return pl.concat([pl.DataFrame(schema=catalog_table(catalog, name).schema), *counting.frames()])


def _is_evident(store: DeltaStore, catalog: Catalog, tables: Snapshot, name: str, as_of: dt.datetime) -> bool:
    """Whether a table is stored for exactly these inputs, and time alone changed nothing."""
    state = stored_state(store, catalog, tables, name)
    if state is None or state.inputs != pinned(tables, feature_tables(catalog)[name]):
        return False
    made = made_of(catalog) if name == engagement_table(catalog) else matching_made(catalog)
    return state.made == made and state.is_still(micros(as_of))
