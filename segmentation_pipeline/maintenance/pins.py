"""Versions of tables that must stay readable however old they are."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from segmentation_pipeline.index.dictionaries import DICTIONARIES
from segmentation_pipeline.index.parts import index_parts
from segmentation_pipeline.index.state import read_state
from segmentation_pipeline.segments.published import read_published, records
from segmentation_pipeline.segments.tables import MEMBERSHIPS

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.lake.store import DeltaStore

RUNS = 2


def pinned_versions(store: DeltaStore, catalog: Catalog) -> dict[str, set[int]]:
    """Return, by table, the versions that repair, replay and the stored index read.

    They are the last run's memberships and those before it (a run that died before its transitions
    were written is repaired from both), the inputs that this run and the one before it read (why a
    member entered is told from both), and the dictionaries that each part of the index was coded with.
    """
    pins: dict[str, set[int]] = {}
    published = read_published(store)
    if published.record is not None:
        before = {published.version - 1} if published.version else set()
        pins[MEMBERSHIPS.name] = {published.version, *before}
        for record in islice(records(store, published.version), RUNS):
            for name, version in record.inputs.items():
                # A table that was made anew since does not have the version any more.
                if store.exists(name) and version <= store.version(name):
                    pins.setdefault(name, set()).add(version)
    for part in index_parts(catalog):
        state = read_state(store, part.name)
        if state is not None and state.dictionary is not None:
            pins.setdefault(DICTIONARIES.name, set()).add(state.dictionary)
    return pins
