"""What every part of one import needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from segmentation_pipeline.ingest.batch import ROW
from segmentation_pipeline.ingest.records import write_records

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.ingest.batch import Batch
    from segmentation_pipeline.ingest.mapping import SourceMapping
    from segmentation_pipeline.ingest.reading import SourceFile
    from segmentation_pipeline.ingest.tally import Tally
    from segmentation_pipeline.ingest.targets import Target
    from segmentation_pipeline.lake.store import DeltaStore


class Progress(Protocol):
    """Is told how many rows have been read, and which share of the files (0 to 1)."""

    def __call__(self, rows: int, share: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Run:
    """One import under way: where to, what from, how, and the counts so far."""

    store: DeltaStore
    catalog: Catalog
    target: Target
    files: Sequence[SourceFile]
    mapping: SourceMapping
    time_zone: str
    batch_rows: int
    job: str
    tally: Tally
    progress: Progress | None = None

    @property
    def metadata(self) -> dict[str, str]:
        """What each commit says of itself."""
        return {"job": self.job, "batch": str(self.tally.batches + 1)}

    def reject(self, file: SourceFile, batch: Batch, findings: pl.DataFrame) -> None:
        """Record findings; every row they name counts as rejected once."""
        self.tally.sample(write_records(self.store, self.job, file.name, batch, findings))
        self.tally.rejected += findings.get_column(ROW).n_unique()

    def note(self, file: SourceFile, batch: Batch, findings: pl.DataFrame) -> None:
        """Record findings on rows that are counted otherwise."""
        self.tally.sample(write_records(self.store, self.job, file.name, batch, findings))

    def done(self, number: int, batch: Batch) -> None:
        """Count a batch of file ``number`` (from 0) as loaded."""
        self.tally.read += batch.read
        self.tally.batches += 1
        if self.progress is not None:
            self.progress(self.tally.read, (number + batch.share) / len(self.files))
