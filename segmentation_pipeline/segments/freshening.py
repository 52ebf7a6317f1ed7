"""Features brought up to the instant of a run, those that its segments read; the others need not pay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.errors import ContractError, LakeError
from segmentation_pipeline.evaluation.estimate import tables_read
from segmentation_pipeline.features.refresh import refresh_features
from segmentation_pipeline.features.tables import feature_tables
from segmentation_pipeline.features.unstored import features_at

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    import polars as pl

    from segmentation_pipeline.lake.store import DeltaStore, Snapshot
    from segmentation_pipeline.rules.segment import Definitions


def freshen(
    store: DeltaStore, definitions: Definitions, names: Collection[str] | None, as_of: dt.datetime
) -> dict[str, str]:
    """Bring the feature tables up to date that segments read (None: all segments); needs the lake's lock.

    Returns, by table, why it could not be: who reads it must not be evaluated on what was there before.
    """
    causes = {}
    for name in _read(definitions, names):
        try:
            refresh_features(store, definitions.catalog, as_of, only=[name])
        except (LakeError, ContractError) as error:
            causes[name] = _cause(name, error)
    return causes


def features_then(
    store: DeltaStore,
    definitions: Definitions,
    names: Collection[str] | None,
    tables: Snapshot,
    as_of: dt.datetime,
) -> tuple[dict[str, pl.LazyFrame], dict[str, str]]:
    """Return the features of an instant that are not stored, and causes as `freshen` has; writes nothing."""
    found = features_at(store, definitions.catalog, tables, as_of)
    causes = {}
    for name in _read(definitions, names) & found.keys():
        try:
            found[name].collect()
        except (LakeError, ContractError) as error:
            causes[name] = _cause(name, error)
    return found, causes


def _read(definitions: Definitions, names: Collection[str] | None) -> set[str]:
    """Return the feature tables that active segments read."""
    segments = (one for one in definitions.segments.values() if names is None or one.id in names)
    read = {table for one in segments if one.active for table in tables_read(one, definitions.catalog)}
    return read & feature_tables(definitions.catalog).keys()


def _cause(name: str, error: LakeError | ContractError) -> str:
    return f"table `{name}` cannot be computed: {error.what}"
