"""The row of an import in ``import_jobs``, written before every step.

A step is planned, its counts are recorded here, and only then are its tables written. A process that
dies leaves the plan of its last step; who resumes does that step again without counting it, and goes
on with the next. So the counts are those of an import that was let alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.ingest.records import IMPORT_JOBS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from segmentation_pipeline.ingest.tally import Status, Tally
    from segmentation_pipeline.lake.store import DeltaStore

BEFORE, BATCHES, AFTER = range(3)


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """A step of an import: waiting rows before the first batch, a batch, or waiting rows after the last.

    ``file`` counts from 0, ``batch`` the batches of that file from 1.
    """

    stage: int
    file: int = 0
    batch: int = 0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The last step that was planned, and what later steps need to know of the lake before it.

    ``waiting`` is the version of the table of waiting rows before the first batch, ``identity`` that
    of the imported table; None where it did not exist.
    """

    place: Place
    waiting: int | None = None
    identity: str | None = None

    def text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Checkpoint:
        said = json.loads(text)
        return cls(Place(**said["place"]), said["waiting"], said["identity"])


@dataclass(slots=True)
class Journal:
    """Keeps the row up to date; ``entry`` is what is known of the import from its start.

    ``resumed`` is the step that an earlier process planned last, ``spent`` the seconds it took.
    """

    store: DeltaStore
    entry: dict[str, Any]
    now: Callable[[], datetime]
    begun: datetime
    resumed: Checkpoint | None = None
    spent: float = 0.0
    waiting: int | None = None
    at: Checkpoint | None = field(init=False)

    def __post_init__(self) -> None:
        self.at = self.resumed
        if self.resumed is not None:
            self.waiting = self.resumed.waiting

    def is_done(self, place: Place) -> bool:
        """Whether an earlier process planned and finished the step."""
        return self.resumed is not None and place < self.resumed.place

    def is_again(self, place: Place) -> bool:
        """Whether an earlier process planned the step, and may have died in it."""
        return self.resumed is not None and place == self.resumed.place

    @property
    def in_batches(self) -> bool:
        """Whether an earlier process had come to the batches."""
        return self.resumed is not None and self.resumed.place.stage >= BATCHES

    def open(self, status: Status) -> None:
        """Make the row of a new import."""
        self.entry |= {"status": status, "validation_status": "pending"}
        self.store.append(IMPORT_JOBS, self._row())

    def judged(self) -> None:
        """Take note that every row of the import has been judged; the next save says so."""
        self.entry["validation_status"] = "validated"

    def plan(self, place: Place, tally: Tally, identity: str | None) -> None:
        """Record a step that will be written next, its counts included."""
        self.at = Checkpoint(place, self.waiting, identity)
        self.save("processing", tally)

    def save(self, status: Status, tally: Tally, **more: object) -> None:
        counts = {name: getattr(tally, name) for name in tally.COUNTS}
        checkpoint = self.at.text() if self.at is not None else None
        rejects = [str(reject) for reject in tally.rejects]
        self.entry |= {"status": status, **counts, "rejects": rejects, "checkpoint": checkpoint}
        self.entry |= {"seconds": self.seconds(), **more}
        self.store.merge(IMPORT_JOBS, self._row(), ("job",))

    def seconds(self) -> float:
        """Return the seconds that processes have worked on the import."""
        return self.spent + (self.now() - self.begun).total_seconds()

    def _row(self) -> pl.DataFrame:
        row = {name: self.entry.get(name) for name in IMPORT_JOBS.schema}
        return pl.DataFrame([row], schema=IMPORT_JOBS.schema)
