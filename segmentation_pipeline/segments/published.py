"""The memberships as the last run left them: one pinned version, and the record of that run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.segments.record import RunRecord
from segmentation_pipeline.segments.tables import MEMBERSHIPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segmentation_pipeline.lake.store import DeltaStore

_TOGETHER = 32
"""How many segments one scan reads: planning a scan for each costs more than the reading."""


@dataclass(frozen=True, slots=True)
class Published:
    """``version`` is that of the run's own commit, -1 before the first; ``frame`` scans the memberships."""

    version: int
    record: RunRecord | None
    frame: pl.LazyFrame

    def sizes(self) -> dict[str, int]:
        """Return the number of members of every segment that has any."""
        counted = self.frame.group_by("segment_id").agg(pl.len().cast(pl.Int64)).collect()
        return dict(counted.iter_rows())

    def rows(self, segments: Iterable[str]) -> Iterator[tuple[str, pl.DataFrame]]:
        """Yield every segment with its memberships, sorted by ``object_index``; few at a time."""
        names = sorted(segments)
        for start in range(0, len(names), _TOGETHER):
            some = names[start : start + _TOGETHER]
            read = self.frame.filter(pl.col("segment_id").is_in(some)).sort("object_index").collect()
            parts = read.partition_by("segment_id", as_dict=True)
            for name in some:
                yield name, parts.get((name,), read.clear())


def read_published(store: DeltaStore) -> Published:
    """Return what the last run published; a later commit that no run made (a compaction) is skipped."""
    found = store.snapshot([MEMBERSHIPS.name])
    for version in range(found.versions.get(MEMBERSHIPS.name, -1), -1, -1):
        if (record := read_record(store, version)) is not None:
            return Published(version, record, found.scan(MEMBERSHIPS.name))
    return Published(-1, None, pl.LazyFrame(schema=MEMBERSHIPS.schema))


def read_record(store: DeltaStore, version: int) -> RunRecord | None:
    """Return the record of the run that committed a version of the memberships, if a run did."""
    return RunRecord.of(store.commit_metadata(MEMBERSHIPS.name, version))
