"""What a run left in the lake of every segment: a few members, and what tells two states apart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.evaluation.estimate import tables_read
from segmentation_pipeline.rules.graph import embeds
from segmentation_pipeline.segments.published import read_published
from segmentation_pipeline.segments.tables import MEMBERS, MEMBERSHIPS

if TYPE_CHECKING:
    from segmentation_pipeline.components.blueprint import Blueprint
    from segmentation_pipeline.lake.store import DeltaStore, Snapshot
    from segmentation_pipeline.segments.publish import SegmentResult
    from segmentation_pipeline.segments.record import RunRecord

_SAMPLE = 5


@dataclass(frozen=True, slots=True)
class Contents:
    """What a run left in the lake, read once for all segments."""

    memberships: str
    record: RunRecord
    members: Snapshot

    @classmethod
    def of(cls, store: DeltaStore) -> Contents:
        published = read_published(store)
        if published.record is None:
            raise RunFailed("the run's commit is gone", where=MEMBERSHIPS.name)
        place = store.root.table(MEMBERSHIPS.name)
        return cls(place, published.record, store.snapshot([MEMBERS.name]))

    def data_version(self, blueprint: Blueprint, result: SegmentResult) -> str:
        """Return a text that changes exactly when the members may have.

        It covers the rule with all it embeds, the versions of the tables they read, and, since rules
        look at the clock, the run that last changed them.
        """
        tables = sorted(_tables(blueprint, result.segment))
        inputs = [f"{table}@{self.record.inputs[table]}" for table in tables if table in self.record.inputs]
        state = self.record.segments[result.segment]
        parts = [state.hash, *inputs, str(state.moved)]
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]

    def sample(self, segment: str) -> pl.DataFrame | None:
        """Return a few members with their keys; None for a segment that has none or is not published."""
        rows = self.members.scan(MEMBERS.name).filter(pl.col("segment_id") == segment).head(_SAMPLE)
        found = rows.select("object_key", "added_at", "added_via").collect()
        return None if found.is_empty() else found

    def private(self, blueprint: Blueprint, segment: str) -> frozenset[str]:
        """Return the keys of members as private where the key of their object is personal data."""
        definition = blueprint.segments.get(segment)
        if definition is None or blueprint.catalog is None:
            return frozenset({"object_key"})
        kind = blueprint.catalog.objects[definition.object]
        hidden = kind.key in kind.fields and kind.fields[kind.key].pii
        return frozenset({"object_key"}) if hidden else frozenset()


def _tables(blueprint: Blueprint, name: str) -> set[str]:
    segment = blueprint.segments.get(name)
    if segment is None or blueprint.catalog is None:
        return set()
    own = tables_read(segment, blueprint.catalog)
    return own.union(*(_tables(blueprint, embedded) for embedded in embeds(segment)))
