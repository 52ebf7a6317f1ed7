"""Which tables are computed, from which others, and what is stored of them."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.scores import CONTACT
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.features.engagement import engagement_inputs, engagement_table
from segmentation_pipeline.features.state import read_state
from segmentation_pipeline.features.suppressions import KEY, matches_inputs, matches_table
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.features.state import FeatureState
    from segmentation_pipeline.lake.store import DeltaStore, Snapshot

FAILURES = (pl.exceptions.PolarsError, pa.ArrowException, OSError)
"""What reading a table may raise."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def feature_tables(catalog: Catalog) -> dict[str, list[str]]:
    """Return the tables that are computed here, each with those that it is computed from."""
    found = {engagement_table(catalog): engagement_inputs, matches_table(catalog): matches_inputs}
    return {name: inputs(catalog) for name, inputs in found.items() if name is not None}


def computable(catalog: Catalog, there: Collection[str]) -> dict[str, list[str]]:
    """Return the feature tables, with their inputs, of which contacts and something about them are there."""
    contacts = catalog.objects.get(CONTACT)
    return {
        name: inputs
        for name, inputs in feature_tables(catalog).items()
        if contacts is not None
        and contacts.table in there
        and any(table in there for table in inputs if table not in (contacts.table, contacts.merges))
    }


def stored_state(store: DeltaStore, catalog: Catalog, tables: Snapshot, name: str) -> FeatureState | None:
    """Return what a table is from; None for one that is not there, or has other columns than declared."""
    if name not in tables or tables.schema(name) != catalog_table(catalog, name).schema:
        return None
    return read_state(store, name, tables.versions[name])


def stored_numbers(store: DeltaStore, tables: Snapshot, name: str) -> tuple[pl.DataFrame, int]:
    """Return ``match_id`` and index of the matches there are, and the next index."""
    if name not in tables or not {KEY, OBJECT_INDEX} <= set(tables.schema(name)):
        return pl.DataFrame(schema={KEY: pl.String, OBJECT_INDEX: pl.Int64}), 0
    known = tables.scan(name).select(KEY, OBJECT_INDEX).collect()
    after = 0 if known.is_empty() else int(known.select(pl.col(OBJECT_INDEX).max()).item()) + 1
    return known, max(after, store.transaction(name, OBJECT_INDEX) or 0)


@contextmanager
def telling(name: str, inputs: Iterable[str]) -> Iterator[None]:
    """Turn what reading raises into a `LakeError` that names the table and what it is computed from."""
    try:
        yield
    except FAILURES as error:
        named = " or ".join(f"`{table}`" for table in inputs)
        raise LakeError(f"{named} cannot be read: {error}", where=name) from error


def micros(at: dt.datetime) -> int:
    """Return an instant in microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND
