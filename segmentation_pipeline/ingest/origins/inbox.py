"""A folder into which files are dropped: ``<table>/file``, or ``<table>/<mapping>/file``.

Files stay where they are; the lake remembers which were imported, by name, size and time of change.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import Forbidden, ImportFailed
from segmentation_pipeline.ingest.job import import_files
from segmentation_pipeline.ingest.mapping_file import load_mapping
from segmentation_pipeline.ingest.origins.origin import INBOX, Origin
from segmentation_pipeline.ingest.records import IMPORT_JOBS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.ingest.run import Progress
    from segmentation_pipeline.ingest.tally import ImportJob
    from segmentation_pipeline.lake.store import DeltaStore

UNFINISHED = (".part", ".tmp", ".temp", ".crdownload", ".filepart")
"""Endings by which programs mark a file that they are still writing."""


@dataclass(frozen=True, slots=True, order=True)
class Dropped:
    """A file of an inbox: ``name`` is its path below it; ``changed`` is in nanoseconds since 1970."""

    name: str
    path: Path
    size: int
    changed: int

    @property
    def state(self) -> str:
        """What tells this content of the file from another."""
        return f"{self.size} bytes of {self.changed}"

    @property
    def source(self) -> str:
        """How ``import_jobs`` calls it."""
        return f"{INBOX}{self.name}"


def dropped_files(inbox: Path) -> list[Dropped]:
    """Return the files that lie in an inbox, by name, less hidden ones and those marked as unfinished."""
    found = []
    for folder, folders, names in os.walk(inbox):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(folder, name)
            if name.startswith(".") or path.suffix.lower() in UNFINISHED:
                continue
            try:
                seen = path.stat()
            except OSError:  # taken away meanwhile
                continue
            found.append(Dropped(path.relative_to(inbox).as_posix(), path, seen.st_size, seen.st_mtime_ns))
    return sorted(found)


def at_rest(before: Iterable[Dropped], after: Iterable[Dropped]) -> list[Dropped]:
    """Return the files that nobody wrote between two looks."""
    seen = set(before)
    return [file for file in after if file in seen]


def imported_states(store: DeltaStore) -> dict[str, str]:
    """Return, by name, the content of each file of the inbox whose import ended well."""
    if not store.exists(IMPORT_JOBS.name) or "source" not in store.schema(IMPORT_JOBS.name):
        return {}
    jobs = store.scan(IMPORT_JOBS.name).select("job", "source", "watermark").drop_nulls()
    last = jobs.filter(pl.col("source").str.starts_with(INBOX)).sort("job").collect()
    return {source.removeprefix(INBOX): state for _, source, state in last.iter_rows()}


def import_dropped(
    store: DeltaStore,
    catalog: Catalog,
    file: Dropped,
    *,
    inbox: Path,
    mappings: Path,
    time_zone: str,
    now: Callable[[], datetime],
    wait_seconds: float = 0,
    progress: Progress | None = None,
) -> ImportJob:
    """Import one file of an inbox into the table its folder names.

    Raises:
        ImportFailed: its folder names no table, or one below it no mapping; or as `import_files` does.
        Forbidden: a link leads out of the inbox.
    """
    if not file.path.resolve().is_relative_to(inbox.resolve()):
        raise Forbidden("the file lies outside the inbox", where=file.source)
    table, *folders = file.name.split("/")[:-1] or [""]
    tables = catalog.imported_tables()
    if table not in tables:
        raise ImportFailed(
            f"the folder `{table}` names no table" if table else "the file lies in no folder of a table",
            where=file.source,
            hint=did_you_mean(table, tables) or "drop it into a folder such as `contacts`",
        )
    mapping = None
    if folders:
        name = "/".join(folders) + ".yaml"
        if not (mappings / name).is_file():
            raise ImportFailed(
                f"there is no mapping `mappings/{name}`, which its folder names",
                where=file.source,
                hint=f"files that need no mapping lie in `{table}` itself",
            )
        mapping = load_mapping(mappings / name, catalog, f"mappings/{name}")
    return import_files(
        store,
        catalog,
        table,
        [file.path],
        mapping,
        time_zone=time_zone,
        now=now,
        wait_seconds=wait_seconds,
        progress=progress,
        origin=Origin(file.source, "", file.state),
    )
