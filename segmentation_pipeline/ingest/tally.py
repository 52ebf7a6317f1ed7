"""What an import has done so far, and what it says when it is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from segmentation_pipeline.ingest.records import Reject

Status = Literal["processing", "completed", "partially_completed", "failed"]
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class ImportJob:
    """One import: every row read landed, was unchanged, rejected, orphaned or a duplicate.

    ``created`` counts objects that events made, ``adopted`` waiting events whose object arrived;
    ``rejects`` is a sample, ``unmapped`` the files' columns that nothing reads.
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


@dataclass(slots=True)
class Tally:
    """Counts while an import runs; the one place that changes."""

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

    def sample(self, rejects: list[Reject]) -> None:
        self.rejects.extend(rejects[: _SAMPLE - len(self.rejects)])

    def status(self) -> Status:
        if self.read and self.rejected == self.read:
            return "failed"
        return "partially_completed" if self.rejected else "completed"

    def broken_status(self) -> Status:
        """The status of an import that had to stop."""
        return "partially_completed" if self.landed or self.orphaned or self.unchanged else "failed"
