"""An erasure under way: whom it is about, kept beside the tables until it is done.

The file is the one place where the subject is still written down, so that an erasure that was killed
can be finished: what it had reached by then can no longer be asked of the tables.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.erasure.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from segmentation_pipeline.lake.store import DeltaStore

_FILE = ".erasure"


@dataclass(frozen=True, slots=True)
class Pending:
    """One erasure that was begun: its id, since when, who asked, whom, and the rows it found by table."""

    erasure_id: str
    started_at: str
    requested_by: str
    subject: Subject
    tables: Mapping[tuple[str, str], int]


def keep_pending(store: DeltaStore, pending: Pending) -> None:
    """Write the file, safe on the disk before anything is deleted."""
    path = _path(store)
    said = {
        "erasure_id": pending.erasure_id,
        "started_at": pending.started_at,
        "requested_by": pending.requested_by,
        "subject": pending.subject.text(),
        "tables": [[table, action, rows] for (table, action), rows in pending.tables.items()],
    }
    new = path.with_name(f"{_FILE}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(said, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def read_pending(store: DeltaStore) -> Pending | None:
    """Return the erasure that is not finished, if any."""
    if not store.root.local or not _path(store).is_file():
        return None
    said = json.loads(_path(store).read_text(encoding="utf-8"))
    tables = {(table, action): rows for table, action, rows in said["tables"]}
    return Pending(
        said["erasure_id"], said["started_at"], said["requested_by"], Subject.of(said["subject"]), tables
    )


def drop_pending(store: DeltaStore) -> None:
    """Remove the file: what it said is known nowhere any more."""
    path = _path(store)
    path.with_name(f"{_FILE}.new").unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _path(store: DeltaStore) -> Path:
    return store.root.folder / _FILE
