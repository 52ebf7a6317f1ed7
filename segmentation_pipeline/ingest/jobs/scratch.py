"""A lake to try things in: the real one's tables, and nothing written to it returns."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.ingest.erased import ERASURES, SALT
from segmentation_pipeline.ingest.history.record import pending_table
from segmentation_pipeline.lake.file_changes import live_files
from segmentation_pipeline.lake.store import DeltaStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.catalog.model import Catalog


@contextmanager
def scratch_lake(store: DeltaStore, catalog: Catalog) -> Iterator[DeltaStore]:
    """Give a lake in the system's folder for temporary files, with the tables that imports read.

    Its logs are copies, its data files links to the real ones, which are never changed in place. Takes
    no lock: each table is as it was at one instant. Raises `LakeError` for a lake in an object store.
    """
    if not store.root.local:
        raise LakeError("only a lake on disk can be tried without writing to it", where=store.root.text)
    with tempfile.TemporaryDirectory(prefix="segmentation-") as folder:
        scratch = DeltaStore(folder)
        for name in _tables(catalog):
            if store.exists(name):
                _link(Path(store.root.table(name)), scratch, name)
        if (salt := Path(store.root.text) / SALT).is_file():
            shutil.copy(salt, folder)
        yield scratch


def _tables(catalog: Catalog) -> list[str]:
    names = {*catalog.table_names(), ERASURES.name}
    names |= {source.orphans for source in catalog.events.values() if source.orphans is not None}
    histories = {kind.history for kind in catalog.objects.values() if kind.history is not None}
    names |= {pending_table(catalog, catalog.events[name]).name for name in histories}
    return sorted(names)


def _link(folder: Path, scratch: DeltaStore, name: str) -> None:
    copied = Path(scratch.root.table(name))
    shutil.copytree(folder / "_delta_log", copied / "_delta_log")
    for path in live_files(scratch.open(name)):
        link = copied / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(folder / path)
