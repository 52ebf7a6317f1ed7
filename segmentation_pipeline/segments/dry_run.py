"""Definitions evaluated on the lake as it stands: nothing is written, no lock is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.features.unstored import features_at
from segmentation_pipeline.index.build import HISTORY
from segmentation_pipeline.index.stored import input_tables, read_index

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.lake.store import DeltaStore, Snapshot
    from segmentation_pipeline.rules.segment import Definitions


@dataclass(frozen=True, slots=True)
class Standing:
    """The tables of a lake, pinned, and the instant that rules count back from."""

    store: DeltaStore
    inputs: Snapshot
    as_of: dt.datetime

    def index(self, catalog: Catalog) -> Index:
        """Return what rules over a catalog read, at the pinned versions; features as of the instant."""
        features = features_at(self.store, catalog, self.inputs, self.as_of)
        return read_index(self.store, catalog, self.inputs, features)

    def evaluate(self, definitions: Definitions, only: Collection[str], index: Index) -> Evaluation:
        """Evaluate segments; ``only`` holds what they embed, too."""
        return evaluate_index(definitions, index, self.as_of, only=only)


def pin(
    store: DeltaStore, catalogs: Iterable[Catalog], as_of: dt.datetime, also: Iterable[str] = ()
) -> Standing:
    """Pin every table that the catalogs name, what was published, and those ``also`` named.

    Raises `RunFailed` where nothing was imported.
    """
    tables = {table for catalog in catalogs for table in input_tables(catalog)}
    inputs = store.snapshot(sorted({*tables, HISTORY, *also}))
    if not tables & set(inputs.versions):
        raise RunFailed(
            "there is nothing to evaluate: no table has been imported",
            where=store.root.text,
            hint="segmentation import TABLE FILE",
        )
    return Standing(store, inputs, as_of)
