"""What a run says of itself in its commit: everything its followers are derived from."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict

from segmentation_pipeline.rules.segment import Kind

Status = Literal["fresh", "stale", "failed", "held", "inactive"]
RECORD = "segmentation_run"


class SegmentState(BaseModel):
    """How one segment stands after a run; carried over unchanged by runs that did not select it.

    ``object`` is that of its members, ``type`` and ``publish`` are what its definition last said and
    ``document`` is the hash of its text ('' while it could never be read). ``hash``, ``evaluated_at``,
    ``run_id`` and what follows speak of its last evaluation; those of an inactive segment are empty.
    ``basis`` is a hash of everything that decided it: a run that finds it unchanged leaves the segment
    out, and moves ``evaluated_at`` and ``run_id`` on, for an evaluation would find the same members.
    ``moved`` is the number of the run that last changed them, 0 for none known.
    """

    model_config = ConfigDict(frozen=True)

    status: Status
    cause: str | None = None
    document: str = ""
    object: str = "contact"
    type: Kind = "dynamic"
    publish: bool = True
    hash: str = ""
    basis: str = ""
    moved: int = 0
    evaluated_at: dt.datetime | None = None
    run_id: str = ""
    seconds: float = 0.0
    rows: int = 0
    bytes: int = 0
    pending: tuple[str, ...] = ()


class RunRecord(BaseModel):
    """A run: its instant, the input versions it read, and the state of every segment after it.

    Runs are numbered from 1, those that published nothing left out.
    ``input_rows`` are the rows of every table when it was last trusted; ``setting`` is a hash of what
    decides members beside rules, data and time: catalog, first day of the week. ``changed`` are the
    segments whose members this commit rewrote, ``reasons`` why where all of a segment had one reason,
    ``mixed`` where they had several, which version ``reasons_version`` of their table has; ``pinned_out``
    the objects an active pin keeps out, ``merged`` by kind those that came or went because they were
    merged into another, or are themselves again.
    """

    model_config = ConfigDict(frozen=True)

    run_id: str
    number: int
    as_of: dt.datetime
    inputs: dict[str, int]
    input_rows: dict[str, int]
    setting: str
    segments: dict[str, SegmentState]
    changed: tuple[str, ...] = ()
    reasons: dict[str, str] = {}
    mixed: tuple[str, ...] = ()
    reasons_version: int | None = None
    pinned_out: dict[str, tuple[int, ...]] = {}
    merged: dict[str, tuple[int, ...]] = {}

    def metadata(self) -> dict[str, str]:
        return {"run_id": self.run_id, RECORD: self.model_dump_json(exclude_defaults=True)}

    @classmethod
    def of(cls, metadata: dict[str, str]) -> RunRecord | None:
        """Return the record of a commit; None for one that no run made, such as a compaction."""
        text = metadata.get(RECORD)
        return None if text is None else cls.model_validate_json(text)
