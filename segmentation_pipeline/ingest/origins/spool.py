"""Rows that do not come from a file are put into one first: below the lake, and only while they are imported.

What is imported can then be read twice and in any order, the database is left alone while rows land,
and a connection that is lost leaves nothing half done.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from segmentation_pipeline.errors import LockedError
from segmentation_pipeline.lake.lock import lake_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.lake.store import DeltaStore

_FOLDER = ".spool"
_ROWS = "rows"


@contextmanager
def spool(store: DeltaStore, source: str, wait_seconds: float = 0) -> Iterator[Path]:
    """Give the path of a Parquet file to write, named for the source; afterwards it is gone.

    Raises:
        LockedError: another process reads the same source, after ``wait_seconds``.
        LakeError: the lake is in an object store.
    """
    place = store.root.folder / _FOLDER
    name = quote(source, safe="").replace(".", "%2E")
    sweep_spool(store)
    with lake_lock(place / name, f"import of source {source}", wait_seconds):
        rows = place / name / _ROWS
        shutil.rmtree(rows, ignore_errors=True)
        rows.mkdir()
        try:
            yield rows / f"{name}.parquet"
        finally:
            shutil.rmtree(rows, ignore_errors=True)


def sweep_spool(store: DeltaStore) -> None:
    """Remove what killed imports have left: personal data must not outlive the import it was read for."""
    place = Path(store.root.text) / _FOLDER
    for left in sorted(place.glob(f"*/{_ROWS}")):
        try:
            with lake_lock(left.parent, "removal of what a killed import left"):
                shutil.rmtree(left, ignore_errors=True)
        except LockedError:
            continue
