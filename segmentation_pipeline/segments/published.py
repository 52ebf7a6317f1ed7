"""The memberships as the last run left them: one pinned version, and the record of that run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.lake.reading import Snapshot
from segmentation_pipeline.segments.masks import mask_of
from segmentation_pipeline.segments.record import RunRecord
from segmentation_pipeline.segments.tables import MEMBERSHIPS, VIA

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.lake.data_files import DataFiles
    from segmentation_pipeline.lake.store import DeltaStore

SEGMENT = "segment_id"
_WHOLE = 1 << 22
"""The rows of a segment with no more than these are read at once."""


@dataclass(frozen=True, slots=True)
class Memberships:
    """One pinned version of the memberships, or the nothing before the first; read segment by segment."""

    snapshot: Snapshot
    files: DataFiles | None

    @classmethod
    def of(cls, snapshot: Snapshot) -> Memberships:
        there = MEMBERSHIPS.name in snapshot
        return cls(snapshot, snapshot.files(MEMBERSHIPS.name) if there else None)

    def sizes(self) -> dict[str, int]:
        """Return the number of members of every segment that has any, from the log where it says so."""
        if self.files is None:
            return {}
        counted = self.files.rows_by(SEGMENT)
        if counted is not None:
            return counted
        rows = self.snapshot.scan(MEMBERSHIPS.name).group_by(SEGMENT).agg(pl.len().cast(pl.Int64))
        return dict(rows.collect().iter_rows())

    def scan(self, segment: str) -> pl.LazyFrame:
        """Scan the memberships of one segment, without its name."""
        if self.files is None:
            schema = {name: kind for name, kind in MEMBERSHIPS.schema.items() if name != SEGMENT}
            return pl.LazyFrame(schema=schema)
        return self.snapshot.scan_slice(self.files, SEGMENT, segment)

    def indexes(self, segment: str) -> pl.Series:
        """Return the members of a segment, ascending."""
        found = self.scan(segment).select(OBJECT_INDEX).collect().to_series()
        return found if found.is_sorted() else found.sort()

    def mask(self, segment: str, length: int = 0) -> pl.Series:
        """Return the members of a segment as a mask of at least ``length`` bits."""
        return mask_of(self.scan(segment).select(OBJECT_INDEX).collect().to_series(), length)

    def pinned(self, segment: str) -> pl.Series:
        """Return the members that a pin put in, ascending; nothing is read where the log rules them out."""
        if self.files is None or not self.files.of_slice(SEGMENT, segment).may_hold("added_via", "pin"):
            return pl.Series(OBJECT_INDEX, dtype=pl.Int64)
        pins = self.scan(segment).filter(pl.col("added_via") == "pin").select(OBJECT_INDEX)
        return pins.collect().to_series().sort()

    def ranges(self, segment: str, starts: Iterable[int], step: int) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield ranges of ``step`` objects with their memberships, ascending, as `held` has them.

        A segment of moderate size is read once for all ranges.
        """
        rows = None
        if self.files is not None and (self.files.of_slice(SEGMENT, segment).rows or _WHOLE + 1) <= _WHOLE:
            rows = self.held(segment)
        for start in starts:
            if rows is None:
                yield start, self.held(segment, start, start + step)
                continue
            first = rows[OBJECT_INDEX].search_sorted(start)
            yield start, rows.slice(first, rows[OBJECT_INDEX].search_sorted(start + step) - first)

    def held(self, segment: str, start: int | None = None, stop: int | None = None) -> pl.DataFrame:
        """Return index, ``added_at`` and ``added_via`` (as `VIA`) of a range of objects, ascending."""
        rows = self.scan(segment)
        if start is not None and stop is not None:
            rows = rows.filter(pl.col(OBJECT_INDEX).is_between(start, stop, closed="left"))
        found = rows.select(OBJECT_INDEX, "added_at", pl.col("added_via").cast(VIA)).collect()
        return found if found[OBJECT_INDEX].is_sorted() else found.sort(OBJECT_INDEX)


@dataclass(frozen=True, slots=True, eq=False)
class PublishedIds(Mapping[str, pl.Series]):
    """The members of some segments as sorted ``object_index``: read anew at every access."""

    memberships: Memberships
    segments: frozenset[str]

    def __getitem__(self, segment: str) -> pl.Series:
        if segment not in self.segments:
            raise KeyError(segment)
        return self.memberships.indexes(segment)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.segments))

    def __len__(self) -> int:
        return len(self.segments)

    def __contains__(self, segment: object) -> bool:
        return segment in self.segments


@dataclass(frozen=True, slots=True)
class Published:
    """``version`` is that of the run's own commit, -1 before the first."""

    version: int
    record: RunRecord | None
    memberships: Memberships


def read_published(store: DeltaStore) -> Published:
    """Return what the last run published; a later commit that no run made (a compaction) is skipped."""
    found = store.snapshot([MEMBERSHIPS.name])
    for version in range(found.versions.get(MEMBERSHIPS.name, -1), -1, -1):
        if (record := read_record(store, version)) is not None:
            return Published(version, record, Memberships.of(found))
    return Published(-1, None, Memberships(Snapshot(store.root, {}), None))


def records(store: DeltaStore, version: int | None = None) -> Iterator[RunRecord]:
    """Yield the records of the runs up to a version, the latest first, as far as the log remembers."""
    latest = store.version(MEMBERSHIPS.name) if version is None else version
    for at in range(latest, -1, -1):
        try:
            record = read_record(store, at)
        except LakeError:
            return
        if record is not None:
            yield record


def record_of_run(store: DeltaStore, run_id: str) -> RunRecord | None:
    """Return the record of a run that published; None once the log forgot it."""
    return next((record for record in records(store) if record.run_id == run_id), None)


def memberships_at(store: DeltaStore, version: int) -> Memberships:
    """Return the memberships of a version; those of version -1 are nobody's."""
    tables = {MEMBERSHIPS.name: store.open(MEMBERSHIPS.name, version)} if version >= 0 else {}
    return Memberships.of(Snapshot(store.root, tables))


def read_record(store: DeltaStore, version: int) -> RunRecord | None:
    """Return the record of the run that committed a version of the memberships, if a run did."""
    return RunRecord.of(store.commit_metadata(MEMBERSHIPS.name, version))
