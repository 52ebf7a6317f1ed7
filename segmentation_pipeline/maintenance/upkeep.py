"""What keeps a lake quick and small, as a list of tasks: planned without writing, then done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from segmentation_pipeline.index.dictionaries import DICTIONARIES
from segmentation_pipeline.index.parts import index_parts
from segmentation_pipeline.index.stored import compact_index
from segmentation_pipeline.ingest.jobs.archive import archive_records, old_records
from segmentation_pipeline.ingest.records import IMPORT_RECORDS
from segmentation_pipeline.lake.erasing import table_names
from segmentation_pipeline.lake.file_changes import files_by
from segmentation_pipeline.lake.maintenance import compact, small_files, vacuum
from segmentation_pipeline.maintenance.pins import pinned_versions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.lake.store import DeltaStore

Action = Literal["archive", "compact", "vacuum"]

KEEP = timedelta(days=30)
"""So long every version stays readable by default."""
_KEEP_DERIVED = timedelta(days=1)
"""So long versions of what can be made again stay, for who is reading them."""
_BUCKET = "bucket"


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do with one table: ``files`` to join or to delete, ``rows`` to move."""

    action: Action
    table: str
    files: int = 0
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Upkeep:
    """A lake and how much of its past it keeps.

    ``retention`` is how long records of imports stay before they are archived, ``keep`` how long
    versions of tables stay readable; versions that are pinned stay longer.
    """

    store: DeltaStore
    catalog: Catalog
    now: datetime
    retention: timedelta
    keep: timedelta = KEEP

    def plan(self) -> list[Task]:
        """Return what there is to do, in order; nothing is written."""
        return [*self._archive(), *self._compact(), *self._vacuum()]

    def maintain(self) -> Iterator[Task]:
        """Do it, and yield each task that is done. Needs the lake's lock.

        A process that dies leaves every row readable, and the next one does the rest.
        """
        for task in [*self._archive(), *self._compact()]:
            self._do(task)
            yield task
        # Planned only now: compaction has just changed which files are read.
        for task in self._vacuum():
            self._do(task)
            yield task

    def _archive(self) -> Iterator[Task]:
        rows = int(old_records(self.store, self.now - self.retention)["rows"].sum())
        if rows:
            yield Task("archive", IMPORT_RECORDS.name, rows=rows)

    def _compact(self) -> Iterator[Task]:
        for name in table_names(self.store):
            if name in self._index:
                files = self._index_files(name) if name in self._coded_events else 0
            else:
                files = small_files(self.store, name)
            if files:
                yield Task("compact", name, files=files)

    def _vacuum(self) -> Iterator[Task]:
        pins = pinned_versions(self.store, self.catalog)
        for name in table_names(self.store):
            gone = vacuum(self.store, name, self._keep(name), pins.get(name, set()), dry_run=True)
            if gone:
                yield Task("vacuum", name, files=len(gone))

    def _do(self, task: Task) -> None:
        match task.action:
            case "archive":
                archive_records(self.store, self.now - self.retention)
            case "compact" if task.table in self._index:
                compact_index(self.store, self.catalog)
            case "compact":
                compact(self.store, task.table)
            case "vacuum":
                pins = pinned_versions(self.store, self.catalog)
                vacuum(self.store, task.table, self._keep(task.table), pins.get(task.table, set()))

    def _keep(self, name: str) -> timedelta:
        return min(self.keep, _KEEP_DERIVED) if name in self._index else self.keep

    @property
    def _index(self) -> set[str]:
        return {part.name for part in index_parts(self.catalog)} | {DICTIONARIES.name}

    @property
    def _coded_events(self) -> set[str]:
        return {part.name for part in index_parts(self.catalog) if not part.is_profile}

    def _index_files(self, name: str) -> int:
        """Return how many files the buckets of events have that should have one each."""
        found = files_by(self.store.open(name), _BUCKET)
        return sum(len(files) for files in found.values() if len(files) > 1)
