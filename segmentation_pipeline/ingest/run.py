"""What every part of one import needs to know, and the one way to do a step of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from segmentation_pipeline.ingest.batch import FINDINGS
from segmentation_pipeline.ingest.erased import veiled
from segmentation_pipeline.ingest.jobs.journal import BATCHES, Place
from segmentation_pipeline.ingest.jobs.resuming import identity_of
from segmentation_pipeline.ingest.records import rejects_of, write_records
from segmentation_pipeline.ingest.tenancy import without_foreign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    import polars as pl

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.ingest.batch import Batch
    from segmentation_pipeline.ingest.erased import Erased
    from segmentation_pipeline.ingest.jobs.journal import Journal
    from segmentation_pipeline.ingest.mapping import SourceMapping
    from segmentation_pipeline.ingest.reading.source_file import SourceFile
    from segmentation_pipeline.ingest.tally import Counts, Tally
    from segmentation_pipeline.ingest.targets import Target
    from segmentation_pipeline.lake.store import DeltaStore


@dataclass(frozen=True, slots=True)
class Step:
    """How far an import has come: its counts so far, and which share of the files (0 to 1)."""

    job: str
    table: str
    status: str
    counts: Tally
    share: float


class Progress(Protocol):
    """Is told of every batch that was validated or written."""

    def __call__(self, step: Step, /) -> None: ...


class Watch(Protocol):
    """Is shown what an import makes of its files."""

    def opened(self, files: Sequence[SourceFile], mapping: SourceMapping, unmapped: Sequence[str]) -> None:
        """See the files as they are read, what is mapped, and the columns that nothing reads."""

    def checked(self, rows: pl.DataFrame) -> None:
        """See the rows of a batch that may land, typed, with their numbers (`ROW`)."""


@dataclass(frozen=True, slots=True)
class Run:
    """One import under way: where to, what from, how, and the counts so far.

    ``started`` is when its first process began.
    """

    store: DeltaStore
    catalog: Catalog
    target: Target
    files: Sequence[SourceFile]
    mapping: SourceMapping
    time_zone: str
    batch_rows: int
    job: str
    started: datetime
    tally: Tally
    journal: Journal
    progress: Progress | None = None
    watch: Watch | None = None
    erased: Erased | None = None

    @property
    def metadata(self) -> dict[str, str]:
        """What each commit says of itself; the batch is that which was planned last."""
        return {"job": self.job, "batch": str(self.tally.batches)}

    def batches(self, passed: Callable[[int, Batch], None] | None = None) -> Iterator[tuple[Place, Batch]]:
        """Yield the batches that are not done yet.

        ``passed`` is given (number of the file, batch) of those that an earlier process did, of the
        file that it was at; without it they are read past.
        """
        for number, file in enumerate(self.files):
            if self.journal.is_done(Place(BATCHES, number + 1)):
                continue
            for at, batch in enumerate(file.batches(self.batch_rows, self.mapping.reads), 1):
                place = Place(BATCHES, number, at)
                if not self.journal.is_done(place):
                    yield place, batch
                elif passed is not None:
                    passed(number, batch)

    def every_batch(self) -> Iterator[tuple[int, Batch]]:
        """Yield (number of the file, batch) of the whole import, for a look before anything is written."""
        for number, file in enumerate(self.files):
            for batch in file.batches(self.batch_rows, self.mapping.reads):
                yield number, batch
                self._tell("validating", number, batch)

    def plan(self, place: Place, counts: Counts) -> None:
        """Record what a step will do before it does it; a step that is done again counts but once."""
        if self.journal.is_again(place):
            return
        self.tally.add(counts)
        self.journal.plan(place, self.tally, identity_of(self.store, self.target.table))

    def plan_batch(
        self, place: Place, batch: Batch, counts: Counts, findings: pl.DataFrame, notes: pl.DataFrame
    ) -> None:
        """Record what a batch will do, and what is found on its rows.

        ``findings`` are why rows are rejected, ``notes`` say something of rows that are counted otherwise.
        """
        file = self.files[place.file].name
        found = notes.vstack(findings.select(FINDINGS.names()))
        found, erased = veiled(self.erased, batch, found)
        found, foreign = without_foreign(self.store.tenant, self.mapping, batch, found)
        hidden = erased | foreign
        again = self.journal.is_again(place)
        if not again:
            self.tally.sample(rejects_of(file, found))
        self.plan(place, counts)
        # Another import may have the job's name if someone took the table of jobs away.
        step = (f"{self.job} of {self.started.isoformat()}", self.tally.batches)
        if write_records(self.store, self.job, file, batch, found, step=step, hidden=hidden) and again:
            self.tally.sample(rejects_of(file, found))

    def show(self, rows: pl.DataFrame) -> None:
        """Show rows that may land to whoever watches."""
        if self.watch is not None:
            self.watch.checked(rows)

    def done(self, place: Place, batch: Batch) -> None:
        """Tell that a batch is written."""
        self._tell("processing", place.file, batch)

    def _tell(self, status: str, number: int, batch: Batch) -> None:
        if self.progress is not None:
            share = (number + batch.share) / len(self.files)
            self.progress(Step(self.job, self.target.table, status, self.tally, share))
