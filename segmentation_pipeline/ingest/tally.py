"""What an import has done so far, and what it says when it is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from segmentation_pipeline.ingest.records import SAMPLE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from segmentation_pipeline.ingest.dialect.value import Shown
    from segmentation_pipeline.ingest.records import Reject

Status = Literal["pending", "validating", "processing", "completed", "partially_completed", "failed"]


@dataclass(frozen=True, slots=True)
class ImportJob:
    """One import: every row read landed, was unchanged, rejected, orphaned or a duplicate.

    ``created`` counts objects that events made, ``adopted`` waiting events whose object arrived;
    ``rejects`` is a sample, ``unmapped`` the files' columns that nothing reads; ``attempts`` is more
    than 1 for an import that was resumed; ``dialects`` say how each file is written, and how that is known.
    """

    job: str
    table: str
    status: Status
    read: int
    landed: int
    unchanged: int
    rejected: int
    orphaned: int
    batches: int
    seconds: float
    duplicates: int = 0
    created: int = 0
    adopted: int = 0
    unmapped: tuple[str, ...] = ()
    rejects: tuple[Reject, ...] = ()
    attempts: int = 1
    notes: tuple[str, ...] = ()
    dialects: tuple[tuple[str, tuple[Shown, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """What one step of an import adds to its counts."""

    read: int = 0
    landed: int = 0
    unchanged: int = 0
    rejected: int = 0
    orphaned: int = 0
    duplicates: int = 0
    created: int = 0
    adopted: int = 0
    batches: int = 0


@dataclass(slots=True)
class Tally:
    """Counts while an import runs; the one place that changes."""

    COUNTS: ClassVar = tuple(Counts.__dataclass_fields__)

    read: int = 0
    landed: int = 0
    unchanged: int = 0
    rejected: int = 0
    orphaned: int = 0
    duplicates: int = 0
    created: int = 0
    adopted: int = 0
    batches: int = 0
    rejects: list[Reject] = field(default_factory=list)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Tally:
        """Return the counts that a row of ``import_jobs`` has."""
        found = cls()
        for name in cls.COUNTS:
            setattr(found, name, row[name] or 0)
        return found

    def add(self, counts: Counts) -> None:
        for name in self.COUNTS:
            setattr(self, name, getattr(self, name) + getattr(counts, name))

    def sample(self, rejects: list[Reject]) -> None:
        self.rejects.extend(rejects[: SAMPLE - len(self.rejects)])

    def status(self) -> Status:
        if self.read and self.rejected == self.read:
            return "failed"
        return "partially_completed" if self.rejected else "completed"

    def broken_status(self) -> Status:
        """The status of an import that had to stop."""
        return "partially_completed" if self.landed or self.orphaned or self.unchanged else "failed"
