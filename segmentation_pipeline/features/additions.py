"""What was added since the last time, where it is certain that nothing else happened."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.scores import CONTACT
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.features.contacts import live_contacts
from segmentation_pipeline.features.counted import counted_sources
from segmentation_pipeline.features.engagement import Counting, engagement_table
from segmentation_pipeline.features.tables import FAILURES, stored_state
from segmentation_pipeline.lake.data_files import DataFiles
from segmentation_pipeline.lake.file_changes import file_changes
from segmentation_pipeline.lake.reading import scan_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.features.counted import Counted
    from segmentation_pipeline.features.state import FeatureState
    from segmentation_pipeline.lake.store import DeltaStore, Snapshot

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Additions:
    """Files of events by source that came since, and rows that were there and whose time has come.

    ``table`` and ``version`` are what is stored. ``strays`` counts the events of unknown contacts so
    far; with ``same_contacts`` the contacts' own table is what it was.
    """

    store: DeltaStore
    table: str
    version: int
    files: Mapping[str, tuple[str, ...]]
    ahead: Mapping[str, pl.LazyFrame]
    strays: int
    same_contacts: bool

    @property
    def are_none(self) -> bool:
        return self.same_contacts and not self.ahead and not any(self.files.values())

    def before(self) -> pl.LazyFrame:
        """Return the rows as they are stored."""
        return self.store.scan(self.table, self.version)


def find_additions(counting: Counting, before: FeatureState, table: str, version: int) -> Additions | None:
    """Return what was added; None where everything must be counted again.

    That is where rows went or were rewritten, where merges, weights or declarations changed, where
    the instant went back, and where events that had no contact may have one now.
    """
    now = counting.state()
    if (before.made, before.merged) != (now.made, now.merged) or before.inputs.keys() != now.inputs.keys():
        return None
    if before.as_of is None or counting.as_of < before.as_of:
        return None
    for name, (identity, at) in before.inputs.items():
        if now.inputs[name][0] != identity or now.inputs[name][1] < at:
            return None
    files: dict[str, tuple[str, ...]] = {}
    ahead = {}
    for counted in counted_sources(counting.catalog):
        source = counted.source
        if source.table not in now.inputs:
            files[source.name] = ()
            continue
        since, upto = before.inputs[source.table][1], now.inputs[source.table][1]
        changes = file_changes(counting.store, source.table, since, upto)
        if changes is None or changes.altered or changes.removed:
            return None
        files[source.name] = changes.added
        if (rows := _ahead(counting, counted, since, before.as_of)) is not None:
            ahead[source.name] = rows
    contacts = counting.catalog.objects[CONTACT].table
    strays, same = before.strays, before.inputs[contacts] == now.inputs[contacts]
    if not same:
        moved = _moved(counting, table, version)
        if moved is None or (moved.came and (moved.went or strays)):
            return None
        strays += moved.went
    return Additions(counting.store, table, version, files, ahead, strays, same)


def _ahead(counting: Counting, counted: Counted, version: int, seen: int) -> pl.LazyFrame | None:
    """Return the rows of an old version that lay after the instant then, and no longer do; None for none."""
    source = counted.source
    old = counting.store.open(source.table, version)
    latest = DataFiles.of(counting.store.root, source.table, old).latest(source.time)
    if counting.as_of == seen or (
        latest is not None and (latest - _EPOCH) // dt.timedelta(microseconds=1) <= seen
    ):
        return None
    time = pl.col(source.time).to_physical()
    rows = scan_table(counting.store.root, source.table, old).filter(time > seen, time <= counting.as_of)
    return rows if rows.select(pl.len()).collect().item() else None


@dataclass(frozen=True, slots=True)
class _Moved:
    """How many contacts came and went."""

    came: int
    went: int


def _moved(counting: Counting, table: str, version: int) -> _Moved | None:
    """Return how the contacts differ from those stored; None where one has another index or key."""
    key = counting.kind.key
    old = counting.store.scan(table, version).select(OBJECT_INDEX, pl.col(key).alias("old"))
    new = live_contacts(counting.catalog, counting.tables, counting.merged).select(OBJECT_INDEX, key)
    both = new.join(old, on=OBJECT_INDEX, how="full", coalesce=True).collect()
    known = pl.col(key).is_not_null() & pl.col("old").is_not_null()
    if both.filter(known, pl.col(key) != pl.col("old")).height:
        return None
    came, went = both.filter(pl.col("old").is_null()), both.filter(pl.col(key).is_null())
    if came.join(went, left_on=key, right_on="old", how="semi").height:
        return None
    return _Moved(came.height, went.height)


def prepared(
    store: DeltaStore, catalog: Catalog, tables: Snapshot, as_of: int, *, full: bool
) -> tuple[Counting, bool]:
    """Return what is to be counted, and whether what is stored has it already."""
    name = str(engagement_table(catalog))
    counting = Counting.of(store, catalog, tables, as_of)
    before = None if full else stored_state(store, catalog, tables, name)
    if before is None:
        return counting, False
    try:
        counting.additions = find_additions(counting, before, name, tables.versions[name])
    except (*FAILURES, LakeError):
        # A file or a version that is gone: all of it is counted, and tells if it cannot be.
        return counting, False
    additions = counting.additions
    return counting, additions is not None and additions.are_none and before.is_still(as_of)
